// Memory of zeros for tables. What nobody touches costs nothing, and large ones lie in large pages where there are
// some.
#pragma once

#include <cstddef>
#include <memory>

namespace squarely {

struct FreeMemory {
    void operator()(void* memory) const;
};

using ZeroedMemory = std::unique_ptr<void, FreeMemory>;

// Throws std::bad_alloc.
ZeroedMemory zeroed_memory(std::size_t bytes);

}  // namespace squarely
