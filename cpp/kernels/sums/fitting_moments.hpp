// The moments of exact_moments.hpp where some pairs do not fit the windows: those that do are added, and the others
// named. A pair goes in as a whole or not at all, so that it can be added elsewhere.
#pragma once

#include "kernels/sums/exact_moments.hpp"

namespace squarely {
namespace {

struct MomentLimits {
    Vector difference, y_true, y_pred;
};

template <MomentSet set>
SQUARELY_INLINE std::uint64_t add_fitting_group(const Block& block, std::ptrdiff_t first, Ahead& ahead,
                                                const MomentLimits& limits, Moment& difference, Moment& y_true,
                                                Moment& y_pred, ErrorRegisters& error, Bits& added) {
    std::uint64_t misfits = 0;
    const auto add_own = [&](const Slices& slices, LaneSet fits, Moment& moment) __attribute__((always_inline)) {
        accumulate_where(fits, slices, moment.products);
        add_slices_where(fits, slices, moment.slice_sums);
    };
    const auto step = [&](std::ptrdiff_t i) __attribute__((always_inline)) {
        if (i % 8 == 0) prefetch_next(ahead);
        const Vector truth = load<Vector>(block.y_true + first + i);
        const Vector prediction = load<Vector>(block.y_pred + first + i);
        const Slices slices = sliced(truth, prediction, difference.grids);
        LaneSet fits = fitting(slices, limits.difference);
        Slices of_true, of_pred;
        if constexpr (set.of_truth) {
            of_true = sliced(truth, y_true.grids);
            fits = fits & fitting(of_true, limits.y_true);
        }
        if constexpr (set.of_prediction) {
            of_pred = sliced(prediction, y_pred.grids);
            fits = fits & fitting(of_pred, limits.y_pred);
        }
        misfits |= word_of(~fits) << i;
        added = add_where(fits, added, Bits{} + 1);
        accumulate_where(fits, slices, difference.products);
        if constexpr (set.of_error) {
            add_slices_where(fits, slices, difference.slice_sums);
            add_positive(fits & where_below(Vector{}, slices.whole), slices, error);
            error.largest = larger_size(only(fits, slices.whole), error.largest);
        }
        if constexpr (set.of_truth) add_own(of_true, fits, y_true);
        if constexpr (set.of_prediction) add_own(of_pred, fits, y_pred);
    };
    for (int i = 0; i < vectors_in_group * lanes; i += 2 * lanes) {
        step(i);
        step(i + lanes);
    }
    return misfits;
}

// As if zeros had been added in the other pairs' place, whose slices come with the bits of sigma.
SQUARELY_INLINE void add_zeros(Bits count, Moment& moment) {
    moment.slice_sums.s1 += count * bits(moment.grids.sigma1);
    moment.slice_sums.s2 += count * bits(moment.grids.sigma2);
    moment.slice_sums.s3 += count * bits(moment.grids.sigma3);
}

// Sets the bits of the others: of pair i bit i % 64 of misfits[i / 64].
template <bool of_error, bool of_truth, bool of_prediction>
void fitting_moments(const Block& block, const MomentWindows& windows, MomentSums& sums, std::uint64_t* misfits) {
    constexpr MomentSet set{of_error, of_truth, of_prediction};
    constexpr int group = vectors_in_group * lanes;
    const MomentLimits limits{broadcast(windows.difference.limit), broadcast(windows.y_true.limit),
                              broadcast(windows.y_pred.limit)};
    Moment difference = moment_of(windows.difference, sums.difference);
    Moment y_true = moment_of(windows.y_true, sums.y_true);
    Moment y_pred = moment_of(windows.y_pred, sums.y_pred);
    ErrorRegisters error = load_error(sums);
    Ahead ahead = block.ahead;
    Bits added{};
    for (std::ptrdiff_t first = 0; first < block.length; first += group) {
        const std::uint64_t found =
            add_fitting_group<set>(block, first, ahead, limits, difference, y_true, y_pred, error, added);
        if (first % 64 == 0) misfits[first / 64] = 0;
        misfits[first / 64] |= found << first % 64;
        end_group(difference);
        if constexpr (set.of_truth) end_group(y_true);
        if constexpr (set.of_prediction) end_group(y_pred);
    }
    const Bits left_out = Bits{} + static_cast<std::uint64_t>(block.length / lanes) - added;
    if constexpr (set.of_error) {
        add_zeros(left_out, difference);
        store_error(error, sums);
    }
    if constexpr (set.of_truth) add_zeros(left_out, y_true);
    if constexpr (set.of_prediction) add_zeros(left_out, y_pred);
    store_moment(difference, sums.difference);
    if constexpr (set.of_truth) store_moment(y_true, sums.y_true);
    if constexpr (set.of_prediction) store_moment(y_pred, sums.y_pred);
    sums.groups += block.length / group;
}

}  // namespace
}  // namespace squarely
