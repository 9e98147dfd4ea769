// From the sums of an accumulator to scores.
#pragma once

#include "accumulator/accumulator.hpp"

namespace squarely {

// One value an output: NaN where an output has too few pairs, or where the policy propagates what is missing. Of an
// undefined quotient too.
std::vector<double> values_of(const Configuration& configuration, const State& state, const AskedMetric& asked);

// Why there is no score, whatever its value would be, or none. Pairs that are too few are no such reason.
Refusal why_no_score(const Configuration& configuration, const State& state, const AskedMetric& asked);
Refusal why_no_weights(const State& state);  // of an output with pairs
bool has_too_few_pairs(const State& state, const AskedMetric& asked);

// Of weights that are all zero nothing is left, whatever the number of pairs.
bool has_no_weight(const State& state, std::size_t output);

// Of one output, by the sums of the metric: whether its weights sum to zero, and how many pairs are outside the domain.
bool weights_sum_to_zero(const OutputSums& sums);
std::uint64_t pairs_outside(const OutputSums& sums, const AskedMetric& asked);

// Why there is none of one output.
Reason why_no_value(const State& state, std::size_t output, const AskedMetric& asked);

// How many pairs of an output are outside the domain of the metric.
std::uint64_t pairs_outside(const State& state, std::size_t output, const AskedMetric& asked);

// The same, and NaN too where pairs are outside the domain.
std::vector<double> values_where_defined(const Configuration& configuration, const State& state,
                                         const AskedMetric& asked);

// Of the outputs of a configuration that does not ask for raw values.
double averaged(const Configuration& configuration, const State& state, std::span<const double> values);

}  // namespace squarely
