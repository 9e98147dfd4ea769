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

// Of value + error, the third slice being all that is left: on its grid or, where lost says so, not.
SQUARELY_INLINE Slices sliced_of(Vector value, Vector error, const Grids& grids) {
    const Vector rounded1 = value + grids.sigma1;
    const Vector d1 = rounded1 - grids.sigma1;
    const Vector rest = value - d1;
    const Vector rounded2 = rest + grids.sigma2;
    const Vector d2 = rounded2 - grids.sigma2;
    const Vector d3 = (rest - d2) + error;
    const Vector rounded3 = d3 + grids.sigma3;
    const Bits lost = bits((rounded3 - grids.sigma3) - d3);
    return {d1, d2, d3, lost, value, rounded1, rounded2, rounded3};
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
    const Bits lost = bits((rounded3 - grids.sigma3) - d3);
    return {d1, d2, d3, lost, value, rounded1, rounded2, rounded3};
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

// Of the positive differences, how many there are, and the largest difference of either sign.
struct ErrorRegisters {
    SliceSums positive;
    Bits positives;
    Vector largest;
};

SQUARELY_INLINE void add_error(const Slices& slices, ErrorRegisters& error) {
    const Vector difference = slices.whole;
    error.positive.s1 = add_where_positive(difference, error.positive.s1, bits(slices.rounded1));
    error.positive.s2 = add_where_positive(difference, error.positive.s2, bits(slices.rounded2));
    error.positive.s3 = add_where_positive(difference, error.positive.s3, bits(slices.rounded3));
    error.positives = add_where_positive(difference, error.positives, Bits{} + 1);
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
    bool by_size;
};

// What was found in the way: bits lost, or the smallest sizes seen.
struct Found {
    Bits lost;
    Vector least_true;
    Vector least_pred;
};

template <MomentPart part, int... I>
SQUARELY_INLINE void add_group_of_moments(const Block& block, std::ptrdiff_t first, Ahead& ahead, Moment& difference,
                                          Moment& y_true, Moment& y_pred, ErrorRegisters& error, Found& found,
                                          Steps<I...>) {
    const auto add_own = [&](Vector value, Moment& moment) __attribute__((always_inline)) {
        const Slices own = sliced(value, moment.grids);
        if constexpr (!part.by_size) found.lost |= own.lost;
        accumulate(own, moment.products);
        add_slices(own, moment.slice_sums);
    };
    const auto step = [&](std::ptrdiff_t i) __attribute__((always_inline)) {
        const Vector truth = load<Vector>(block.y_true + first + i);
        const Vector prediction = load<Vector>(block.y_pred + first + i);
        if constexpr (part.of_difference) {
            if (i % 8 == 0) prefetch_next(ahead);
            const Slices slices = part.by_size ? sliced_on_grid(truth, prediction, difference.grids)
                                               : sliced(truth, prediction, difference.grids);
            if constexpr (part.by_size) {
                found.least_true = smaller_size(truth, found.least_true);
                found.least_pred = smaller_size(prediction, found.least_pred);
            } else {
                found.lost |= slices.lost;
            }
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
    const auto& positive = sums.positive;
    ErrorRegisters error{{load<Bits>(positive[0]), load<Bits>(positive[1]), load<Bits>(positive[2])},
                         load<Bits>(sums.positives),
                         load<Vector>(sums.largest)};
    Ahead ahead = block.ahead;
    Found found{{}, broadcast(__builtin_inf()), broadcast(__builtin_inf())};
    for (std::ptrdiff_t first = 0; first < block.length; first += group) {
        add_group_of_moments<part>(block, first, ahead, difference, y_true, y_pred, error, found,
                                   StepsUpTo<vectors_in_group>{});
        if constexpr (part.of_difference) end_group(difference);
        if constexpr (part.of_truth) end_group(y_true);
        if constexpr (part.of_prediction) end_group(y_pred);
    }
    const Bits moved = difference.moved | y_true.moved | y_pred.moved;
    const Bits too_small =
        is_below(found.least_true, windows.least_true) | is_below(found.least_pred, windows.least_pred);
    if (any(found.lost | too_small | (moved & exponent_field))) return false;
    if constexpr (part.of_truth) store_moment(y_true, sums.y_true);
    if constexpr (part.of_prediction) store_moment(y_pred, sums.y_pred);
    if constexpr (part.of_difference) store_moment(difference, sums.difference);
    if constexpr (part.of_error) {
        store(sums.positive[0], error.positive.s1);
        store(sums.positive[1], error.positive.s2);
        store(sums.positive[2], error.positive.s3);
        store(sums.positives, error.positives);
        store(sums.largest, error.largest);
    }
    if constexpr (part.of_difference) sums.groups += block.length / group;
    return true;
}

// Sixteen registers do not hold the sums of two quantities at once: there two loops over a block in L1 are faster.
constexpr bool fits_one_loop = lanes == 8;

// All or nothing, as exact_squares.
template <bool of_error, bool of_truth, bool of_prediction, bool by_size>
bool exact_moments(const Block& block, const MomentWindows& windows, MomentSums& sums) {
    if constexpr (fits_one_loop || !(of_truth || of_prediction)) {
        return add_moments<MomentPart{true, of_error, of_truth, of_prediction, by_size}>(block, windows, sums);
    } else {
        const MomentSums before = sums;
        if (!add_moments<MomentPart{true, of_error, false, false, by_size}>(block, windows, sums)) return false;
        if (add_moments<MomentPart{false, false, of_truth, of_prediction, by_size}>(block, windows, sums)) return true;
        sums = before;
        return false;
    }
}

// A copy in which pairs of zeros stand for those that keep a block from being summed, whose bits are set: of pair i bit
// i % 64 of misfits[i / 64].
void copy_fitting(const Block& block, const MomentWindows& windows, MomentSet set, double* y_true, double* y_pred,
                  std::uint64_t* misfits) {
    const Grids difference = grids_of(windows.difference);
    const Grids of_true = grids_of(windows.y_true);
    const Grids of_pred = grids_of(windows.y_pred);
    Ahead ahead = block.ahead;
    for (std::ptrdiff_t i = 0; i < block.length; i += lanes) {
        if (i % 8 == 0) prefetch_next(ahead);
        const Vector truth = load<Vector>(block.y_true + i);
        const Vector prediction = load<Vector>(block.y_pred + i);
        Bits fits = mask(absolute(truth - prediction) < broadcast(windows.difference.limit));  // false for NaN
        Bits lost = sliced(truth, prediction, difference).lost;
        if (set.of_truth) {
            fits &= mask(absolute(truth) < broadcast(windows.y_true.limit));
            lost |= sliced(truth, of_true).lost;
        }
        if (set.of_prediction) {
            fits &= mask(absolute(prediction) < broadcast(windows.y_pred.limit));
            lost |= sliced(prediction, of_pred).lost;
        }
        fits &= mask(lost == Bits{});
        store(y_true + i, from_bits(bits(truth) & fits));
        store(y_pred + i, from_bits(bits(prediction) & fits));
        const std::uint64_t found = lanes_set(~fits);
        if (i % 64 == 0) misfits[i / 64] = 0;
        misfits[i / 64] |= found << i % 64;
    }
}

}  // namespace
}  // namespace squarely
