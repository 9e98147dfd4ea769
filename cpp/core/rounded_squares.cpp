#include "rounded_squares.hpp"

#include "pair.hpp"

#include <cmath>
#include <limits>

namespace squarely {
namespace {

void push_block(RoundedSquares& squares, double sum) {
    std::uint64_t level = 0;
    while ((squares.blocks >> level & 1) != 0) sum += squares.subtrees[level++];
    squares.subtrees[level] = sum;
    ++squares.blocks;
}

bool add_block(RoundedSquares& squares, Summation summation, const Kernels& kernels, const Block& block) {
    if (summation == Summation::kahan) return kernels.kahan_squares(block, squares.kahan);
    double sum = 0;
    if (!kernels.pairwise_squares(block, sum)) return false;
    push_block(squares, sum);
    return true;
}

// Copies the block with a pair of zeros in place of every pair that is not two finite numbers, and counts those. Pairs
// of padding, and of rows that do not count, are finite.
Block finite_block(const Block& block, BlockBuffers& buffers, PairCounts& counts) {
    for (std::ptrdiff_t i = 0; i < block.length; ++i) {
        const PairKind kind = kind_of(block.y_true[i], block.y_pred[i]);
        if (kind != PairKind::finite) {
            --counts.pairs;
            count(counts, kind);
        }
        const bool kept = kind == PairKind::finite;
        buffers.y_true[i] = kept ? block.y_true[i] : 0.0;
        buffers.y_pred[i] = kept ? block.y_pred[i] : 0.0;
    }
    return {buffers.y_true, buffers.y_pred, block.length, block.ahead};
}

}  // namespace

void add_rows(RoundedSquares& squares, Summation summation, const Kernels& kernels, const Pairs& pairs, Rows rows,
              BlockBuffers& buffers) {
    const RowsKept kept = rows_kept(kernels, pairs, rows, buffers);
    squares.counts.masked += static_cast<std::uint64_t>(rows.count - kept.count);
    squares.counts.pairs += static_cast<std::uint64_t>(kept.count);
    const Block loaded = load_block(kernels, pairs, rows, kept, buffers, nullptr);
    const Block marked = with_nulls(kernels, loaded, kept, buffers);
    const Block block = with_where(kernels, marked, kept, buffers);
    if (add_block(squares, summation, kernels, block)) return;
    const Block finite = finite_block(block, buffers, squares.counts);
    if (!add_block(squares, summation, kernels, finite)) squares.overflowed = true;
}

RoundedSum joined(RoundedSum a, RoundedSum b) {
    const double sum = a.high + b.high;
    if (!std::isfinite(sum)) return {sum, 0.0};
    const double back = sum - a.high;
    const double error = (a.high - (sum - back)) + (b.high - back);
    const double low = error + (a.low + b.low);
    const double high = sum + low;
    if (!std::isfinite(high)) return {high, 0.0};
    return {high, low - (high - sum)};
}

RoundedSum result(const RoundedSquares& squares, Summation summation) {
    RoundedSum total;
    if (squares.overflowed) return {std::numeric_limits<double>::infinity(), 0.0};
    if (summation == Summation::kahan) {
        for (int i = 0; i < kahan_lanes; ++i) total = joined(total, {squares.kahan.high[i], squares.kahan.low[i]});
        return total;
    }
    for (std::uint64_t level = 0; level < 64; ++level) {
        if ((squares.blocks >> level & 1) != 0) total.high += squares.subtrees[level];
    }
    return total;
}

}  // namespace squarely
