#include "accumulator/one_call.hpp"

#include "blocks/stretches.hpp"

#include <algorithm>

namespace squarely {
namespace {

bool says_nothing(const Configuration& configuration, const State& state, const AskedMetric& asked) {
    const auto is_let_through = [&](const PairCounts& counts) {
        return lets_through(configuration.nan_policy, counts);
    };
    return std::all_of(state.counts.begin(), state.counts.end(), is_let_through) &&
           why_no_score(configuration, state, asked).reason == Reason::none && !has_too_few_pairs(state, asked);
}

}  // namespace

bool answer(const Question& question, std::span<const Pairs> outputs, std::ptrdiff_t rows, std::span<double> values) {
    Configuration configuration;
    configuration.metrics.push_back(question.asked);
    configuration.averaging = question.averaging;
    configuration.nan_policy = question.nan_policy;
    configuration.summation = question.summation;
    const State sums = pass_over(configuration, outputs, rows);
    if (!says_nothing(configuration, sums, question.asked)) return false;
    const std::vector<double> found = values_of(configuration, sums, question.asked);
    std::copy(found.begin(), found.end(), values.begin());
    return true;
}

}  // namespace squarely
