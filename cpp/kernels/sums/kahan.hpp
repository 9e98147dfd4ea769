// Compensated summation in sixteen lanes: every lane keeps the rounding errors of its additions beside its sum
// (Kahan 1965, in Neumaier's order-free form). The lanes are logical: the same sixteen on every target.
#pragma once

#include "kernels/lanes.hpp"

namespace squarely {
namespace {

template <int... I>
SQUARELY_INLINE void add_compensated(const double* values, Vector* high, Vector* low, Steps<I...>) {
    const auto step = [&](int i) __attribute__((always_inline)) {
        const Vector value = load<Vector>(values + i * lanes);
        const Vector sum = high[i] + value;
        const Vector back = sum - high[i];
        low[i] += (high[i] - (sum - back)) + (value - back);
        high[i] = sum;
    };
    (step(I), ...);
}

bool kahan_values(const double* values, std::ptrdiff_t length, KahanSums& sums) {
    constexpr int vectors = kahan_lanes / lanes;
    Vector high[vectors];
    Vector low[vectors];
    for (int i = 0; i < vectors; ++i) {
        high[i] = load<Vector>(sums.high + i * lanes);
        low[i] = load<Vector>(sums.low + i * lanes);
    }
    for (std::ptrdiff_t first = 0; first < length; first += kahan_lanes) {
        add_compensated(values + first, high, low, StepsUpTo<vectors>{});
    }
    Vector zero{};
    for (int i = 0; i < vectors; ++i) zero += high[i] - high[i];
    if (any(bits(zero))) return false;  // infinity - infinity and NaN are not zero
    for (int i = 0; i < vectors; ++i) {
        store(sums.high + i * lanes, high[i]);
        store(sums.low + i * lanes, low[i]);
    }
    return true;
}

}  // namespace
}  // namespace squarely
