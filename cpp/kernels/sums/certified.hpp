// Sums in two words with a bound on what they miss, in half the operations of slices: see sums/certified_sums.hpp.
//
// An accumulator in [2^52, 2^53) units rounds every term to a unit when it is added. What that leaves of a square is
// one fused multiply-add, and of a number one subtraction; it is below half a unit, and a second word adds it up. An
// accumulator that kept its exponent to the end of a block was never too large for that: squares and sizes only grow,
// and sums of either sign are small beside the squares that guard them.
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

SQUARELY_INLINE void add_square(Vector value, TwoWords& sum) {
    const Vector high = multiply_add(value, value, sum.high);
    sum.rest = balanced_sum(multiply_add(value, value, sum.high - high), sum.rest);
    sum.high = high;
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

// All or nothing: false where an accumulator left its range.
template <int index>
bool certified(const Block& block, const CertifiedStarts& starts, CertifiedSums& sums) {
    constexpr CertifiedSet set = certified_sets[index];
    TwoWords squares = two_words(starts.squared_error);
    TwoWords sizes = two_words(starts.error);
    TwoWords errors = two_words(starts.error);
    TwoWords squared_truth = two_words(starts.squared_truth);
    TwoWords truth = two_words(starts.truth);
    TwoWords percentages = two_words(starts.percentage_error);
    Vector largest = load<Vector>(sums.largest_error);
    const Bits sign = Bits{} + (std::uint64_t{1} << 63);
    Ahead ahead = block.ahead;
    const auto step = [&](std::ptrdiff_t i) __attribute__((always_inline)) {
        if (i % 8 == 0) prefetch_next(ahead);
        const Vector y_true = load<Vector>(block.y_true + i);
        const Vector y_pred = load<Vector>(block.y_pred + i);
        const auto [difference, error] = difference_of(y_true, y_pred);
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
    for (std::ptrdiff_t i = 0; i < block.length; i += 2 * lanes) {
        step(i);
        step(i + lanes);
    }
    const Bits moved = has_moved(squares) | has_moved(sizes) | has_moved(errors) | has_moved(squared_truth) |
                       has_moved(truth) | has_moved(percentages);
    if (any(moved)) return false;
    if constexpr (set.squared_error) add_block_sum(squares, sums.squared_error);
    if constexpr (set.absolute_error) add_block_sum(sizes, sums.absolute_error);
    if constexpr (set.error) add_block_sum(errors, sums.error);
    if constexpr (set.truth) {
        add_block_sum(squared_truth, sums.squared_truth);
        add_block_sum(truth, sums.truth);
    }
    if constexpr (set.largest_error) store(sums.largest_error, largest);
    if constexpr (set.percentage_error) add_block_sum(percentages, sums.percentage_error);
    return true;
}

// Without a fused multiply-add, what a product lost takes longer than slices.
template <int index>
constexpr Kernels::Certified certified_kernel_of() {
    if constexpr (multiply_add_is_fused) return certified<index>;
    return nullptr;
}
template <int index>
constexpr Kernels::Certified certified_kernel = certified_kernel_of<index>();

}  // namespace
}  // namespace squarely
