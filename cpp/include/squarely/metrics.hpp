// A metric is a name, the sums it needs, and a formula over them. It never sees data.
#pragma once

#include "squarely/state.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace squarely {

struct Metric {
    std::string_view name;
    std::string_view parameter;  // its name; empty where there is none
    double default_parameter;
    std::vector<Summand> (*summands)(double parameter);

    // Of one output: correctly rounded where the sums are exact and the formula is algebra. NaN where the metric is
    // undefined.
    double (*value)(const State& state, std::size_t output, double parameter);
};

std::span<const Metric> all_metrics();

// Throws std::invalid_argument where there is no such metric.
const Metric& metric_named(std::string_view name);

}  // namespace squarely
