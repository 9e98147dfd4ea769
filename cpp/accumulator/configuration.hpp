// What is asked of pairs, before any is seen.
#pragma once

#include "tables/choices.hpp"
#include "tables/metrics.hpp"
#include "tables/reasons.hpp"

#include <string_view>
#include <vector>

namespace squarely {

struct AskedMetric {
    const Metric* metric;
    double parameter;

    bool operator==(const AskedMetric&) const = default;
};

// So that the sums of all can be counted in two bytes.
constexpr std::size_t most_metrics = 10'000;
static_assert(most_metrics * SummandList::most < 65'000);

struct Configuration {
    std::vector<AskedMetric> metrics;  // each once
    Averaging averaging = Averaging::uniform_average;
    std::vector<double> output_weights;  // where averaging is weights
    NanPolicy nan_policy = NanPolicy::raise;
    Summation summation = Summation::exact;
    bool complex_values = false;
};

bool takes_weights(const Configuration& configuration);

// Everything that is summed for it, of outputs that have seen nothing. Throws Refused where it takes no weights.
State empty_state(const Configuration& configuration, std::size_t outputs, bool weighted);

// Whether some metric sums it.
bool has_summand(const Configuration& configuration, const Summand& summand);

// A metric and its parameter as bytes name them, or Refused where users could not have asked for it.
AskedMetric checked_metric(std::string_view name, double parameter);

// Both throw Refused: where no caller could have asked for such a configuration, and where there are weights of another
// number of outputs.
void check_possible(const Configuration& configuration);
void check_output_weights(const Configuration& configuration, std::size_t outputs);

// What of two configurations differs, or none.
Reason difference_of(const Configuration& configuration, const Configuration& other);

// Throws Refused where the policy does not let through what was counted.
void check_policy(NanPolicy policy, const State& state);
void check_policy(NanPolicy policy, std::span<const State* const> parts);  // of one pass
bool lets_through(NanPolicy policy, const PairCounts& counts);

}  // namespace squarely
