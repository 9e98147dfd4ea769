#include "exact_squares.hpp"

#include "floating_point.hpp"
#include "pair.hpp"
#include "targets.hpp"
#include "window.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace squarely {
namespace {

// Each group adds at most 2^51 units to a lane, and a lane holds 2^63.
constexpr std::int64_t groups_before_flush = 2000;

// A block with that many misfits is worth the microsecond a search for a better window takes ...
constexpr int misfits_worth_a_search = block_length / 16;
// ... unless the last search found none: then the next blocks do without one.
constexpr int blocks_before_another_search = 16;
constexpr int blocks_before_another_narrow = 16;

void flush(SlicedSquares& sliced, const Kernels& kernels, int products, ExactSum& sum) {
    if (!sliced.chosen) return;
    for (int i = 0; i < products; ++i) {
        const std::uint64_t added =
            static_cast<std::uint64_t>(sliced.sums.groups) * std::bit_cast<std::uint64_t>(sliced.window.start[i]);
        __extension__ __int128 total = 0;
        for (int lane = 0; lane < kernels.lanes; ++lane) {
            total += static_cast<std::int64_t>(sliced.sums.lanes[i][lane] - added);
        }
        const bool twice = product_grids[i][0] != product_grids[i][1];
        const int unit = 2 * sliced.exponent + product_grids[i][0] + product_grids[i][1] + (twice ? 1 : 0);
        add(sum, static_cast<uint128>(total < 0 ? -total : total), unit, total < 0);
    }
    sliced.sums = SlicedSums{};
}

constexpr int wide_products = 6;
constexpr int narrow_products = 3;

bool move_window(SlicedSquares& sliced, const Kernels& kernels, int products, int exponent, ExactSum& sum) {
    if (!is_window(exponent)) return false;
    flush(sliced, kernels, products, sum);
    sliced.exponent = exponent;
    sliced.window = window_of(exponent);
    sliced.sums = SlicedSums{};
    sliced.chosen = true;
    return true;
}

// A pair that is in counts.pairs already.
void add_pair(ExactSquares& squares, double y_true, double y_pred) {
    const PairKind kind = kind_of(y_true, y_pred);
    if (kind == PairKind::finite) {
        add_square(squares.sum, y_true, y_pred);
    } else {
        --squares.counts.pairs;
        count(squares.counts, kind);
        if (kind == PairKind::missing_true || kind == PairKind::missing_pred) squares.expect_missing = true;
    }
}

using Misfits = std::array<std::uint64_t, block_length / 64>;  // one bit a pair

template <class Visit>
void for_each(const Misfits& misfits, const Block& block, Visit visit) {
    for (std::ptrdiff_t first = 0; first < block.length; first += 64) {
        for (std::uint64_t left = misfits[static_cast<std::size_t>(first / 64)]; left != 0; left &= left - 1) {
            visit(first + std::countr_zero(left));
        }
    }
}

int number_of(const Misfits& misfits, const Block& block) {
    int number = 0;
    for (std::ptrdiff_t i = 0; i < block.length / 64; ++i)
        number += std::popcount(misfits[static_cast<std::size_t>(i)]);
    return number;
}

// The misfits alone, among pairs of zeros, which add nothing.
Block only(const Misfits& misfits, const Block& block, BlockBuffers& alone) {
    std::fill(alone.y_true, alone.y_true + block.length, 0.0);
    std::fill(alone.y_pred, alone.y_pred + block.length, 0.0);
    for_each(misfits, block, [&](std::ptrdiff_t i) {
        alone.y_true[i] = block.y_true[i];
        alone.y_pred[i] = block.y_pred[i];
    });
    return {alone.y_true, alone.y_pred, block.length, block.ahead};
}

// Many misfits: move the window if another fits the block better, and give the misfits a second chance in it.
void retry_in_a_better_window(ExactSquares& squares, const Kernels& kernels, const Block& block, Misfits& misfits) {
    SlicedSquares& wide = squares.wide;
    const int before = number_of(misfits, block);
    if (before < misfits_worth_a_search) return;
    if (squares.blocks_without_search > 0) {
        --squares.blocks_without_search;
        return;
    }
    const BestWindow best = best_window(block);
    const bool better = best.pairs >= static_cast<int>(block.length) - before + misfits_worth_a_search;
    if (!better || !move_window(wide, kernels, wide_products, best.exponent, squares.sum)) {
        squares.blocks_without_search = blocks_before_another_search;
        return;
    }
    BlockBuffers alone;
    kernels.exact_squares_partial(only(misfits, block, alone), wide.window, wide.sums, misfits.data());
}

void add_partially(ExactSquares& squares, const Kernels& kernels, const Block& block) {
    Misfits misfits;
    kernels.exact_squares_partial(block, squares.wide.window, squares.wide.sums, misfits.data());
    squares.expect_misfits = number_of(misfits, block) > 0;
    retry_in_a_better_window(squares, kernels, block, misfits);
    for_each(misfits, block, [&](std::ptrdiff_t i) { add_pair(squares, block.y_true[i], block.y_pred[i]); });
}

// Counts pairs with a NaN and puts zeros in their place, where the last block had some: one by one they would cost
// ten times as much.
Block without_missing(ExactSquares& squares, const Kernels& kernels, const Block& block, BlockBuffers& buffers) {
    std::uint64_t missing[2] = {};
    kernels.blank_missing(block, buffers.y_true, buffers.y_pred, missing);
    squares.counts.missing_true += missing[0];
    squares.counts.missing_pred += missing[1];
    squares.counts.pairs -= missing[0] + missing[1];
    squares.expect_missing = missing[0] + missing[1] > 0;
    return {buffers.y_true, buffers.y_pred, block.length, block.ahead};
}

void choose_first_window(ExactSquares& squares, const Kernels& kernels, const Block& block) {
    if (move_window(squares.wide, kernels, wide_products, first_exponent(kernels, block), squares.sum)) return;
    // The largest difference is out of range. The others may not be.
    move_window(squares.wide, kernels, wide_products, best_window(block).exponent, squares.sum);
}

void add_block(ExactSquares& squares, const Kernels& kernels, const Block& loaded, std::ptrdiff_t count,
               BlockBuffers& buffers) {
    SlicedSquares& wide = squares.wide;
    squares.counts.pairs += static_cast<std::uint64_t>(count);
    const Block block = squares.expect_missing ? without_missing(squares, kernels, loaded, buffers) : loaded;
    if (!wide.chosen) choose_first_window(squares, kernels, block);
    if (squares.expect_misfits || !kernels.exact_squares(block, wide.window, wide.sums)) {
        add_partially(squares, kernels, block);
    }
    if (wide.sums.groups >= groups_before_flush) flush(wide, kernels, wide_products, squares.sum);
}

// Whether the block was added. A first block chooses the window, by its widened values.
bool add_narrow_block(ExactSquares& squares, const Kernels& kernels, const NarrowBlock& block) {
    SlicedSquares& narrow = squares.narrow;
    if (!kernels.exact_squares_narrow(block, narrow.window, narrow.sums)) return false;
    squares.counts.pairs += static_cast<std::uint64_t>(block.length);
    if (narrow.sums.groups >= groups_before_flush) flush(narrow, kernels, narrow_products, squares.sum);
    return true;
}

}  // namespace

