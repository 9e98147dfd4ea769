// The exact sum of doubles in a row: two slices of fifty bits, added up as integers.
//
// A value plus sigma1 is a double whose bits count units of 2^(E-50); what that left over, plus sigma2, counts units of
// 2^(E-100). A lane of 64 bits holds 4000 such counts, because each stays below 2^51 while sign and exponent of the
// sum with sigma have not moved.
#pragma once

#include "kernels/sums/exact.hpp"

namespace squarely {
namespace {

// A value near -2 sigma leaves the exponent as it was, and turns the sign.
constexpr std::uint64_t sign_and_exponent = 0xfff0000000000000;

struct ValueSlices {
    Vector rounded1, rounded2;
    Bits lost;   // not zero where two slices do not hold the value
    Bits moved;  // sign and exponent among them too, where it is too large for its window, or not a number
};

SQUARELY_INLINE ValueSlices sliced_value(Vector value, Vector sigma1, Vector sigma2) {
    const Vector rounded1 = value + sigma1;
    const Vector rest = value - (rounded1 - sigma1);
    const Vector rounded2 = rest + sigma2;
    return {rounded1, rounded2, bits((rounded2 - sigma2) - rest), bits(rounded1) ^ bits(sigma1)};
}

template <int... I>
SQUARELY_INLINE void add_values(const double* values, Vector sigma1, Vector sigma2, Bits& sum1, Bits& sum2, Bits& lost,
                                Bits& moved, Steps<I...>) {
    const auto step = [&](std::ptrdiff_t i) __attribute__((always_inline)) {
        const ValueSlices slices = sliced_value(load<Vector>(values + i), sigma1, sigma2);
        sum1 += bits(slices.rounded1);
        sum2 += bits(slices.rounded2);
        lost |= slices.lost;
        moved |= slices.moved;
    };
    (step(I * lanes), ...);
}

// All or nothing.
bool exact_values(const double* values, std::ptrdiff_t length, const ValueWindow& window, ValueLanes& sums) {
    constexpr int group = vectors_in_group * lanes;
    const Vector sigma1 = broadcast(window.sigma1);
    const Vector sigma2 = broadcast(window.sigma2);
    Bits sum1 = load<Bits>(sums.lanes[0]);
    Bits sum2 = load<Bits>(sums.lanes[1]);
    Bits lost{};
    Bits moved{};
    for (std::ptrdiff_t first = 0; first < length; first += group) {
        add_values(values + first, sigma1, sigma2, sum1, sum2, lost, moved, StepsUpTo<vectors_in_group>{});
    }
    if (any(lost | (moved & sign_and_exponent))) return false;
    store(sums.lanes[0], sum1);
    store(sums.lanes[1], sum2);
    sums.vectors += length / lanes;
    return true;
}

// Values outside the window: value i has bit i % 64 of misfits[i / 64].
void find_misfit_values(const double* values, std::ptrdiff_t length, const ValueWindow& window,
                        std::uint64_t* misfits) {
    const Vector sigma1 = broadcast(window.sigma1);
    const Vector sigma2 = broadcast(window.sigma2);
    for (std::ptrdiff_t i = 0; i < length; i += lanes) {
        const ValueSlices slices = sliced_value(load<Vector>(values + i), sigma1, sigma2);
        const Bits bad = mask((slices.lost | (slices.moved & sign_and_exponent)) != Bits{});
        if (i % 64 == 0) misfits[i / 64] = 0;
        misfits[i / 64] |= lanes_set(bad) << i % 64;
    }
}

}  // namespace
}  // namespace squarely
