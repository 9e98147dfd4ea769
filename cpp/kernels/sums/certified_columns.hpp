// The sums of certified.hpp of neighbouring columns of an array in C order, each in a lane of its own, so that nothing
// need be transposed. Eight rows of all columns are taken before the next ones: memory is read nearly in its order, and
// what a set of columns has so far is loaded and stored once for them.
#pragma once

#include "kernels/sums/certified.hpp"

namespace squarely {
namespace {

// What a set of columns has of a tile, in the order of its sums. Those of truth alone have no third word.
struct WordsSoFar {
    double (*next)[max_lanes];
    bool begins;
    bool ends;

    SQUARELY_INLINE TwoWords load_sum(const double* start, bool has_cross) {
        TwoWords sum{};
        if (begins || ends) sum.start = load<Vector>(start);
        sum.high = begins ? sum.start : load<Vector>(next[0]);
        if (!begins) sum.rest = load<Vector>(next[1]);
        if (!begins && has_cross) sum.cross = load<Vector>(next[2]);
        next += has_cross ? 3 : 2;
        return sum;
    }

    SQUARELY_INLINE void store_sum(const TwoWords& sum, bool has_cross) {
        store(next[0], sum.high);
        store(next[1], sum.rest);
        if (has_cross) store(next[2], sum.cross);
        next += has_cross ? 3 : 2;
    }
};

// Into the second cache: the first has no room for the rows at hand and the next. The addresses may leave the array.
SQUARELY_INLINE void prefetch_rows(RowsAhead& ahead) {
    __builtin_prefetch(reinterpret_cast<const char*>(ahead.y_true), 0, 2);
    __builtin_prefetch(reinterpret_cast<const char*>(ahead.y_pred), 0, 2);
    ahead.y_true += ahead.true_step;
    ahead.y_pred += ahead.pred_step;
}

template <int index>
SQUARELY_INLINE void add_to_columns(const ColumnRows& rows, RowsAhead& ahead, std::ptrdiff_t byte,
                                    CertifiedColumnSet& own) {
    constexpr CertifiedSet set = certified_sets[index];
    const Bits sign = Bits{} + (std::uint64_t{1} << 63);
    WordsSoFar words{own.words, rows.begins, rows.ends};
    WordsSoFar after = words;
    TwoWords squares{};
    TwoWords sizes{};
    TwoWords errors{};
    TwoWords squared_truth{};
    TwoWords truth{};
    if constexpr (set.squared_error) squares = words.load_sum(own.starts.squared_error, true);
    if constexpr (set.absolute_error) sizes = words.load_sum(own.starts.error, true);
    if constexpr (set.error) errors = words.load_sum(own.starts.error, true);
    if constexpr (set.truth) squared_truth = words.load_sum(own.starts.squared_truth, false);
    if constexpr (set.truth) truth = words.load_sum(own.starts.truth, false);
    Vector largest{};
    if constexpr (set.largest_error) largest = load<Vector>(words.begins ? own.sums.largest_error : *words.next++);
    const char* at_true = rows.y_true + byte;
    const char* at_pred = rows.y_pred + byte;
#pragma GCC unroll 1
    for (int row = 0; row < column_rows; ++row) {
        prefetch_rows(ahead);
        const Vector y_true = load<Vector>(at_true);
        const auto [difference, error] = difference_of(y_true, load<Vector>(at_pred));
        if constexpr (set.squared_error) {
            add_square(difference, squares);
            squares.cross = multiply_add(difference + difference, error, squares.cross);
        }
        if constexpr (set.absolute_error) {
            add_value(absolute(difference), sizes);
            sizes.cross = balanced_sum(from_bits(bits(error) ^ (bits(difference) & sign)), sizes.cross);
        }
        if constexpr (set.error) {
            add_value(difference, errors);
            errors.cross = balanced_sum(error, errors.cross);
        }
        if constexpr (set.truth) {
            add_square(y_true, squared_truth);
            add_value(y_true, truth);
        }
        if constexpr (set.largest_error) largest = larger_size(difference, largest);
        at_true += rows.true_stride;
        at_pred += rows.pred_stride;
    }
    if (!words.ends) {
        if constexpr (set.squared_error) after.store_sum(squares, true);
        if constexpr (set.absolute_error) after.store_sum(sizes, true);
        if constexpr (set.error) after.store_sum(errors, true);
        if constexpr (set.truth) after.store_sum(squared_truth, false);
        if constexpr (set.truth) after.store_sum(truth, false);
        if constexpr (set.largest_error) store(*after.next, largest);
        return;
    }
    Bits moved{};
    if constexpr (set.squared_error) moved |= has_moved(squares);
    if constexpr (set.absolute_error) moved |= has_moved(sizes);
    if constexpr (set.error) moved |= has_moved(errors);
    if constexpr (set.truth) moved |= has_moved(squared_truth) | has_moved(truth);
    own.failed = any(moved);
    if (own.failed) return;
    if constexpr (set.squared_error) add_block_sum(squares, own.sums.squared_error);
    if constexpr (set.absolute_error) add_block_sum(sizes, own.sums.absolute_error);
    if constexpr (set.error) add_block_sum(errors, own.sums.error);
    if constexpr (set.truth) add_block_sum(squared_truth, own.sums.squared_truth);
    if constexpr (set.truth) add_block_sum(truth, own.sums.truth);
    if constexpr (set.largest_error) store(own.sums.largest_error, largest);
}

// The last set ends with the last column, and may begin with columns of the one before.
template <int index>
void certified_columns(const ColumnRows& rows, CertifiedColumnSet* sets) {
    const ColumnRows own = rows;  // a copy, which no store can change
    RowsAhead ahead = own.ahead;
    const std::ptrdiff_t last = own.columns - lanes;
    for (std::ptrdiff_t first = 0; first < own.columns; first += lanes, ++sets) {
        add_to_columns<index>(own, ahead, 8 * (first < last ? first : last), *sets);
    }
}

// Few sets, because memory is what they wait for: the smallest one, one for the variances, and one for all.
template <int index>
constexpr Kernels::CertifiedColumns certified_columns_kernel_of() {
    constexpr CertifiedSet set = certified_sets[index];
    constexpr bool is_of_sizes = set.absolute_error && !set.squared_error && !set.largest_error;
    constexpr bool is_of_truth = set.error && set.truth;
    if constexpr (multiply_add_is_fused && !set.weighted && !set.percentage_error && (is_of_sizes || is_of_truth)) {
        return certified_columns<index>;
    }
    return nullptr;
}
template <int index>
constexpr Kernels::CertifiedColumns certified_columns_kernel = certified_columns_kernel_of<index>();

}  // namespace
}  // namespace squarely
