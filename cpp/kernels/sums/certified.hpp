// Sums in two words with a bound on what they miss, in half the operations of slices: see sums/certified_sums.hpp.
//
// An accumulator in [2^52, 2^53) units rounds every term to a unit when it is added. What that leaves of a square is
// one fused multiply-add, and of a number one subtraction; it is below half a unit, and a second word adds it up. An
// accumulator that kept its exponent to the end of a block was never too large for that: squares and sizes only grow,
// and sums of either sign are small beside the squares that guard them. With weights that are not negative, too: the
// sum of w |v| is at most the root of the sums of w and of w v^2, which is below 2^51 units by the margins of their
// choice.
#pragma once

#include "kernels/difference.hpp"
#include "kernels/sums/exact.hpp"
#include "kernels/terms.hpp"

namespace squarely {
namespace {

struct TwoWords {
    Vector start;
    Vector high;
    Vector rest{};
    Vector cross{};
};

SQUARELY_INLINE TwoWords two_words(double start) { return {broadcast(start), broadcast(start)}; }

// Half of the additions where multiplications are done. Sixteen registers have no room for the factor of one.
SQUARELY_INLINE Vector balanced_sum(Vector a, Vector b) { return lanes == 8 ? added_by_multiplier(a, b) : a + b; }

SQUARELY_INLINE void add_value(Vector value, TwoWords& sum) {
    const Vector high = sum.high + value;
    sum.rest = balanced_sum(value - (high - sum.high), sum.rest);
    sum.high = high;
}

SQUARELY_INLINE void add_product(Vector a, Vector b, TwoWords& sum) {
    const Vector high = multiply_add(a, b, sum.high);
    sum.rest = balanced_sum(multiply_add(a, b, sum.high - high), sum.rest);
    sum.high = high;
}

SQUARELY_INLINE void add_square(Vector value, TwoWords& sum) { add_product(value, value, sum); }

// w (v + e)^2 = p v + (r + 2 w e) v + w e^2, with p + r = w v in two words. What is not p v is below 2^-51 of it, and
// the last of these below 2^-106: that is left out.
SQUARELY_INLINE void add_weighted_square(Vector weight, Vector value, Vector error, TwoWords& sum) {
    const Vector product = weight * value;
    const Vector lost = multiply_add(weight, error + error, multiply_add(weight, value, -product));
    add_product(product, value, sum);
    sum.cross = multiply_add(lost, value, sum.cross);
}

SQUARELY_INLINE Bits has_moved(const TwoWords& sum) { return (bits(sum.high) ^ bits(sum.start)) & exponent_field; }

// The rests of blocks are added without rounding (TwoSum): those of one block alone count.
SQUARELY_INLINE void add_block_sum(const TwoWords& sum, CertifiedLanes& lanes_so_far) {
    store(lanes_so_far.units, load<Bits>(lanes_so_far.units) + (bits(sum.high) - bits(sum.start)));
    const Vector before = load<Vector>(lanes_so_far.rest);
    const Vector rest = before + sum.rest;
    const Vector back = rest - before;
    const Vector lost = (before - (rest - back)) + (sum.rest - back);
    store(lanes_so_far.rest, rest);
    store(lanes_so_far.low, load<Vector>(lanes_so_far.low) + (lost + sum.cross));
}

// As far ahead as truth and predictions that are viewed. The address is an integer, because it may leave the array.
SQUARELY_INLINE void prefetch_weights(const double* weights) {
    constexpr std::uintptr_t bytes_ahead = 384 * sizeof(double);
    __builtin_prefetch(reinterpret_cast<const char*>(reinterpret_cast<std::uintptr_t>(weights) + bytes_ahead), 0, 3);
}

// All or nothing: false where an accumulator left its range.
template <int index, class Filter>
bool certified(const Block& block, const double* weights, const CertifiedStarts& starts, CertifiedSums& sums,
               std::uint64_t* missing) {
    constexpr CertifiedSet set = certified_sets[index];
    TwoWords squares = two_words(starts.squared_error);
    TwoWords sizes = two_words(starts.error);
    TwoWords errors = two_words(starts.error);
    TwoWords squared_truth = two_words(starts.squared_truth);
    TwoWords truth = two_words(starts.truth);
    TwoWords percentages = two_words(starts.percentage_error);
    TwoWords all_weights = two_words(starts.weight);
    Vector least_weight = broadcast(starts.weight);
    Vector largest{};
    Vector heaviest{};
    const Bits sign = Bits{} + (std::uint64_t{1} << 63);
    // Not of the block itself, which would be read again after every prefetch.
    const double* const truths = block.y_true;
    const double* const predictions = block.y_pred;
    const std::ptrdiff_t length = block.length;
    Ahead ahead = block.ahead;
    Filter filter;
    const auto step = [&](std::ptrdiff_t i) __attribute__((always_inline)) {
        if (i % 8 == 0) prefetch_next(ahead);
        Vector y_true = load<Vector>(truths + i);
        Vector y_pred = load<Vector>(predictions + i);
        filter.apply(y_true, y_pred, i);
        const auto [difference, error] = difference_of(y_true, y_pred);
        if constexpr (set.weighted) {
            if (i % 8 == 0) prefetch_weights(weights + i);
            const Vector weight = load<Vector>(weights + i);
            least_weight = smaller(weight, least_weight);
            add_value(weight, all_weights);
            const Vector size_of_error = from_bits(bits(error) ^ (bits(difference) & sign));
            if constexpr (set.squared_error) add_weighted_square(weight, difference, error, squares);
            if constexpr (set.absolute_error) {
                add_product(weight, absolute(difference), sizes);
                sizes.cross = multiply_add(weight, size_of_error, sizes.cross);
            }
            if constexpr (set.error) {
                add_product(weight, difference, errors);
                errors.cross = multiply_add(weight, error, errors.cross);
            }
            if constexpr (set.truth) {
                add_weighted_square(weight, y_true, Vector{}, squared_truth);
                add_product(weight, y_true, truth);
            }
            if constexpr (set.largest_error) largest = larger_size(difference, largest);
            if constexpr (set.largest_product) {
                const Vector product = weight * difference;
                heaviest = larger_size(set.squared_error ? product * difference : product, heaviest);
            }
            if constexpr (set.percentage_error) {
                add_product(weight, AbsolutePercentageError::of_difference(difference, y_true), percentages);
            }
            return;
        }
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
        if constexpr (set.percentage_error) {
            add_value(AbsolutePercentageError::of_difference(difference, y_true), percentages);
        }
    };
    for (std::ptrdiff_t i = 0; i < length; i += 2 * lanes) {
        step(i);
        step(i + lanes);
    }
    const Bits moved = has_moved(squares) | has_moved(sizes) | has_moved(errors) | has_moved(squared_truth) |
                       has_moved(truth) | has_moved(percentages) | has_moved(all_weights);
    if (set.weighted && any(mask(least_weight < broadcast(starts.least_weight)))) return false;
    if (any(moved)) return false;
    if constexpr (set.squared_error) add_block_sum(squares, sums.squared_error);
    if constexpr (set.absolute_error) add_block_sum(sizes, sums.absolute_error);
    if constexpr (set.error) add_block_sum(errors, sums.error);
    if constexpr (set.truth) {
        add_block_sum(squared_truth, sums.squared_truth);
        add_block_sum(truth, sums.truth);
    }
    if constexpr (set.largest_error) {
        store(sums.largest_error, larger(largest, load<Vector>(sums.largest_error)));
        if constexpr (!set.weighted) store(sums.largest_of_block, largest);
    }
    if constexpr (set.largest_product) store(sums.largest_of_block, heaviest);
    if constexpr (set.percentage_error) add_block_sum(percentages, sums.percentage_error);
    if constexpr (set.weighted) add_block_sum(all_weights, sums.weight);
    store_missing(filter, length, missing);
    return true;
}

// Without a fused multiply-add, what a product lost takes longer than slices.
template <int index>
constexpr Kernels::Certified certified_kernel_of() {
    if constexpr (multiply_add_is_fused) return certified<index, KeepAll>;
    return nullptr;
}
template <int index>
constexpr Kernels::Certified certified_kernel = certified_kernel_of<index>();

// Where there is much to sum, a copy without what is missing takes little of the time.
template <int index>
constexpr Kernels::Certified certified_present_kernel_of() {
    constexpr CertifiedSet set = certified_sets[index];
    if constexpr (multiply_add_is_fused && !set.weighted && !set.largest_error) return certified<index, KeepPresent>;
    return nullptr;
}
template <int index>
constexpr Kernels::Certified certified_present_kernel = certified_present_kernel_of<index>();

}  // namespace
}  // namespace squarely
