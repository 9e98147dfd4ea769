// A metric is a name, the sums it needs, and a formula over them. It never sees data.
#pragma once

#include "states/state.hpp"

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

// 1 - the pinball loss of a model over that of a baseline, of the same pairs and weights: as one quotient, and where
// the baseline is perfect 1 for a perfect model and 0 for any other. The baseline is made of order statistics, which no
// sums hold, so that this is no metric of one state. Both have the sums of mean_pinball_loss.
double explained_pinball_loss(const State& model, const State& baseline, std::size_t output, double alpha);

// The variance of the truth of each output over the largest of them, by which outputs are averaged: variances
// themselves may be beyond all doubles. Needs the sums of variance_of_truth; all zeros where every truth is constant.
std::vector<double> relative_variances_of_truth(const State& state);

}  // namespace squarely
