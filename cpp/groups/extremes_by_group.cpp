#include "groups/extremes_by_group.hpp"

#include "sums/pair.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace squarely {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::vector<ExtremeValue>* find_extremes(State& state, Term term) {
    for (Sums& sums : state.sums) {
        if (sums.summand == Summand{term}) return &sums.extreme;
    }
    return nullptr;
}

void raise_to(std::vector<ExtremeValue>* extremes, std::size_t group, const ExtremeValue& value) {
    if (extremes != nullptr) (*extremes)[group] = std::max((*extremes)[group], value);
}

void lower_to(std::vector<ExtremeValue>* extremes, std::size_t group, const ExtremeValue& value) {
    if (extremes != nullptr) (*extremes)[group] = std::min((*extremes)[group], value);
}

}  // namespace

ExtremesByGroup extremes_for(const State& kind, std::size_t groups) {
    ExtremesByGroup extremes;
    if (find(kind, {Term::largest_error}) != nullptr) extremes.largest_error.resize(groups);
    if (find(kind, {Term::least_truth}) != nullptr || find(kind, {Term::greatest_truth}) != nullptr) {
        extremes.least_truth.resize(groups, infinity);
        extremes.greatest_truth.resize(groups, -infinity);
    }
    return extremes;
}

void make_room(ExtremesByGroup& extremes, std::size_t groups) {
    const auto grow = [&](std::vector<double>& values, double first) {
        if (!values.empty() && groups > values.size()) values.resize(groups, first);
    };
    grow(extremes.largest_error, 0);
    grow(extremes.least_truth, infinity);
    grow(extremes.greatest_truth, -infinity);
}

void add_extremes(ExtremesByGroup& extremes, const Block& block, const std::uint32_t* groups, std::ptrdiff_t rows,
                  const LeftOutPairs& left_out) {
    for (std::ptrdiff_t i = 0; i < rows; ++i) {
        if (left_out.any && left_out.left_out[i]) continue;
        const std::uint32_t group = groups[i];
        if (!extremes.largest_error.empty()) {
            double& largest = extremes.largest_error[group];
            largest = std::max(largest, std::fabs(block.y_true[i] - block.y_pred[i]));
        }
        if (!extremes.least_truth.empty()) {
            double& least = extremes.least_truth[group];
            double& greatest = extremes.greatest_truth[group];
            least = std::min(least, block.y_true[i]);
            greatest = std::max(greatest, block.y_true[i]);
        }
    }
}

void add_extremes(State& state, const GroupedPair& pair) {
    raise_to(find_extremes(state, Term::largest_error), pair.group,
             {std::fabs(nearest_difference(pair.y_true, pair.y_pred))});
    raise_to(find_extremes(state, Term::greatest_truth), pair.group, extreme_value(pair.y_true));
    lower_to(find_extremes(state, Term::least_truth), pair.group, extreme_value(pair.y_true));
}

// Of two zeros plus zero, because either may have come first.
void add_extremes(State& state, const ExtremesByGroup& extremes, GroupRange groups) {
    std::vector<ExtremeValue>* const largest = find_extremes(state, Term::largest_error);
    std::vector<ExtremeValue>* const least_truth = find_extremes(state, Term::least_truth);
    std::vector<ExtremeValue>* const greatest_truth = find_extremes(state, Term::greatest_truth);
    for (std::size_t group = groups.first; group < groups.last; ++group) {
        if (!extremes.largest_error.empty()) raise_to(largest, group, {extremes.largest_error[group]});
        if (extremes.least_truth.empty()) continue;
        lower_to(least_truth, group, {extremes.least_truth[group] + 0.0});
        raise_to(greatest_truth, group, {extremes.greatest_truth[group] + 0.0});
    }
}

}  // namespace squarely
