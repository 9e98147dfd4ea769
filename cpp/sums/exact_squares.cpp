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

constexpr int blocks_before_another_narrow = 16;
constexpr int blocks_before_another_grid = 64;

// Unless it is where it should be. False where there is no such window.
bool move_window(SlicedSquares& sliced, const Kernels& kernels, int products, int exponent, ExactSum& sum) {
    const bool is_there = sliced.chosen && sliced.exponent == exponent;
    if (is_there) return true;
    flush(sliced, kernels, products, sum);
    return set_scaled_window(sliced, exponent);
}

constexpr BucketSet squares_alone{true, false, false};

std::uint64_t number_missing(const PairCounts& counts) { return counts.missing_true + counts.missing_pred; }

// Pairs that are in counts.pairs already. Returns how many are two finite numbers.
int add_misfits(ExactSquares& squares, const Block& block, const Misfits& misfits) {
    MisfitRows rows;
    find_rows(misfits, block.length, rows);
    const std::uint64_t missing = number_missing(squares.counts);
    leave_out_other_than_finite(rows, block, &squares.counts);
    if (number_missing(squares.counts) > missing) squares.blocks_with_missing = blocks_after_missing;
    if (!add_to_buckets(squares.misfits, squares_alone, block, rows)) {
        for (const std::int16_t i : rows) {
            add_square(squares.sum, number_of(block.y_true[i]), number_of(block.y_pred[i]));
        }
    }
    return rows.count;
}

void search_window(ExactSquares& squares, const Kernels& kernels, const Block& block) {
    if (squares.blocks_without_search-- > 0) return;
    squares.blocks_without_search = blocks_before_another_search;
    move_window(squares.wide, kernels, wide_products, best_window(block).exponent, squares.sum);
}

