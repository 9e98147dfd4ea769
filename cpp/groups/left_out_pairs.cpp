#include "groups/left_out_pairs.hpp"

#include "sums/pair.hpp"

#include <algorithm>
#include <bit>

namespace squarely {
namespace {

void leave_out(LeftOutPairs& left_out, std::ptrdiff_t row) {
    if (!left_out.any) std::fill_n(left_out.left_out, block_length, false);
    left_out.any = true;
    left_out.left_out[row] = true;
}

void leave_out(LeftOutPairs& left_out, std::ptrdiff_t row, std::uint32_t group, const PairCounts& counts) {
    leave_out(left_out, row);
    left_out.counts.emplace_back(group, counts);
}

PairCounts counts_of_masked() {
    PairCounts counts;
    counts.masked = 1;
    --counts.pairs;  // a row of a table counts it as one
    return counts;
}

}  // namespace

void forget(LeftOutPairs& left_out) {
    left_out.counts.clear();
    left_out.large.clear();
    left_out.any = false;
}

void find_left_out(const RowsKept& kept, std::ptrdiff_t rows, const std::uint32_t* groups,
                   const std::vector<LargePair>& large, LeftOutPairs& left_out) {
    for (std::ptrdiff_t i = 0; kept.where != nullptr && i < rows; ++i) {
        if (kept.where[i] == 0) leave_out(left_out, i, groups[i], counts_of_masked());
    }
    for (const LargePair& pair : large) {
        leave_out(left_out, pair.row);
        left_out.large.push_back({pair.y_true, pair.y_pred, groups[pair.row]});
    }
}

void find_left_out(const Block& block, const std::uint32_t* groups, std::ptrdiff_t rows, std::uint64_t* misfits,
                   LeftOutPairs& left_out) {
    for (std::ptrdiff_t word = 0; 64 * word < rows; ++word) {
        for (std::uint64_t left = misfits[word]; left != 0; left &= left - 1) {
            const std::ptrdiff_t i = 64 * word + std::countr_zero(left);
            if (are_finite(block.y_true[i], block.y_pred[i])) continue;
            PairCounts counts;
            leave_out(counts, block.y_true[i], block.y_pred[i]);
            leave_out(left_out, i, groups[i], counts);
            misfits[word] &= ~(left & -left);
        }
    }
}

void blank_out(const LeftOutPairs& left_out, Block& block, std::ptrdiff_t rows, BlockBuffers& buffers) {
    if (block.y_true != buffers.y_true) std::copy(block.y_true, block.y_true + block.length, buffers.y_true);
    if (block.y_pred != buffers.y_pred) std::copy(block.y_pred, block.y_pred + block.length, buffers.y_pred);
    for (std::ptrdiff_t i = 0; i < rows; ++i) {
        if (left_out.left_out[i]) buffers.y_true[i] = buffers.y_pred[i] = 0;
    }
    block = {buffers.y_true, buffers.y_pred, block.length, {}};
}

}  // namespace squarely
