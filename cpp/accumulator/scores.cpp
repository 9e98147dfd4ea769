#include "accumulator/scores.hpp"

#include "machine/threads.hpp"
#include "numbers/average.hpp"
#include "states/metric_formulas.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace squarely {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// Calls fill(first, last) for all outputs, by threads where they are many.
template <class Fill>
void for_outputs(std::size_t count, Fill fill) {
    constexpr std::size_t outputs_in_job = 4096;
    if (count == 0) return;
    if (count <= outputs_in_job) return fill(0, count);
    const std::size_t jobs = (count + outputs_in_job - 1) / outputs_in_job;
    parallel_for(static_cast<std::ptrdiff_t>(jobs), [&](std::ptrdiff_t job) {
        const std::size_t first = static_cast<std::size_t>(job) * outputs_in_job;
        fill(first, std::min(count, first + outputs_in_job));
    });
}

bool has_few_pairs(const PairCounts& counts, const Metric& metric) {
    return counts.pairs < static_cast<std::uint64_t>(metric.least_pairs);
}

bool weights_sum_to_zero(const State& state, std::size_t output) {
    return state.weighted && weights_sum_to_zero(sums_of_output(state, output, {}));
}

bool is_missing_some(const PairCounts& counts) { return counts.missing_true + counts.missing_pred > 0; }

// Minus infinity is, wherever large negative numbers are.
std::uint64_t infinities_outside(const PairCounts& counts, const AskedMetric& asked) {
    const Metric& metric = *asked.metric;
    const double power = std::isnan(metric.fixed_power) ? asked.parameter : metric.fixed_power;
    if (metric.domain == Domain::logarithm) return counts.low_true + counts.low_pred;
    if (metric.domain == Domain::all || power == 0) return 0;
    return counts.low_pred + (power < 1 ? 0 : counts.low_true);
}

}  // namespace

bool has_no_weight(const State& state, std::size_t output) {
    return state.counts[output].pairs > 0 && weights_sum_to_zero(state, output);
}

Refusal why_no_weights(const State& state) {
    for (std::size_t i = 0; i < state.counts.size(); ++i) {
        if (has_no_weight(state, i)) return {Reason::weights_sum_to_zero, i};
    }
    return {};
}

bool weights_sum_to_zero(const OutputSums& sums) {
    if (!sums.weighted) return false;
    const SumOfOutput& weights = find(sums, {Term::sample_weight});
    return weights.exact ? is_zero(*weights.exact) : weights.rounded->high == 0;
}

std::uint64_t pairs_outside(const OutputSums& sums, const AskedMetric& asked) {
    std::uint64_t outside = 0;
    for (int i = 0; i < sums.number; ++i) {
        const TermCounts* counted = sums.sums[i].counted;
        const bool is_of_weights = sums.sums[i].summand.term == Term::sample_weight;
        if (counted != nullptr && !is_of_weights) outside = std::max(outside, counted->outside);
    }
    return outside + infinities_outside(sums.counts, asked);
}

std::uint64_t pairs_outside(const State& state, std::size_t output, const AskedMetric& asked) {
    return pairs_outside(sums_of_output(state, output, asked.metric->summands(asked.parameter)), asked);
}

std::vector<double> values_of(const Configuration& configuration, const State& state, const AskedMetric& asked) {
    const bool propagates = configuration.nan_policy == NanPolicy::propagate;
    std::vector<double> values(state.counts.size(), nan);
    const auto fill = [&](std::size_t first, std::size_t last) {
        OutputSums sums = sums_of_output(state, first, asked.metric->summands(asked.parameter));
        for (std::size_t i = first; i < last; ++i) {
            refer_to(sums, state, i);
            if (has_few_pairs(sums.counts, *asked.metric)) continue;
            if (propagates && is_missing_some(sums.counts)) continue;
            values[i] = value_of(*asked.metric, sums, asked.parameter);
        }
    };
    for_outputs(values.size(), fill);
    return values;
}

std::vector<double> values_where_defined(const Configuration& configuration, const State& state,
                                         const AskedMetric& asked) {
    std::vector<double> values = values_of(configuration, state, asked);
    if (asked.metric->domain == Domain::all) return values;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (pairs_outside(state, i, asked) > 0) values[i] = nan;
    }
    return values;
}

Refusal why_no_score(const Configuration& configuration, const State& state, const AskedMetric& asked) {
    if (const Refusal refusal = why_no_weights(state); refusal.reason != Reason::none) return refusal;
    const auto has_pairs = [](const PairCounts& counts) { return counts.pairs > 0; };
    // An ocean cell of a land mask has no score, and the others have theirs.
    const bool needs_all = configuration.averaging != Averaging::raw_values ||
                           std::none_of(state.counts.begin(), state.counts.end(), has_pairs);
    if (configuration.nan_policy != NanPolicy::propagate && needs_all) {
        const auto found = std::find_if_not(state.counts.begin(), state.counts.end(), has_pairs);
        if (found != state.counts.end()) {
            return {Reason::no_pairs, found.output};
        }
    }
    if (asked.metric->domain == Domain::all) return {};
    for (std::size_t i = 0; i < state.counts.size(); ++i) {
        if (pairs_outside(state, i, asked) > 0) return {Reason::outside_domain, i};
    }
    return {};
}

bool has_too_few_pairs(const State& state, const AskedMetric& asked) {
    return asked.metric->least_pairs > 1 &&
           std::any_of(state.counts.begin(), state.counts.end(),
                       [&](const PairCounts& counts) { return has_few_pairs(counts, *asked.metric); });
}

Reason why_no_value(const State& state, std::size_t output, const AskedMetric& asked) {
    if (state.counts[output].pairs == 0) return Reason::no_pairs;
    if (pairs_outside(state, output, asked) > 0) return Reason::outside_domain;
    if (has_few_pairs(state.counts[output], *asked.metric)) return Reason::too_few_pairs;
    return weights_sum_to_zero(state, output) ? Reason::weights_sum_to_zero : Reason::none;
}

double averaged(const Configuration& configuration, const State& state, std::span<const double> values) {
    if (values.size() == 1) return values[0];
    if (configuration.averaging == Averaging::weights) return average(values, configuration.output_weights);
    if (configuration.averaging == Averaging::variance_weighted) {
        const std::vector<double> variances = relative_variances_of_truth(state);
        // All truth constant: as scikit-learn, every output counts alike.
        const bool are_weights = std::any_of(variances.begin(), variances.end(), [](double one) { return one != 0; });
        if (are_weights) return average(values, variances);
    }
    return average(values, std::vector<double>(values.size(), 1.0));
}

}  // namespace squarely
