#include "sums/rounded_sums.hpp"

#include <cmath>
#include <limits>

namespace squarely {
namespace {

void push_block(RunningRoundedSum& sum, double block) {
    std::uint64_t level = 0;
    while ((sum.blocks >> level & 1) != 0) block += sum.subtrees[level++];
    sum.subtrees[level] = block;
    ++sum.blocks;
}

}  // namespace

bool add_values(RunningRoundedSum& sum, Summation summation, const Kernels& kernels, const double* values,
                std::ptrdiff_t length) {
    if (summation == Summation::kahan) return kernels.kahan_values(values, length, sum.kahan);
    double block = 0;
    if (!kernels.pairwise_values(values, length, block)) return false;
    push_block(sum, block);
    return true;
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
    const RoundedSum total = joined({sum.kahan.high[0], sum.kahan.low[0]}, {value, 0.0});
    sum.overflowed = sum.overflowed || !std::isfinite(total.high);
    if (!sum.overflowed) sum.kahan.high[0] = total.high, sum.kahan.low[0] = total.low;
}

RoundedSum result(const RunningRoundedSum& sum) {
    if (sum.overflowed) return {std::numeric_limits<double>::infinity(), 0.0};
    double tree = 0;
    for (std::uint64_t level = 0; level < 64; ++level) {
        if ((sum.blocks >> level & 1) != 0) tree += sum.subtrees[level];
    }
    RoundedSum total{tree, 0.0};
    for (int i = 0; i < kahan_lanes; ++i) total = joined(total, {sum.kahan.high[i], sum.kahan.low[i]});
    return total;
}

}  // namespace squarely
