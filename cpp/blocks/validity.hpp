// Which values of a block are there, whatever says so: words of 64 bits, from Arrow's bitmap or the bytes of pandas.
#pragma once

#include "blocks/column.hpp"
#include "kernels/kernels.hpp"

namespace squarely {

// Fills the words of rows first to first + count, at most block_length, and returns whether some value is missing.
bool find_nulls(const Kernels& kernels, const Column& column, std::ptrdiff_t first, std::ptrdiff_t count,
                std::uint64_t (&words)[block_length / 64]);

inline bool is_valid(const std::uint64_t* words, std::ptrdiff_t row) { return (words[row / 64] >> row % 64 & 1) != 0; }

}  // namespace squarely
