// A metric is a name and a formula over the sums of one output. It never sees data.
#pragma once

#include "squarely/state.hpp"

#include <span>
#include <string_view>

namespace squarely {

struct Metric {
    std::string_view name;
    double (*value)(const State& state, std::size_t output);  // correctly rounded where the sum is exact
};

std::span<const Metric> all_metrics();

// Throws std::invalid_argument where there is no such metric.
const Metric& metric_named(std::string_view name);

}  // namespace squarely
