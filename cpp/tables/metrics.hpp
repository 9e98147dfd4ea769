// One row a metric: all that is known of it. C++, C, Python and the command line read the rows, and the tests do.
#pragma once

#include "states/formulas.hpp"
#include "states/infinities.hpp"
#include "states/state.hpp"
#include "tables/parameters.hpp"

#include <cmath>
#include <limits>
#include <span>
#include <string_view>

namespace squarely {

// Of sums over the pairs, in any order and any chunks; of all pairs in their order, as a median; or such sums that only
// serve other metrics.
enum class MetricKind : std::uint8_t { sums, order, internal };

enum class Better : std::uint8_t { lower, greater, zero };

// The least and the greatest value there may be.
struct ValueRange {
    double least;
    double greatest;
};

// Where a term may be outside its domain: what the data must be, as the words for it say.
enum class Domain : std::uint8_t { all, logarithm, deviance };

struct Metric {
    std::string_view name;
    std::string_view short_name = "";  // as people say it; empty where there is none
    MetricKind kind = MetricKind::sums;
    bool is_everyday = false;  // what is scored where nobody says what
    const Parameter* parameter = &parameters::none;
    double default_parameter = 0;

    // What is summed, and the value of one output, as a double that is the nearest one where the sums are exact and the
    // formula is algebra. NaN where it is undefined. Neither where it is of order.
    SummandList (*summands)(double parameter) = nullptr;
    double (*formula)(const OutputSums& sums, double parameter) = nullptr;

    Better better = Better::lower;
    ValueRange (*range)(double parameter) = nullptr;
    // The value where pairs are infinite, whose terms are in no sum.
    double (*at_infinity)(const OutputSums& sums, double parameter) = infinities::unknown;
    // It never improves where sums of errors grow, or the variance of the truth shrinks: it lies between the values of
    // sums between which its own lie.
    bool follows_its_sums = false;
    int least_pairs = 1;
    std::string_view title = "";  // in scikit-learn's warning of too few pairs
    Domain domain = Domain::all;
    double fixed_power = std::numeric_limits<double>::quiet_NaN();  // of a deviance without a parameter
    bool takes_variance_weights = false;  // a share of a variance: outputs may be averaged by that of their truth
    bool takes_one_output = false;        // as a function, because scikit-learn's does
    bool takes_complex_values = false;
    bool takes_weights = true;
    bool is_kept_beside = false;  // internal, and yet part of what is asked: sums that others are made from
};

std::span<const Metric> all_metrics();

// Whether it may be asked for without its parameter.
inline bool has_default(const Metric& metric) { return !std::isnan(metric.default_parameter); }

// By its name or its short name. Null where there is no such metric.
const Metric* find_metric(std::string_view name);
const Metric& metric_named(std::string_view name);  // throws std::invalid_argument instead

// The value of one output. Infinities, undefined differences and terms that are no numbers are counted beside the sums,
// and outrank them.
double value_of(const Metric& metric, const State& state, std::size_t output, double parameter);
double value_of(const Metric& metric, const OutputSums& sums, double parameter);

}  // namespace squarely
