#include "sums/rounded_sums.hpp"

#include <cmath>
#include <limits>

namespace squarely {
namespace {

// Of a number of values that is known, so that they stay in registers.
template <int count>
double sum_of_tree(const double* values) {
    if constexpr (count == 1) {
        return values[0];
    } else {
        constexpr int half = count / 2;
        double halves[half];
        for (int i = 0; i < half; ++i) halves[i] = values[i] + values[i + half];
        return sum_of_tree<half>(halves);
    }
}

}  // namespace

void add_block(RunningRoundedSum& sum, double block) {
    std::uint64_t level = 0;
    while ((sum.blocks >> level & 1) != 0) block += sum.subtrees[level++];
    sum.subtrees[level] = block;
    ++sum.blocks;
}

bool add_block(RunningRoundedSum& sum, const PairwiseSums& block) {
    const double total = sum_of_tree<pairwise_lanes>(block.lanes);
    if (!std::isfinite(total)) return false;
    add_block(sum, total);
    return true;
}

bool add_values(RunningRoundedSum& sum, Summation summation, const Kernels& kernels, const double* values,
                std::ptrdiff_t length) {
    if (summation == Summation::kahan) return kernels.kahan_values(values, length, sum.kahan);
    PairwiseSums block;
    kernels.pairwise_values(values, length, block);
    return add_block(sum, block);
}

RoundedSum joined(RoundedSum a, RoundedSum b) {
    const double sum = a.high + b.high;
    if (!std::isfinite(sum)) return {sum, 0.0};
    const double back = sum - a.high;
    const double error = (a.high - (sum - back)) + (b.high - back);
    const double low = error + (a.low + b.low);
    const double high = sum + low;
    if (!std::isfinite(high)) return {high, 0.0};
    return {high, low - (high - sum)};
}

void add_value(RunningRoundedSum& sum, double value) {
    double* const lanes = sum.kahan.lanes;
    const RoundedSum total = joined({lanes[0], lanes[kahan_lanes]}, {value, 0.0});
    sum.overflowed = sum.overflowed || !std::isfinite(total.high);
    if (!sum.overflowed) lanes[0] = total.high, lanes[kahan_lanes] = total.low;
}

RoundedSum result(const RunningRoundedSum& sum) {
    if (sum.overflowed) return {std::numeric_limits<double>::infinity(), 0.0};
    double tree = 0;
    for (std::uint64_t level = 0; level < 64; ++level) {
        if ((sum.blocks >> level & 1) != 0) tree += sum.subtrees[level];
    }
    RoundedSum total{tree, 0.0};
    for (int i = 0; i < kahan_lanes; ++i) total = joined(total, {sum.kahan.lanes[i], sum.kahan.lanes[kahan_lanes + i]});
    return total;
}

}  // namespace squarely