void add_rows(ExactSquares& squares, const Kernels& kernels, const Column& y_true, const Column& y_pred, Rows rows,
              BlockBuffers& buffers) {
    const bool narrow = has_narrow_block(y_true, y_pred, rows);
    if (narrow && squares.narrow.chosen && squares.blocks_without_narrow == 0) {
        if (add_narrow_block(squares, kernels, narrow_block(y_true, y_pred, rows))) return;
        squares.blocks_without_narrow = blocks_before_another_narrow;
    }
    const Block block = load_block(kernels, y_true, y_pred, rows, buffers);
    if (narrow && !(squares.blocks_without_narrow > 0 && --squares.blocks_without_narrow > 0)) {
        move_window(squares.narrow, kernels, narrow_products, first_exponent(kernels, block), squares.sum);
    }
    add_block(squares, kernels, block, rows.count, buffers);
}

void finish(ExactSquares& squares, const Kernels& kernels) {
    flush(squares.wide, kernels, wide_products, squares.sum);
    flush(squares.narrow, kernels, narrow_products, squares.sum);
}

void sum_stretch(ExactSquares& squares, const Column& y_true, const Column& y_pred, std::ptrdiff_t rows) {
    const Kernels& kernels = *current_target().kernels;
    const FloatingPointEnvironment environment;
    BlockBuffers buffers;
    for (std::ptrdiff_t first = 0; first < rows; first += block_length) {
        const Rows block{first, std::min<std::ptrdiff_t>(block_length, rows - first)};
        add_rows(squares, kernels, y_true, y_pred, block, buffers);
    }
    finish(squares, kernels);
}

}  // namespace squarely
