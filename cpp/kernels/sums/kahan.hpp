// Compensated summation in sixteen lanes: every lane keeps the rounding errors of its additions beside its sum
// (Kahan 1965, in Neumaier's order-free form). The lanes are logical: the same sixteen on every target.
#pragma once

#include "lanes.hpp"

namespace squarely {
namespace {

template <class Term, int... I>
SQUARELY_INLINE void add_compensated(const Block& block, std::ptrdiff_t first, Ahead& ahead, Vector* high, Vector* low,
                                     Steps<I...>) {
    const auto step = [&](int i) __attribute__((always_inline)) {
        const std::ptrdiff_t element = first + i * lanes;
        if (element % 8 == 0) prefetch_next(ahead);
        const Vector term = Term::value(load<Vector>(block.y_true + element), load<Vector>(block.y_pred + element));
        const Vector sum = high[i] + term;
        const Vector back = sum - high[i];
        low[i] += (high[i] - (sum - back)) + (term - back);
        high[i] = sum;
    };
    (step(I), ...);
}

template <class Term>
bool kahan_sum(const Block& block, KahanSums& sums) {
    constexpr int vectors = kahan_lanes / lanes;
    Vector high[vectors];
    Vector low[vectors];
    for (int i = 0; i < vectors; ++i) {
        high[i] = load<Vector>(sums.high + i * lanes);
        low[i] = load<Vector>(sums.low + i * lanes);
    }
    Ahead ahead = block.ahead;
    for (std::ptrdiff_t first = 0; first < block.length; first += kahan_lanes) {
        add_compensated<Term>(block, first, ahead, high, low, StepsUpTo<vectors>{});
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
