// A metric is a name and a formula over the sums of one output. It never sees data.
#pragma once

#include "squarely/state.hpp"

#include <span>
#include <string_view>

namespace squarely {

struct OutputSums {
    const PairCounts& counts;
    const ExactSum* squared_error;  // null where the summation rounds
    RoundedSum rounded_squared_error;
};

OutputSums sums_of(const State& state, std::size_t output);

struct Metric {
    std::string_view name;
    double (*value)(const OutputSums& sums);  // correctly rounded where the sum is exact
};

std::span<const Metric> all_metrics();

// Throws std::invalid_argument where there is no such metric.
const Metric& metric_named(std::string_view name);

}  // namespace squarely
