#include "accumulator/configuration.hpp"

#include "numbers/add_words.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace squarely {

namespace {

template <class Visit>
void for_each_summand(const Configuration& configuration, Visit visit) {
    const auto visit_all = [&](const Metric& metric, double parameter) {
        for (const Summand& summand : metric.summands(parameter)) visit(summand);
    };
    for (const AskedMetric& asked : configuration.metrics) visit_all(*asked.metric, asked.parameter);
    if (configuration.averaging == Averaging::variance_weighted) visit_all(*find_metric("variance_of_truth"), 0);
}

// In order, because bytes may name a great many.
bool is_each_once(std::vector<AskedMetric> metrics) {
    const auto key = [](const AskedMetric& asked) { return std::pair(asked.metric, asked.parameter); };
    std::sort(metrics.begin(), metrics.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
    return std::adjacent_find(metrics.begin(), metrics.end()) == metrics.end();
}

// Exactly, as the average divides by it.
bool sum_to_zero(const std::vector<double>& weights) {
    ExactSum sum;
    for (double weight : weights) add_number(sum, weight);
    return is_zero(sum);
}

}  // namespace

bool takes_weights(const Configuration& configuration) {
    return std::all_of(configuration.metrics.begin(), configuration.metrics.end(),
                       [](const AskedMetric& asked) { return asked.metric->takes_weights; });
}

State empty_state(const Configuration& configuration, std::size_t outputs, bool weighted) {
    if (weighted && !takes_weights(configuration)) throw Refused(Reason::weights_not_taken);
    std::vector<Summand> summands;
    for_each_summand(configuration, [&](const Summand& summand) { summands.push_back(summand); });
    return make_state(outputs, configuration.summation, std::move(summands), weighted);
}

bool has_summand(const Configuration& configuration, const Summand& summand) {
    bool is_there = false;
    for_each_summand(configuration, [&](const Summand& one) { is_there = is_there || one == summand; });
    return is_there;
}

AskedMetric checked_metric(std::string_view name, double parameter) {
    const Metric* metric = find_metric(name);
    const bool is_known = metric != nullptr && metric->name == name;
    if (!is_known || (metric->kind != MetricKind::sums && !metric->is_kept_beside)) {
        throw Refused(Reason::bytes_configuration);
    }
    const bool has_parameter = metric->parameter->contains != nullptr;
    const bool is_allowed =
        has_parameter ? metric->parameter->contains(parameter) && std::isfinite(parameter) : parameter == 0;
    if (!is_allowed) throw Refused(Reason::bytes_configuration);
    return {metric, parameter + 0.0};  // of two zeros one
}

void check_possible(const Configuration& configuration) {
    bool is_possible = !configuration.metrics.empty() && configuration.metrics.size() <= most_metrics;
    is_possible = is_possible && is_each_once(configuration.metrics);
    for (std::size_t i = 0; i < configuration.metrics.size(); ++i) {
        // What is kept beside metrics comes after them.
        is_possible &= !configuration.metrics[i].metric->is_kept_beside || i + 1 == configuration.metrics.size();
    }
    for (const AskedMetric& asked : configuration.metrics) {
        is_possible &= !configuration.complex_values || asked.metric->takes_complex_values;
    }
    const std::vector<double>& weights = configuration.output_weights;
    is_possible &= (configuration.averaging == Averaging::weights) == !weights.empty();
    is_possible &= std::all_of(weights.begin(), weights.end(), [](double weight) { return std::isfinite(weight); });
    is_possible = is_possible && (weights.empty() || !sum_to_zero(weights));
    if (!is_possible) throw Refused(Reason::bytes_configuration);
}

void check_output_weights(const Configuration& configuration, std::size_t outputs) {
    if (configuration.averaging != Averaging::weights || configuration.output_weights.size() == outputs) return;
    throw Refused(Reason::output_weights_differ, 0, outputs);
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
    const State* const parts[] = {&state};
    check_policy(policy, parts);
}

void check_policy(NanPolicy policy, std::span<const State* const> parts) {
    bool is_let_through = true;
    PairCounts all;
    for (const State* part : parts) {
        for (const PairCounts counts : part->counts) {
            is_let_through = is_let_through && lets_through(policy, counts);
            add(all, counts);
        }
    }
    if (is_let_through) return;
    Refusal refusal{Reason::infinite_values, 0, all.missing_true, all.missing_pred, all.infinite + all.undefined};
    all.infinite = all.undefined = 0;
    if (!lets_through(policy, all)) refusal.reason = Reason::missing_values;
    throw Refused(refusal);
}

}  // namespace squarely
