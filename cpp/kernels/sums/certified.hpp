// Sums in two words with a bound on what they miss, in half the operations of slices: see sums/certified_sums.hpp.
//
// An accumulator in [2^52, 2^53) units rounds every term to a unit when it is added. What that leaves of a square is
// one fused multiply-add, and of a number one subtraction; it is below half a unit, and a second word adds it up. An
// accumulator that kept its exponent to the end of a block was never too large for that: squares and sizes only grow,
// and sums of either sign are small beside the squares that guard them.
#pragma once

#include "kernels/difference.hpp"
#include "kernels/sums/exact.hpp"

namespace squarely {
namespace {

#if defined(__FMA__) && !defined(SQUARELY_PLAIN_LANES) || defined(__aarch64__)

struct TwoWords {
    Vector start;
    Vector high;
    Vector rest{};
    Vector cross{};
};

SQUARELY_INLINE TwoWords two_words(double start) { return {broadcast(start), broadcast(start)}; }

SQUARELY_INLINE void add_value(Vector value, TwoWords& sum) {
    const Vector high = sum.high + value;
    sum.rest = sum.rest + (value - (high - sum.high));
    sum.high = high;
}

SQUARELY_INLINE void add_square(Vector value, TwoWords& sum) {
    const Vector high = multiply_add(value, value, sum.high);
    sum.rest = sum.rest + multiply_add(value, value, sum.high - high);
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

template <CertifiedSet set>
constexpr bool with_squares = set != CertifiedSet::sizes;
template <CertifiedSet set>
constexpr bool with_errors = set == CertifiedSet::errors || set == CertifiedSet::all;
template <CertifiedSet set>
constexpr bool with_truth = set == CertifiedSet::squares_and_truth || set == CertifiedSet::all;

// All or nothing: false where an accumulator left its range.
template <CertifiedSet set>
bool certified(const Block& block, const CertifiedStarts& starts, CertifiedSums& sums) {
    TwoWords squares = two_words(starts.squared_error);
    TwoWords sizes = two_words(starts.error);
    TwoWords errors = two_words(starts.error);
    TwoWords squared_truth = two_words(starts.squared_truth);
    TwoWords truth = two_words(starts.truth);
    const Bits sign = Bits{} + (std::uint64_t{1} << 63);
    Ahead ahead = block.ahead;
    const auto step = [&](std::ptrdiff_t i) __attribute__((always_inline)) {
        if (i % 8 == 0) prefetch_next(ahead);
        const Vector y_true = load<Vector>(block.y_true + i);
        const auto [difference, error] = difference_of(y_true, load<Vector>(block.y_pred + i));
        if constexpr (with_squares<set>) {
            add_square(difference, squares);
            squares.cross = multiply_add(difference + difference, error, squares.cross);
        } else {
            add_value(absolute(difference), sizes);
            sizes.cross = sizes.cross + from_bits(bits(error) ^ (bits(difference) & sign));
        }
        if constexpr (with_errors<set>) {
            add_value(difference, errors);
            errors.cross = errors.cross + error;
        }
        if constexpr (with_truth<set>) {
            add_square(y_true, squared_truth);
            add_value(y_true, truth);
        }
    };
    for (std::ptrdiff_t i = 0; i < block.length; i += 2 * lanes) {
        step(i);
        step(i + lanes);
    }
    if (any(has_moved(squares) | has_moved(sizes) | has_moved(errors) | has_moved(squared_truth) | has_moved(truth))) {
        return false;
    }
    if constexpr (with_squares<set>) add_block_sum(squares, sums.squared_error);
    if constexpr (!with_squares<set>) add_block_sum(sizes, sums.absolute_error);
    if constexpr (with_errors<set>) add_block_sum(errors, sums.error);
    if constexpr (with_truth<set>) {
        add_block_sum(squared_truth, sums.squared_truth);
        add_block_sum(truth, sums.truth);
    }
    return true;
}

template <CertifiedSet set>
constexpr auto certified_kernel = certified<set>;

#else

// Without a fused multiply-add, what a product lost takes longer than slices.
template <CertifiedSet set>
constexpr Kernels::Certified certified_kernel = nullptr;

#endif

}  // namespace
}  // namespace squarely
