// What every container becomes: a stretch of numbers somewhere in memory.
#pragma once

#include "tables/element_types.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

namespace squarely {

struct Column {
    const void* data;
    std::ptrdiff_t stride;  // bytes from one element to the next; may be negative, zero or misaligned
    DType dtype;
    bool swapped = false;  // the bytes of an element are in the order this machine does not use

    // Arrow's bitmap of what is there: row i has bit i + validity_offset, least significant first. Null where all is.
    const std::uint8_t* validity = nullptr;
    std::ptrdiff_t validity_offset = 0;

    // The masked arrays of pandas have a byte a row instead, not zero where the value is missing. Null where all is
    // there.
    const std::uint8_t* missing = nullptr;
    std::ptrdiff_t missing_stride = 0;
};

inline bool may_have_nulls(const Column& column) { return column.validity != nullptr || column.missing != nullptr; }

// One output: its truth, its predictions, which rows count, and how much.
struct Pairs {
    Column y_true;
    Column y_pred;
    const std::uint8_t* where = nullptr;  // a byte a row, zero leaves the row out; null where every row counts
    std::ptrdiff_t where_stride = 0;
    Column weights = {nullptr, 0, DType::float64};  // without data where there are none
};

inline bool are_weighted(const Pairs& pairs) { return pairs.weights.data != nullptr; }

// Whether neighbouring outputs share cache lines, as in a C-ordered array: then they are best read side by side.
inline bool are_interleaved(std::span<const Pairs> outputs) {
    if (outputs.size() == 1) return false;
    const auto* here = static_cast<const char*>(outputs[0].y_true.data);
    const auto* next = static_cast<const char*>(outputs[1].y_true.data);
    return std::abs(next - here) < std::abs(outputs[0].y_true.stride);
}

}  // namespace squarely
