// The exact sum of squared differences of elements of four bytes: two slices do, and three products.
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

}  // namespace
}  // namespace squarely
