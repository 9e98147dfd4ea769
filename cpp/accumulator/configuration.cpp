#include "accumulator/configuration.hpp"

namespace squarely {

State empty_state(const Configuration& configuration, std::size_t outputs, bool weighted) {
    std::vector<Summand> summands;
    const auto add = [&](const Metric& metric, double parameter) {
        for (const Summand& summand : metric.summands(parameter)) summands.push_back(summand);
    };
    for (const AskedMetric& asked : configuration.metrics) add(*asked.metric, asked.parameter);
    if (configuration.averaging == Averaging::variance_weighted) add(*find_metric("variance_of_truth"), 0);
    return make_state(outputs, configuration.summation, std::move(summands), weighted);
}

Reason difference_of(const Configuration& configuration, const Configuration& other) {
    if (&configuration == &other) return Reason::none;
    if (configuration.metrics != other.metrics) return Reason::metrics_differ;
    if (configuration.averaging != other.averaging || configuration.output_weights != other.output_weights) {
        return Reason::averaging_differs;
    }
    if (configuration.nan_policy != other.nan_policy) return Reason::nan_policies_differ;
    if (configuration.summation != other.summation) return Reason::summations_differ;
    return configuration.complex_values == other.complex_values ? Reason::none : Reason::complex_values_differ;
}

bool lets_through(NanPolicy policy, const PairCounts& counts) {
    if (policy == NanPolicy::propagate) return true;
    const bool refuses_truth = policy == NanPolicy::raise && counts.missing_true > 0;
    const bool refuses_prediction = policy != NanPolicy::omit && counts.missing_pred > 0;
    return !refuses_truth && !refuses_prediction && counts.infinite == 0 && counts.undefined == 0;
}

void check_policy(NanPolicy policy, const State& state) {
    bool is_let_through = true;
    PairCounts all;
    for (const PairCounts& counts : state.counts) {
        is_let_through = is_let_through && lets_through(policy, counts);
        add(all, counts);
    }
    if (is_let_through) return;
    Refusal refusal{Reason::infinite_values, 0, all.missing_true, all.missing_pred, all.infinite + all.undefined};
    all.infinite = all.undefined = 0;
    if (!lets_through(policy, all)) refusal.reason = Reason::missing_values;
    throw Refused(refusal);
}

}  // namespace squarely
