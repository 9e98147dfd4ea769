#include "sums/exact_squares.hpp"

#include "blocks/misfits.hpp"
#include "machine/floating_point.hpp"
#include "machine/targets.hpp"
#include "sums/pair.hpp"
#include "sums/window.hpp"

#include <algorithm>
#include <bit>

namespace squarely {
namespace {

// A block with that many misfits is worth the microsecond a search for a better window takes ...
constexpr int misfits_worth_a_search = block_length / 16;
// ... unless the last search found none: then the next blocks do without one.
constexpr int blocks_before_another_search = 16;
constexpr int blocks_before_another_narrow = 16;
// Misfits are seldom alone.
constexpr int blocks_after_misfits = 8;
// A NaN is seldom the last.
constexpr int blocks_after_missing = 16;

bool move_window(SlicedSquares& sliced, const Kernels& kernels, int products, int exponent, ExactSum& sum) {
    if (!is_window(exponent)) return false;
    flush(sliced, kernels, products, sum);
    return set_window(sliced, exponent);
}

constexpr BucketSet squares_alone{true, false, false};

std::uint64_t number_missing(const PairCounts& counts) { return counts.missing_true + counts.missing_pred; }

// Pairs that are in counts.pairs already.
void add_misfits(ExactSquares& squares, const Block& block, const Misfits& misfits) {
    MisfitRows rows;
    find_rows(misfits, block.length, rows);
    const std::uint64_t missing = number_missing(squares.counts);
    leave_out_other_than_finite(rows, block, &squares.counts);
    if (number_missing(squares.counts) > missing) squares.blocks_with_missing = blocks_after_missing;
    if (add_to_buckets(squares.misfits, squares_alone, block, rows)) return;
    for (const std::int16_t i : rows) add_square(squares.sum, number_of(block.y_true[i]), number_of(block.y_pred[i]));
}

// The misfits alone, among pairs of zeros, which add nothing.
Block only(const Misfits& misfits, const Block& block, BlockBuffers& alone) {
    std::fill(alone.y_true, alone.y_true + block.length, 0.0);
    std::fill(alone.y_pred, alone.y_pred + block.length, 0.0);
    for_each(misfits, block.length, [&](std::ptrdiff_t i) {
        alone.y_true[i] = block.y_true[i];
        alone.y_pred[i] = block.y_pred[i];
    });
    return {alone.y_true, alone.y_pred, block.length, block.ahead};
}

// Many misfits: move the window if another fits the block better, and give the misfits a second chance in it.
void retry_in_a_better_window(ExactSquares& squares, const Kernels& kernels, const Block& block, Misfits& misfits) {
    SlicedSquares& wide = squares.wide;
    const int before = number_of(misfits, block.length);
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
    const int found = number_of(misfits, block.length);
    squares.blocks_by_parts = found > 0 ? blocks_after_misfits : std::max(0, squares.blocks_by_parts - 1);
    expect(squares.misfits, found, block.length);
    retry_in_a_better_window(squares, kernels, block, misfits);
    add_misfits(squares, block, misfits);
}

void count_missing(ExactSquares& squares, const std::uint64_t (&missing)[2]) {
    squares.counts.missing_true += missing[0];
    squares.counts.missing_pred += missing[1];
    squares.counts.pairs -= missing[0] + missing[1];
    if (missing[0] + missing[1] > 0) squares.blocks_with_missing = blocks_after_missing;
}

// Counts pairs with a NaN and puts zeros in their place.
Block without_missing(ExactSquares& squares, const Kernels& kernels, const Block& block, BlockBuffers& buffers) {
    std::uint64_t missing[2] = {};
    kernels.copy_present(block, buffers.y_true, buffers.y_pred, missing);
    count_missing(squares, missing);
    return {buffers.y_true, buffers.y_pred, block.length, block.ahead};
}

// All or nothing. Pairs with a NaN are left out and counted on the way where there have been some lately: one by one
// they would cost ten times as much.
bool add_whole(ExactSquares& squares, const Kernels& kernels, const Block& block) {
    SlicedSquares& wide = squares.wide;
    if (squares.blocks_by_parts > 0) return false;
    if (squares.blocks_with_missing == 0) return kernels.exact_squares(block, wide.window, wide.sums);
    std::uint64_t missing[2] = {};
    if (!kernels.exact_squares_present(block, wide.window, wide.sums, missing)) return false;
    --squares.blocks_with_missing;
    count_missing(squares, missing);
    return true;
}

// Counts pairs of a block of which every value that is there is a number.
void count_valid(ExactSquares& squares, const Kernels& kernels, const Validity& validity, std::ptrdiff_t count) {
    const std::uint64_t in_true = kernels.count_bits(validity.y_true);
    const std::uint64_t in_both = kernels.count_bits(validity.both);
    squares.counts.missing_true += block_length - in_true;
    squares.counts.missing_pred += in_true - in_both;
    squares.counts.pairs += in_both - static_cast<std::uint64_t>(block_length - count);
}

// A block of which some values are not there: the usual case, in which nothing need be copied.
bool add_valid(ExactSquares& squares, const Kernels& kernels, const Block& block, std::ptrdiff_t count,
               const BlockBuffers& buffers) {
    SlicedSquares& wide = squares.wide;
    if (!wide.chosen || squares.blocks_by_parts > 0) return false;
    if (!kernels.exact_squares_valid(block, buffers.validity, wide.window, wide.sums)) return false;
    count_valid(squares, kernels, buffers.validity, count);
    if (is_nearly_full(wide)) flush(wide, kernels, wide_products, squares.sum);
    return true;
}

void choose_first_window(ExactSquares& squares, const Kernels& kernels, const Block& block) {
    if (move_window(squares.wide, kernels, wide_products, first_exponent(kernels, block), squares.sum)) return;
    // The largest difference is out of range. The others may not be.
    move_window(squares.wide, kernels, wide_products, best_window(block).exponent, squares.sum);
}

// Every difference of 32-bit integers fits it, and is a multiple of its second grid. Their kernel checks nothing, so
// that it must not run in a window that floats have chosen before them.
constexpr int integer_window = 33;

bool is_at(const SlicedSquares& sliced, int exponent) { return sliced.chosen && sliced.exponent == exponent; }

bool add_narrow_block(ExactSquares& squares, const Kernels& kernels, DType dtype, const NarrowBlock& block,
                      const Validity* validity) {
    SlicedSquares& narrow = squares.narrow;
    const NarrowKernels& sum = kernels.narrow_squares[static_cast<int>(dtype)];
    if (!is_float(dtype) && !is_at(narrow, integer_window)) {
        move_window(narrow, kernels, narrow_products, integer_window, squares.sum);
    }
    if (validity == nullptr) {
        if (!sum.all(block, narrow.window, narrow.sums)) return false;
        squares.counts.pairs += static_cast<std::uint64_t>(block.length);
    } else {
        if (!sum.valid(block, *validity, narrow.window, narrow.sums)) return false;
        count_valid(squares, kernels, *validity, block.length);
    }
    if (is_nearly_full(narrow)) flush(narrow, kernels, narrow_products, squares.sum);
    return true;
}

// A float has to choose a window first, and does without for a while where one fails.
bool may_be_narrow(const ExactSquares& squares, DType dtype) {
    return !is_float(dtype) || (squares.narrow.chosen && squares.blocks_without_narrow == 0);
}

// Chooses the window of the next float32 blocks by one that took the long way.
void prepare_narrow(ExactSquares& squares, const Kernels& kernels, const Block& block) {
    if (squares.blocks_without_narrow > 0 && --squares.blocks_without_narrow > 0) return;
    move_window(squares.narrow, kernels, narrow_products, first_exponent(kernels, block), squares.sum);
}

void add_small_integers(ExactSquares& squares, const Kernels& kernels, const Pairs& pairs, std::ptrdiff_t first,
                        std::ptrdiff_t count) {
    const auto sum = kernels.small_squares[static_cast<int>(pairs.y_true.dtype)];
    add(squares.sum, sum(address(pairs.y_true, first), address(pairs.y_pred, first), count), 0, false);
    squares.counts.pairs += static_cast<std::uint64_t>(count);
}

}  // namespace

bool sums_squares_alone(const State& state) {
    return state.summation == Summation::exact && state.sums.size() == 1 &&
           state.sums[0].summand.term == Term::squared_error;
}

void add_block(ExactSquares& squares, const Kernels& kernels, const Block& block, std::ptrdiff_t count,
               BlockBuffers& buffers) {
    SlicedSquares& wide = squares.wide;
    squares.counts.pairs += static_cast<std::uint64_t>(count);
    if (!wide.chosen) choose_first_window(squares, kernels, block);
    if (takes_whole_block(squares.misfits) && kernels.all_finite(block)) {
        add_all(*squares.misfits.buckets, squares_alone, block);
    } else if (!add_whole(squares, kernels, block)) {
        const bool had_missing = squares.blocks_with_missing > 0;
        add_partially(squares, kernels, had_missing ? without_missing(squares, kernels, block, buffers) : block);
    }
    if (is_nearly_full(wide)) flush(wide, kernels, wide_products, squares.sum);
    if (squares.misfits.buckets && are_nearly_full(*squares.misfits.buckets)) empty_buckets(squares);
}

// A block of which some rows do not count.
void add_block_where(ExactSquares& squares, const Kernels& kernels, const Block& block, const RowsKept& kept,
                     BlockBuffers& buffers) {
    SlicedSquares& wide = squares.wide;
    const bool is_usual = wide.chosen && squares.blocks_by_parts == 0 && squares.blocks_with_missing == 0;
    if (is_usual && kernels.exact_squares_where(block, kept.where, wide.window, wide.sums)) {
        squares.counts.pairs += static_cast<std::uint64_t>(kept.count);
        if (is_nearly_full(wide)) flush(wide, kernels, wide_products, squares.sum);
        return;
    }
    add_block(squares, kernels, with_where(kernels, block, kept, buffers), kept.count, buffers);
}

void add_rows(ExactSquares& squares, const Kernels& kernels, const Pairs& pairs, Rows rows, BlockBuffers& buffers) {
    const RowsKept kept = rows_kept(kernels, pairs, rows, buffers);
    squares.counts.masked += static_cast<std::uint64_t>(rows.count - kept.count);
    if (kept.count == 0) return;
    const DType dtype = pairs.y_true.dtype;
    const bool narrow =
        kernels.narrow_squares[static_cast<int>(dtype)].all != nullptr && has_narrow_block(pairs, rows, kept);
    if (narrow && may_be_narrow(squares, dtype)) {
        const Validity* validity = kept.has_nulls ? &buffers.validity : nullptr;
        if (add_narrow_block(squares, kernels, dtype, narrow_block(pairs, rows), validity)) return;
        squares.blocks_without_narrow = blocks_before_another_narrow;
    }
    const Block loaded = load_block(kernels, pairs, rows, kept, buffers, &squares.sum);
    if (narrow) prepare_narrow(squares, kernels, loaded);
    if (kept.has_nulls && kept.where == nullptr && add_valid(squares, kernels, loaded, rows.count, buffers)) return;
    const Block block = with_nulls(kernels, loaded, kept, buffers);
    if (kept.has_nulls) squares.blocks_with_missing = blocks_after_missing;
    if (kept.where != nullptr) return add_block_where(squares, kernels, block, kept, buffers);
    add_block(squares, kernels, block, rows.count, buffers);
}

void add_stretch(ExactSquares& squares, const Kernels& kernels, const Pairs& pairs, std::ptrdiff_t first,
                 std::ptrdiff_t last, BlockBuffers& buffers) {
    const bool has_small_kernel = kernels.small_squares[static_cast<int>(pairs.y_true.dtype)] != nullptr;
    if (has_small_kernel && is_contiguous_and_whole(pairs))
        return add_small_integers(squares, kernels, pairs, first, last - first);
    for (; first < last; first += block_length) {
        const Rows rows{first, std::min<std::ptrdiff_t>(block_length, last - first)};
        add_rows(squares, kernels, pairs, rows, buffers);
    }
}

void empty_buckets(ExactSquares& squares) {
    BucketTotals totals{};
    totals.squared_error = &squares.sum;
    empty_into(squares.misfits, totals);
}

void finish(ExactSquares& squares, const Kernels& kernels) {
    finish(squares.wide, kernels, wide_products, squares.sum);
    finish(squares.narrow, kernels, narrow_products, squares.sum);
    empty_buckets(squares);
}

void finish(ExactSquares& squares, const Kernels& kernels, State& state, std::size_t output) {
    finish(squares, kernels);
    merge(state.sums[0].exact[output], squares.sum);
    add(state.counts[output], squares.counts);
}

void sum_stretch(ExactSquares& squares, const Pairs& pairs, std::ptrdiff_t rows) {
    const Kernels& kernels = *current_target().kernels;
    const FloatingPointEnvironment environment;
    BlockBuffers buffers;
    add_stretch(squares, kernels, pairs, 0, rows, buffers);
    finish(squares, kernels);
}

}  // namespace squarely
