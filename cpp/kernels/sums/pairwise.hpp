// Pairwise summation inside a block: thirty-two logical lanes of at most sixteen terms each, then a binary tree over
// the lanes. The caller continues the tree over blocks (Higham, "The accuracy of floating point summation", 1993).
#pragma once

#include "kernels/lanes.hpp"

namespace squarely {
namespace {

constexpr int pairwise_lanes = 32;

template <int... I>
SQUARELY_INLINE void add_plain(const double* values, Vector* sums, Steps<I...>) {
    ((sums[I] += load<Vector>(values + I * lanes)), ...);
}

bool pairwise_values(const double* values, std::ptrdiff_t length, double& sum) {
    constexpr int vectors = pairwise_lanes / lanes;
    Vector sums[vectors]{};
    for (std::ptrdiff_t first = 0; first < length; first += pairwise_lanes) {
        add_plain(values + first, sums, StepsUpTo<vectors>{});
    }
    double tree[pairwise_lanes];
    for (int i = 0; i < vectors; ++i) store(tree + i * lanes, sums[i]);
    for (int half = pairwise_lanes / 2; half > 0; half /= 2) {
        for (int i = 0; i < half; ++i) tree[i] += tree[i + half];
    }
    if (!(tree[0] - tree[0] == 0)) return false;
    sum = tree[0];
    return true;
}

}  // namespace
}  // namespace squarely
