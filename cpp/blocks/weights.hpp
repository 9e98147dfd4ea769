// The weights of the rows of a block.
#pragma once

#include "blocks/block.hpp"

namespace squarely {

// Whether they lie as kernels read them.
bool is_viewed(const Column& weights);

// In place where they lie so, else in a buffer of block_length with zeros for padding. Null where there are none.
const double* weights_of(const Kernels& kernels, const Pairs& pairs, Rows rows, double* buffer);

// A row whose weight is zero is absent, as one that does not count.
RowsKept with_weight(const Kernels& kernels, RowsKept kept, const double* weights, Rows rows, BlockBuffers& buffers);

}  // namespace squarely
