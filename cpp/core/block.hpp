// Columns become blocks: in place where the memory already is a block, through a buffer in L1 otherwise.
#pragma once

#include "kernels.hpp"
#include "squarely/column.hpp"

#include <span>

namespace squarely {

struct BlockBuffers {
    alignas(64) double y_true[block_length];
    alignas(64) double y_pred[block_length];
};

struct Rows {
    std::ptrdiff_t first;
    std::ptrdiff_t count;  // at most block_length
};

// A full block of contiguous float64 is viewed, anything else loaded and padded with pairs of zeros.
Block load_block(const Kernels& kernels, const Column& y_true, const Column& y_pred, Rows rows, BlockBuffers& buffers);

// Only full blocks of two contiguous float32 columns have a narrow view.
bool has_narrow_block(const Column& y_true, const Column& y_pred, Rows rows);
NarrowBlock narrow_block(const Column& y_true, const Column& y_pred, Rows rows);

}  // namespace squarely
