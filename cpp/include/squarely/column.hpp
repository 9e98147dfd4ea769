// What every container becomes: a stretch of numbers somewhere in memory.
#pragma once

#include <cstddef>
#include <cstdint>

namespace squarely {

enum class DType : std::uint8_t { float64, float32 };

struct Column {
    const void* data;
    std::ptrdiff_t stride;  // bytes from one element to the next; may be negative, zero or misaligned
    DType dtype;
};

}  // namespace squarely
