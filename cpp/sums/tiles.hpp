// Columns of a C-ordered array of float64, float32 or integers of up to 32 bits, some rows of all of them at a time:
// every cache line is fetched once for all its columns.
#pragma once

#include "sums/exact_squares.hpp"

#include <span>
#include <vector>

namespace squarely {

// Whether the outputs are neighbouring columns, enough for the lanes or, where rows follow each other without a gap,
// any number.
bool are_tiled(const Kernels& kernels, std::span<const Pairs> outputs);

// Adds rows first to last of all outputs.
void add_tiled(std::vector<ExactSquares>& squares, const Kernels& kernels, std::span<const Pairs> outputs,
               std::ptrdiff_t first, std::ptrdiff_t last, BlockBuffers& buffers);

}  // namespace squarely
