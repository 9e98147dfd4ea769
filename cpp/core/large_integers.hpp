// 64-bit integers, which a double may not hold and whose differences have 65 bits.
#pragma once

#include "block.hpp"

namespace squarely {

// Fills the buffers again from columns with integers beyond 2^51: with the difference against zero where a double holds
// it, with the values where both are doubles. What remains goes exactly into the sum, or rounded into the buffers where
// the sum is null. Rows that do not count and values that are not there, by the validity of the buffers, add nothing.
void load_large_integers(const Pairs& pairs, Rows rows, const RowsKept& kept, BlockBuffers& buffers, ExactSum* sum);

}  // namespace squarely
