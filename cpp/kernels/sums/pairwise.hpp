// Pairwise summation inside a block: thirty-two logical lanes of at most sixteen terms each. The caller continues with
// a binary tree over the lanes, and over blocks (Higham, "The accuracy of floating point summation", 1993).
#pragma once

#include "kernels/sums/kahan.hpp"

namespace squarely {
namespace {

struct PairwiseLane {
    static constexpr int lanes_in_all = pairwise_lanes;
    static constexpr int at_once = 4;
    static constexpr bool keeps_errors = false;
    Vector sum;

    SQUARELY_INLINE void get(const double*) { sum = Vector{}; }  // every block begins anew
    SQUARELY_INLINE void put(double* sums) const { store(sums, sum); }
    template <Added>
    SQUARELY_INLINE void add(Vector value) {
        sum += value;
    }
};

template <int... I>
SQUARELY_INLINE void add_plain(const double* values, Vector* sums, Steps<I...>) {
    ((sums[I] += load<Vector>(values + I * lanes)), ...);
}

void pairwise_values(const double* values, std::ptrdiff_t length, PairwiseSums& sums) {
    constexpr int vectors = pairwise_lanes / lanes;
    Vector lanes_so_far[vectors]{};
    for (std::ptrdiff_t first = 0; first < length; first += pairwise_lanes) {
        add_plain(values + first, lanes_so_far, StepsUpTo<vectors>{});
    }
    for (int i = 0; i < vectors; ++i) store(sums.lanes + i * lanes, lanes_so_far[i]);
}

}  // namespace
}  // namespace squarely
