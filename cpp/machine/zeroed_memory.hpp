// Memory of zeros for tables. What nobody touches costs nothing, and large ones lie in large pages where there are
// some: a table of some megabytes is read at random, and its pages of four kilobytes are more than a processor
// remembers.
#pragma once

#include <cstddef>
#include <memory>

namespace squarely {

// At the start of a line of the cache, at least. Throws std::bad_alloc.
void* large_table(std::size_t bytes);
void free_large_table(void* memory, std::size_t bytes);

// The same of which only a few small pages will ever be touched: more than four megabytes.
void* sparse_table(std::size_t bytes);

struct FreeMemory {
    std::size_t bytes = 0;

    void operator()(void* memory) const { free_large_table(memory, bytes); }
};

using ZeroedMemory = std::unique_ptr<void, FreeMemory>;

inline ZeroedMemory zeroed_memory(std::size_t bytes) { return ZeroedMemory(large_table(bytes), FreeMemory{bytes}); }
inline ZeroedMemory sparse_memory(std::size_t bytes) { return ZeroedMemory(sparse_table(bytes), FreeMemory{bytes}); }

// What vectors of a million sums have their memory from. Freed by the size alone, as a vector does.
template <class T>
struct LargeTables {
    using value_type = T;

    LargeTables() = default;
    template <class Other>
    LargeTables(const LargeTables<Other>&) {}

    T* allocate(std::size_t count) { return static_cast<T*>(large_table(count * sizeof(T))); }
    void deallocate(T* memory, std::size_t count) { free_large_table(memory, count * sizeof(T)); }
    template <class Other>
    bool operator==(const LargeTables<Other>&) const {
        return true;
    }
};

}  // namespace squarely
