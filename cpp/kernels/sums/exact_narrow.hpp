// The exact sum of squared differences where two slices do, and three products: of elements of four bytes, and of
// doubles with few bits.
#pragma once

#include "kernels/sums/exact.hpp"

namespace squarely {
namespace {

SQUARELY_INLINE void square_two_slices(Vector difference, const Grids& grids, Products& products) {
    const Vector d1 = (difference + grids.sigma1) - grids.sigma1;
    const Vector d2 = difference - d1;
    products.p11 = multiply_add(d1, d1, products.p11);
    products.p12 = multiply_add(d1, d2, products.p12);
    products.p22 = multiply_add(d2, d2, products.p22);
}

SQUARELY_INLINE void add_narrow_group(const Products& products, LaneSums& sums) {
    sums.s11 += bits(products.p11);
    sums.s12 += bits(products.p12);
    sums.s22 += bits(products.p22);
}

// float32: inputs that are multiples of the last grid have a difference of two slices, and widening them to double
// makes it exact. The check is the smallest non-zero magnitude; doubling the bits drops the sign, and subtracting
// one puts zero out of the way.
SQUARELY_INLINE NarrowBits magnitudes(const void* source) {
    const NarrowBits pattern = load<NarrowBits>(source);
    return pattern + pattern - 1;
}

template <class Filter, int... I>
SQUARELY_INLINE void square_float32_group(const float* y_true, const float* y_pred, std::ptrdiff_t first, Ahead& ahead,
                                          const Grids& grids, const Filter& filter, Products& products,
                                          NarrowBits& smallest, Steps<I...>) {
    const auto step = [&](std::ptrdiff_t i) __attribute__((always_inline)) {
        if (i % 16 == 0) prefetch_next(ahead);
        if (i % narrow_lanes == 0) {
            smallest = smaller(smallest, smaller(magnitudes(y_true + i), magnitudes(y_pred + i)));
        }
        Vector truth = widened(y_true + i);
        Vector prediction = widened(y_pred + i);
        filter.apply(truth, prediction, first + i);
        square_two_slices(truth - prediction, grids, products);
    };
    (step(I * lanes), ...);
}

template <class Filter>
SQUARELY_INLINE bool square_float32(const NarrowBlock& block, const Window& window, SlicedSums& sums,
                                    const Filter& filter) {
    constexpr int group = vectors_in_group * lanes;
    const auto* y_true = reinterpret_cast<const float*>(block.y_true);
    const auto* y_pred = reinterpret_cast<const float*>(block.y_pred);
    const Grids grids = grids_of(window);
    const Products start = start_of(window);
    LaneSums lane_sums = load_sums(sums);
    Ahead ahead = block.ahead;
    NarrowBits smallest = NarrowBits{} - 1;
    Bits moved{};
    for (std::ptrdiff_t first = 0; first < block.length; first += group) {
        Products products = start;
        square_float32_group(y_true + first, y_pred + first, first, ahead, grids, filter, products, smallest,
                             StepsUpTo<vectors_in_group>{});
        moved |= bits(products.p11) ^ bits(start.p11);
        add_narrow_group(products, lane_sums);
    }
    if (any(moved & exponent_field) || any_below(smallest, window.narrow_floor)) return false;
    store_sums(lane_sums, sums, block.length / group);
    return true;
}

bool exact_squares_float32(const NarrowBlock& block, const Window& window, SlicedSums& sums) {
    return square_float32(block, window, sums, KeepAll{});
}

// What lies where a value is not there is checked too, which at worst sends the block the long way.
bool exact_squares_float32_valid(const NarrowBlock& block, const Validity& validity, const Window& window,
                                 SlicedSums& sums) {
    return square_float32(block, window, sums, KeepValid{validity});
}

// float64: numbers that are multiples of twice the second grid. Adding 3 * 2^52 units of that grid leaves none of them
// changed, and changes all others but multiples of the grid itself: a number large enough to be rounded to less has no
// finer bits. As above their differences are exact, and within two slices where check R holds.
SQUARELY_INLINE Bits off_grid(Vector value, Vector rounding) { return bits(((value + rounding) - rounding) - value); }

template <int... I>
SQUARELY_INLINE void square_group_on_grid(const Block& block, std::ptrdiff_t first, Ahead& ahead, const Grids& grids,
                                          Products& products, Bits& all_off, Steps<I...>) {
    const Vector rounding = grids.sigma2 + grids.sigma2;
    const auto step = [&](std::ptrdiff_t i) __attribute__((always_inline)) {
        if (i % 8 == 0) prefetch_next(ahead);
        const Vector y_true = load<Vector>(block.y_true + first + i);
        const Vector y_pred = load<Vector>(block.y_pred + first + i);
        all_off |= off_grid(y_true, rounding) | off_grid(y_pred, rounding);
        square_two_slices(y_true - y_pred, grids, products);
    };
    (step(I * lanes), ...);
}

// Adds what exact_squares would: products of the third slice, which is zero, stay what groups start from.
bool exact_squares_on_grid(const Block& block, const Window& window, SlicedSums& sums) {
    constexpr int group = vectors_in_group * lanes;
    const Grids grids = grids_of(window);
    const Products start = start_of(window);
    LaneSums lane_sums = load_sums(sums);
    Ahead ahead = block.ahead;
    Bits all_off{};
    Bits moved{};
    for (std::ptrdiff_t first = 0; first < block.length; first += group) {
        Products products = start;
        square_group_on_grid(block, first, ahead, grids, products, all_off, StepsUpTo<vectors_in_group>{});
        moved |= bits(products.p11) ^ bits(start.p11);
        add_group(products, lane_sums);
    }
    if (any(all_off | (moved & exponent_field))) return false;
    store_sums(lane_sums, sums, block.length / group);
    return true;
}

}  // namespace
}  // namespace squarely
