// Pairs of columns become blocks: in place where the memory already is one, through a buffer in L1 otherwise.
#pragma once

#include "blocks/column.hpp"
#include "kernels/kernels.hpp"
#include "numbers/binary_number.hpp"
#include "numbers/exact_sum.hpp"

#include <vector>

namespace squarely {

struct BlockBuffers {
    alignas(64) double y_true[block_length];
    alignas(64) double y_pred[block_length];
    unsigned char where[block_length];
    Validity validity;  // of the rows at hand, where some value is missing
};

struct Rows {
    std::ptrdiff_t first;
    std::ptrdiff_t count;  // at most block_length, but where nothing is copied
};

// Which rows of a block are to be read, known before their values are.
struct RowsKept {
    const unsigned char* where;  // a byte a row; null where all count
    std::ptrdiff_t count;        // of the rows that count
    bool has_nulls;              // some value is not there, by what its column says: see the buffers
};

RowsKept rows_kept(const Kernels& kernels, const Pairs& pairs, Rows rows, BlockBuffers& buffers);

// A pair of which a side is an integer that no double holds.
struct LargePair {
    std::ptrdiff_t row;  // of the block
    BinaryNumber y_true;
    BinaryNumber y_pred;
};

// Contiguous float64 without padding is viewed. Anything else is copied, with pairs of zeros for padding. The squares
// of differences of 64-bit integers that no double holds go straight into large_integers; or such pairs are rounded,
// and told with what they are. Rows that do not count are still in it:
Block load_block(const Kernels& kernels, const Pairs& pairs, Rows rows, const RowsKept& kept, BlockBuffers& buffers,
                 ExactSum* large_integers);
Block load_block(const Kernels& kernels, const Pairs& pairs, Rows rows, const RowsKept& kept, BlockBuffers& buffers,
                 std::vector<LargePair>& large_pairs);

// Of a column beside the pairs, integers no double holds as the nearest ones.
void load_weights(const Kernels& kernels, const Column& weights, Rows rows, double* buffer);

// ... and here are pairs of zeros. Values that are not there are in it too ...
Block with_where(const Kernels& kernels, const Block& block, const RowsKept& kept, BlockBuffers& buffers);

// ... and here are NaN.
Block with_nulls(const Kernels& kernels, const Block& block, const RowsKept& kept, BlockBuffers& buffers);

// Contiguous float32 and 32-bit integers have kernels of their own, for full blocks with every row, nulls or not.
bool has_narrow_block(const Pairs& pairs, Rows rows, const RowsKept& kept);
NarrowBlock narrow_block(const Pairs& pairs, Rows rows);

// Both sides of one type without gaps, and every pair counts: what kernels of small integers take, any number of rows.
bool is_contiguous_and_whole(const Pairs& pairs);

// For all but one of the kernels that read a block.
inline Block without_prefetch(const Block& block) { return {block.y_true, block.y_pred, block.length, {0, 0, 0, 0}}; }

// Both sides of one type without gaps.
bool both_contiguous(const Pairs& pairs);

const char* address(const Column& column, std::ptrdiff_t row);

}  // namespace squarely
