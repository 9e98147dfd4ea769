#include "squarely/metrics.hpp"

#include "floating_point.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace squarely {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

double sum_squared_error(const OutputSums& sums) {
    if (sums.squared_error != nullptr) return to_double(*sums.squared_error);
    return sums.rounded_squared_error.high + sums.rounded_squared_error.low;
}

double mean_squared_error(const OutputSums& sums) {
    if (sums.squared_error != nullptr) return mean(*sums.squared_error, sums.counts.pairs);
    return sum_squared_error(sums) / static_cast<double>(sums.counts.pairs);
}

double root_mean_squared_error(const OutputSums& sums) {
    if (sums.squared_error != nullptr) return root_mean(*sums.squared_error, sums.counts.pairs);
    return std::sqrt(mean_squared_error(sums));
}

// Infinities and undefined differences are counted beside the sum, and outrank it.
template <double (*formula)(const OutputSums&)>
double guarded(const OutputSums& sums) {
    const FloatingPointEnvironment environment;
    if (sums.counts.pairs == 0 || sums.counts.undefined > 0) return nan;
    if (sums.counts.infinite > 0) return infinity;
    return formula(sums);
}

constexpr std::array metrics = {
    Metric{"sum_squared_error", guarded<sum_squared_error>},
    Metric{"mean_squared_error", guarded<mean_squared_error>},
    Metric{"root_mean_squared_error", guarded<root_mean_squared_error>},
};

}  // namespace

OutputSums sums_of(const State& state, std::size_t output) {
    if (state.summation == Summation::exact) return {state.counts[output], &state.squared_error[output], {}};
    return {state.counts[output], nullptr, state.rounded_squared_error[output]};
}

std::span<const Metric> all_metrics() { return metrics; }

const Metric& metric_named(std::string_view name) {
    for (const Metric& metric : metrics) {
        if (metric.name == name) return metric;
    }
    throw std::invalid_argument("There is no metric '" + std::string(name) + "'.");
}

}  // namespace squarely
