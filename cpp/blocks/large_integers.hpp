// 64-bit integers, which a double may not hold and whose differences have 65 bits.
#pragma once

#include "blocks/block.hpp"

namespace squarely {

// Both fill the buffers again from columns with integers beyond 2^51. Rows that do not count and values that are not
// there, by the validity of the buffers, add nothing.
//
// For squares: with the difference against zero where a double holds it, with the values where both are doubles. What
// remains goes exactly into the sum.
void load_large_integers(const Pairs& pairs, Rows rows, const RowsKept& kept, BlockBuffers& buffers, ExactSum& sum);

// With the nearest doubles, and what they stand for where a double does not hold it.
std::vector<LargePair> rounded_large_integers(const Pairs& pairs, Rows rows, const RowsKept& kept,
                                              BlockBuffers& buffers);

// Of one column alone: the nearest doubles.
void round_large_integers(const Column& column, Rows rows, double* buffer);

}  // namespace squarely
