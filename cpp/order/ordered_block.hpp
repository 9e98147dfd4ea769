// Columns -> blocks -> one double a row, which is compared rather than summed.
#pragma once

#include "blocks/block.hpp"
#include "order/order_statistics.hpp"

namespace squarely {

struct OrderedBuffers {
    BlockBuffers pairs;
    double values[block_length];  // and the padding
};

struct OrderedBlock {
    PairCounts counts;
    std::uint64_t present = 0;
    bool has_rounded_truths = false;  // of integers no double holds
};

// Puts the values of a block of one output, and NaN where a row has none.
OrderedBlock put_block(const Kernels& kernels, OrderedQuantity quantity, const Pairs& pairs, Rows rows,
                       OrderedBuffers& buffers, double* values);

}  // namespace squarely
