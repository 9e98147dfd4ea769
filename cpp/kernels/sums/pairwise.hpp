// Pairwise summation inside a block: thirty-two logical lanes of at most sixteen terms each, then a binary tree over
// the lanes. The caller continues the tree over blocks (Higham, "The accuracy of floating point summation", 1993).
#pragma once

#include "lanes.hpp"

namespace squarely {
namespace {

constexpr int pairwise_lanes = 32;

template <class Term, int... I>
SQUARELY_INLINE void add_plain(const Block& block, std::ptrdiff_t first, Ahead& ahead, Vector* sums, Steps<I...>) {
    const auto step = [&](int i) __attribute__((always_inline)) {
        const std::ptrdiff_t element = first + i * lanes;
        if (element % 8 == 0) prefetch_next(ahead);
        sums[i] += Term::value(load<Vector>(block.y_true + element), load<Vector>(block.y_pred + element));
    };
    (step(I), ...);
}

template <class Term>
bool pairwise_sum(const Block& block, double& sum) {
    constexpr int vectors = pairwise_lanes / lanes;
    Vector sums[vectors]{};
    Ahead ahead = block.ahead;
    for (std::ptrdiff_t first = 0; first < block.length; first += pairwise_lanes) {
        add_plain<Term>(block, first, ahead, sums, StepsUpTo<vectors>{});
    }
    double values[pairwise_lanes];
    for (int i = 0; i < vectors; ++i) store(values + i * lanes, sums[i]);
    for (int half = pairwise_lanes / 2; half > 0; half /= 2) {
        for (int i = 0; i < half; ++i) values[i] += values[i + half];
    }
    if (!(values[0] - values[0] == 0)) return false;
    sum = values[0];
    return true;
}

}  // namespace
}  // namespace squarely
