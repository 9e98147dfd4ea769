// Survey: what a block holds, before it is summed.
#pragma once

#include "lanes.hpp"

namespace squarely {
namespace {

double largest_difference(const Block& block) {
    Vector largest{};
    for (std::ptrdiff_t i = 0; i < block.length; i += lanes) {
        const Vector size = absolute(load<Vector>(block.y_true + i) - load<Vector>(block.y_pred + i));
        largest = size > largest ? size : largest;  // false for NaN
    }
    double all = 0;
    for (int i = 0; i < lanes; ++i) all = lane(largest, i) > all ? lane(largest, i) : all;
    return all;
}

SQUARELY_INLINE std::uint64_t sum_of_lanes(Bits value) {
    std::uint64_t sum = 0;
    for (int i = 0; i < lanes; ++i) sum += lane(value, i);
    return sum;
}

void blank_missing(const Block& block, double* y_true, double* y_pred, std::uint64_t* missing) {
    Bits counts_true{};
    Bits counts_pred{};
    for (std::ptrdiff_t i = 0; i < block.length; i += lanes) {
        const Vector truth = load<Vector>(block.y_true + i);
        const Vector prediction = load<Vector>(block.y_pred + i);
        const Bits has_truth = mask(truth == truth);
        const Bits has_both = has_truth & mask(prediction == prediction);
        counts_true -= ~has_truth;  // a set mask is -1
        counts_pred -= has_truth & ~has_both;
        store(y_true + i, bits(truth) & has_both);
        store(y_pred + i, bits(prediction) & has_both);
    }
    missing[0] = sum_of_lanes(counts_true);
    missing[1] = sum_of_lanes(counts_pred);
}

}  // namespace
}  // namespace squarely