// The misfits one by one, and the others by the kernel.
void add_by_parts(ExactSquares& squares, const Kernels& kernels, const Block& block) {
    SlicedSquares& wide = squares.wide;
    Misfits misfits;
    if (wide.scale == 0) {
        kernels.exact_squares_partial(block, wide.window, wide.sums, misfits.data());
    } else {
        ScaledBlock copy;
        const Block seen = scaled(kernels, block, wide.scale, copy);
        kernels.exact_squares_partial(seen, wide.window, wide.sums, misfits.data());
        add(misfits, copy.lost);
    }
    squares.blocks_by_parts =
        any_of(misfits, block.length) ? blocks_after_misfits : std::max(0, squares.blocks_by_parts - 1);
    const int added = add_misfits(squares, block, misfits);
    expect(squares.misfits, added, block.length);
    if (added >= misfits_worth_a_search) search_window(squares, kernels, block);
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

bool takes_whole_blocks(const ExactSquares& squares) {
    return squares.wide.chosen && squares.wide.scale == 0 && squares.blocks_by_parts == 0;
}

bool add_whole_scaled(ExactSquares& squares, const Kernels& kernels, const Block& block) {
    if (squares.blocks_by_parts > 0) return false;
    ScaledBlock copy;
    const Block seen = scaled(kernels, block, squares.wide.scale, copy);
    return !any_of(copy.lost, block.length) && kernels.exact_squares(seen, squares.wide.window, squares.wide.sums);
}

// As the kernel sees it.
bool is_on_grid(double value, const Window& window) {
    const double rounding = 2 * window.sigma2;
    return (value + rounding) - rounding == value;
}

// The ends tell nearly always, in a hundredth of the time the kernel takes.
bool may_be_on_grid(const Block& block, const Window& window) {
    const std::ptrdiff_t last = block.length - 1;
    return is_on_grid(block.y_true[0], window) && is_on_grid(block.y_pred[0], window) &&
           is_on_grid(block.y_true[last], window) && is_on_grid(block.y_pred[last], window);
}

bool add_on_grid(ExactSquares& squares, const Kernels& kernels, const Block& block) {
    if (squares.blocks_without_grid > 0) {
        --squares.blocks_without_grid;
        return false;
    }
    SlicedSquares& wide = squares.wide;
    if (may_be_on_grid(block, wide.window) && kernels.exact_squares_on_grid(block, wide.window, wide.sums)) return true;
    squares.blocks_without_grid = blocks_before_another_grid;
    return false;
}

// All or nothing. Pairs with a NaN are left out and counted on the way where there have been some lately: one by one
// they would cost ten times as much.
bool add_whole(ExactSquares& squares, const Kernels& kernels, const Block& block) {
    SlicedSquares& wide = squares.wide;
    if (wide.scale != 0) return add_whole_scaled(squares, kernels, block);
    if (!takes_whole_blocks(squares)) return false;
    if (squares.blocks_with_missing == 0) {
        return add_on_grid(squares, kernels, block) || kernels.exact_squares(block, wide.window, wide.sums);
    }
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
    if (!takes_whole_blocks(squares)) return false;
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

// Of one and two bytes.
bool add_small(ExactSquares& squares, const Kernels& kernels, DType dtype, const void* y_true, const void* y_pred,
               std::ptrdiff_t count) {
    SmallSum sum;
    if (!kernels.small_squares[static_cast<int>(dtype)](y_true, y_pred, count, sum)) return false;
    add(squares.sum, sum.units, sum.exponent, false);
    return true;
}

// A float that is not there may be a NaN, which counts for its own side: see KeepValid.
bool has_small_block(const Kernels& kernels, const Pairs& pairs, const RowsKept& kept) {
    const DType dtype = pairs.y_true.dtype;
    if (kernels.small_squares[static_cast<int>(dtype)] == nullptr || kept.where != nullptr) return false;
    return both_contiguous(pairs) && !(kept.has_nulls && is_float(dtype));
}

bool add_small_block(ExactSquares& squares, const Kernels& kernels, const Pairs& pairs, Rows rows,
                     const Validity* validity) {
    const DType dtype = pairs.y_true.dtype;
    const void* y_true = address(pairs.y_true, rows.first);
    const void* y_pred = address(pairs.y_pred, rows.first);
    if (validity == nullptr) {
        if (!add_small(squares, kernels, dtype, y_true, y_pred, rows.count)) return false;
        squares.counts.pairs += static_cast<std::uint64_t>(rows.count);
        return true;
    }
    const auto copy = kernels.copy_small[element_size(dtype) - 1];
    alignas(64) std::uint16_t true_copy[block_length];
    alignas(64) std::uint16_t pred_copy[block_length];
    copy(y_true, validity->both, rows.count, true_copy);
    copy(y_pred, validity->both, rows.count, pred_copy);
    if (!add_small(squares, kernels, dtype, true_copy, pred_copy, rows.count)) return false;
    count_valid(squares, kernels, *validity, rows.count);
    return true;
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
    if (takes_whole_block(squares.misfits) && kernels.all_finite(without_prefetch(block))) {
        add_all(*squares.misfits.buckets, squares_alone, block);
    } else if (!add_whole(squares, kernels, block)) {
        const bool had_missing = squares.blocks_with_missing > 0;
        add_by_parts(squares, kernels, had_missing ? without_missing(squares, kernels, block, buffers) : block);
    }
    if (is_nearly_full(wide)) flush(wide, kernels, wide_products, squares.sum);
    if (squares.misfits.buckets && are_nearly_full(*squares.misfits.buckets)) empty_buckets(squares);
}

// A block of which some rows do not count.
void add_block_where(ExactSquares& squares, const Kernels& kernels, const Block& block, const RowsKept& kept,
                     BlockBuffers& buffers) {
    SlicedSquares& wide = squares.wide;
    const bool is_usual = takes_whole_blocks(squares) && squares.blocks_with_missing == 0;
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
    const Validity* validity = kept.has_nulls ? &buffers.validity : nullptr;
    if (has_small_block(kernels, pairs, kept) && add_small_block(squares, kernels, pairs, rows, validity)) return;
    const bool narrow =
        kernels.narrow_squares[static_cast<int>(dtype)].all != nullptr && has_narrow_block(pairs, rows, kept);
    if (narrow && may_be_narrow(squares, dtype)) {
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
    const DType dtype = pairs.y_true.dtype;
    const bool has_small_kernel = kernels.small_squares[static_cast<int>(dtype)] != nullptr && !is_float(dtype);
    if (has_small_kernel && is_contiguous_and_whole(pairs)) {
        add_small(squares, kernels, dtype, address(pairs.y_true, first), address(pairs.y_pred, first), last - first);
        squares.counts.pairs += static_cast<std::uint64_t>(last - first);
        return;
    }
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
    state.counts.add(output, squares.counts);
}

void sum_stretch(ExactSquares& squares, const Pairs& pairs, std::ptrdiff_t rows) {
    const Kernels& kernels = *current_target().kernels;
    const FloatingPointEnvironment environment;
    BlockBuffers buffers;
    add_stretch(squares, kernels, pairs, 0, rows, buffers);
    finish(squares, kernels);
}

}  // namespace squarely
