#include "squarely/metrics.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace squarely {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

bool is_exact(const State& state) { return state.summation == Summation::exact; }
double pairs(const State& state, std::size_t output) { return static_cast<double>(state.counts[output].pairs); }

double sum_squared_error(const State& state, std::size_t output) {
    if (is_exact(state)) return to_double(state.squared_error[output]);
    return state.rounded_squared_error[output].high + state.rounded_squared_error[output].low;
}

double mean_squared_error(const State& state, std::size_t output) {
    if (is_exact(state)) return mean(state.squared_error[output], state.counts[output].pairs);
    return sum_squared_error(state, output) / pairs(state, output);
}

double root_mean_squared_error(const State& state, std::size_t output) {
    if (is_exact(state)) return root_mean(state.squared_error[output], state.counts[output].pairs);
    return std::sqrt(mean_squared_error(state, output));
}

// Infinities and undefined differences are counted beside the sum, and outrank it.
template <double (*formula)(const State&, std::size_t)>
double guarded(const State& state, std::size_t output) {
    const PairCounts& counts = state.counts[output];
    if (counts.pairs == 0 || counts.undefined > 0) return nan;
    if (counts.infinite > 0) return infinity;
    return formula(state, output);
}

constexpr std::array metrics = {
    Metric{"sum_squared_error", guarded<sum_squared_error>},
    Metric{"mean_squared_error", guarded<mean_squared_error>},
    Metric{"root_mean_squared_error", guarded<root_mean_squared_error>},
};

}  // namespace

std::span<const Metric> all_metrics() { return metrics; }

const Metric& metric_named(std::string_view name) {
    for (const Metric& metric : metrics) {
        if (metric.name == name) return metric;
    }
    throw std::invalid_argument("There is no metric '" + std::string(name) + "'.");
}

}  // namespace squarely
