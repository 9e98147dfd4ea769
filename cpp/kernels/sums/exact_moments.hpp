// First and second moments in one loop: of the difference, and where they are asked for of truth and prediction.
//
// The slices of sums/exact.hpp give the sum of squares by their products and the sum itself for one addition each: a
// slice plus its sigma is a double whose bits count units of the slice's grid. The absolute sum follows from the sum of
// the positive differences alone: sum|d| = 2 sum(d > 0) - sum(d).
#pragma once

#include "kernels/sums/exact.hpp"
#include "kernels/terms.hpp"

namespace squarely {
namespace {

struct SliceSums {
    Bits s1, s2, s3;
};

// Registers of one quantity while a block is summed.
struct Moment {
    Grids grids;
    Products start;
    Products products;
    LaneSums lane_sums;
    SliceSums slice_sums;
    Bits moved{};  // check R
};

SQUARELY_INLINE Moment moment_of(const Window& window, const MomentLanes& lanes_so_far) {
    const auto& products = lanes_so_far.products;
    const auto& slices = lanes_so_far.slices;
    return {grids_of(window),
            start_of(window),
            start_of(window),
            {load<Bits>(products[0]), load<Bits>(products[1]), load<Bits>(products[2]), load<Bits>(products[3]),
             load<Bits>(products[4]), load<Bits>(products[5])},
            {load<Bits>(slices[0]), load<Bits>(slices[1]), load<Bits>(slices[2])}};
}

SQUARELY_INLINE void store_moment(const Moment& moment, MomentLanes& lanes_so_far) {
    store(lanes_so_far.products[0], moment.lane_sums.s11);
    store(lanes_so_far.products[1], moment.lane_sums.s12);
    store(lanes_so_far.products[2], moment.lane_sums.s22);
    store(lanes_so_far.products[3], moment.lane_sums.s13);
    store(lanes_so_far.products[4], moment.lane_sums.s23);
    store(lanes_so_far.products[5], moment.lane_sums.s33);
    store(lanes_so_far.slices[0], moment.slice_sums.s1);
    store(lanes_so_far.slices[1], moment.slice_sums.s2);
    store(lanes_so_far.slices[2], moment.slice_sums.s3);
}

// Of value + error, the third slice being all that is left: on its grid or, where the check says so, not.
SQUARELY_INLINE Slices sliced_of(Vector value, Vector error, const Grids& grids) {
    const Vector rounded1 = value + grids.sigma1;
    const Vector d1 = rounded1 - grids.sigma1;
    const Vector rest = value - d1;
    const Vector rounded2 = rest + grids.sigma2;
    const Vector d2 = rounded2 - grids.sigma2;
    const Vector d3 = (rest - d2) + error;
    const Vector rounded3 = d3 + grids.sigma3;
    return {d1, d2, d3, d3, rounded3 - grids.sigma3, value, rounded1, rounded2, rounded3};
}

// Of one value: as above, without the error a subtraction would add.
SQUARELY_INLINE Slices sliced(Vector value, const Grids& grids) {
    const Vector rounded1 = value + grids.sigma1;
    const Vector d1 = rounded1 - grids.sigma1;
    const Vector rest = value - d1;
    const Vector rounded2 = rest + grids.sigma2;
    const Vector d2 = rounded2 - grids.sigma2;
    const Vector d3 = rest - d2;
    const Vector rounded3 = d3 + grids.sigma3;
    return {d1, d2, d3, d3, rounded3 - grids.sigma3, value, rounded1, rounded2, rounded3};
}

// Of a difference none of whose bits are below the last grid, because none of truth and prediction are.
SQUARELY_INLINE Slices sliced_on_grid(Vector y_true, Vector y_pred, const Grids& grids) {
    const Difference difference = difference_of(y_true, y_pred);
    return sliced_of(difference.rounded, difference.error, grids);
}

SQUARELY_INLINE void add_slices(const Slices& slices, SliceSums& sums) {
    sums.s1 += bits(slices.rounded1);
    sums.s2 += bits(slices.rounded2);
    sums.s3 += bits(slices.rounded3);
}

SQUARELY_INLINE void add_slices_where(LaneSet lanes_in, const Slices& slices, SliceSums& sums) {
    sums.s1 = add_where(lanes_in, sums.s1, bits(slices.rounded1));
    sums.s2 = add_where(lanes_in, sums.s2, bits(slices.rounded2));
    sums.s3 = add_where(lanes_in, sums.s3, bits(slices.rounded3));
}

// Of the positive differences, how many there are, and the largest difference of either sign.
struct ErrorRegisters {
    SliceSums positive;
    Bits positives;
    Vector largest;
};

SQUARELY_INLINE ErrorRegisters load_error(const MomentSums& sums) {
    const auto& positive = sums.positive;
    return {{load<Bits>(positive[0]), load<Bits>(positive[1]), load<Bits>(positive[2])},
            load<Bits>(sums.positives),
            load<Vector>(sums.largest)};
}

SQUARELY_INLINE void store_error(const ErrorRegisters& error, MomentSums& sums) {
    store(sums.positive[0], error.positive.s1);
    store(sums.positive[1], error.positive.s2);
    store(sums.positive[2], error.positive.s3);
    store(sums.positives, error.positives);
    store(sums.largest, error.largest);
}

SQUARELY_INLINE void add_positive(LaneSet positive, const Slices& slices, ErrorRegisters& error) {
    add_slices_where(positive, slices, error.positive);
    error.positives = add_where(positive, error.positives, Bits{} + 1);
}

SQUARELY_INLINE void add_error(const Slices& slices, ErrorRegisters& error) {
    add_positive(where_below(Vector{}, slices.whole), slices, error);
    error.largest = larger_size(slices.whole, error.largest);
}

SQUARELY_INLINE void end_group(Moment& moment) {
    moment.moved |= bits(moment.products.p11) ^ bits(moment.start.p11);
    add_group(moment.products, moment.lane_sums);
    moment.products = moment.start;
}

// What one loop forms, and how it proves that no bit is lost.
struct MomentPart {
    bool of_difference;
    bool of_error;
    bool of_truth;
    bool of_prediction;
};

// The smallest sizes seen: of them, and so of all, no bit may be below the last grid.
struct Least {
    Vector y_true = broadcast(__builtin_inf());
    Vector y_pred = broadcast(__builtin_inf());
};

template <MomentPart part, int... I>
SQUARELY_INLINE void add_group_of_moments(const Block& block, std::ptrdiff_t first, Ahead& ahead, Moment& difference,
                                          Moment& y_true, Moment& y_pred, ErrorRegisters& error, Least& least,
                                          Steps<I...>) {
    const auto add_own = [&](Vector value, Moment& moment) __attribute__((always_inline)) {
        const Slices own = sliced(value, moment.grids);
        accumulate(own, moment.products);
        add_slices(own, moment.slice_sums);
    };
    const auto step = [&](std::ptrdiff_t i) __attribute__((always_inline)) {
        const Vector truth = load<Vector>(block.y_true + first + i);
        const Vector prediction = load<Vector>(block.y_pred + first + i);
        if constexpr (part.of_difference) {
            if (i % 8 == 0) prefetch_next(ahead);
            const Slices slices = sliced_on_grid(truth, prediction, difference.grids);
            least.y_true = smaller_size(truth, least.y_true);
            least.y_pred = smaller_size(prediction, least.y_pred);
            accumulate(slices, difference.products);
            if constexpr (part.of_error) {
                add_slices(slices, difference.slice_sums);
                add_error(slices, error);
            }
        }
        if constexpr (part.of_truth) add_own(truth, y_true);
        if constexpr (part.of_prediction) add_own(prediction, y_pred);
    };
    (step(I * lanes), ...);
}

SQUARELY_INLINE Bits is_below(Vector size, double least) { return mask(size < broadcast(least)); }

template <MomentPart part>
bool add_moments(const Block& block, const MomentWindows& windows, MomentSums& sums) {
    constexpr int group = vectors_in_group * lanes;
    Moment difference = moment_of(windows.difference, sums.difference);
    Moment y_true = moment_of(windows.y_true, sums.y_true);
    Moment y_pred = moment_of(windows.y_pred, sums.y_pred);
    ErrorRegisters error = load_error(sums);
    Ahead ahead = block.ahead;
    Least least;
    for (std::ptrdiff_t first = 0; first < block.length; first += group) {
        add_group_of_moments<part>(block, first, ahead, difference, y_true, y_pred, error, least,
                                   StepsUpTo<vectors_in_group>{});
        if constexpr (part.of_difference) end_group(difference);
        if constexpr (part.of_truth) end_group(y_true);
        if constexpr (part.of_prediction) end_group(y_pred);
    }
    const Bits moved = difference.moved | y_true.moved | y_pred.moved;
    const Bits too_small = is_below(least.y_true, windows.least_true) | is_below(least.y_pred, windows.least_pred);
    if (any(too_small | (moved & exponent_field))) return false;
    if constexpr (part.of_truth) store_moment(y_true, sums.y_true);
    if constexpr (part.of_prediction) store_moment(y_pred, sums.y_pred);
    if constexpr (part.of_difference) store_moment(difference, sums.difference);
    if constexpr (part.of_error) store_error(error, sums);
    if constexpr (part.of_difference) sums.groups += block.length / group;
    return true;
}

// Sixteen registers do not hold the sums of two quantities at once: there two loops over a block in L1 are faster.
constexpr bool fits_one_loop = lanes == 8;

// All or nothing, as exact_squares.
template <bool of_error, bool of_truth, bool of_prediction>
bool exact_moments(const Block& block, const MomentWindows& windows, MomentSums& sums) {
    if constexpr (fits_one_loop || !(of_truth || of_prediction)) {
        return add_moments<MomentPart{true, of_error, of_truth, of_prediction}>(block, windows, sums);
    } else {
        const MomentSums before = sums;
        if (!add_moments<MomentPart{true, of_error, false, false}>(block, windows, sums)) return false;
        if (add_moments<MomentPart{false, false, of_truth, of_prediction}>(block, windows, sums)) return true;
        sums = before;
        return false;
    }
}

}  // namespace
}  // namespace squarely
