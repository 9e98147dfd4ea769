#include "tables/metrics.hpp"

#include "machine/floating_point.hpp"
#include "states/metric_formulas.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <stdexcept>
#include <string>

namespace squarely {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

ValueRange from_zero(double) { return {0, infinity}; }
ValueRange any_number(double) { return {-infinity, infinity}; }
ValueRange up_to_one(double) { return {-infinity, 1}; }
ValueRange correlation(double) { return {-1, 1}; }
ValueRange up_to_parameter(double parameter) { return {0, parameter}; }
ValueRange up_to_sixth_of_square(double parameter) { return {0, 0x1.5555555555555p-3 * parameter * parameter}; }

// A metric is a row here and a function in python/squarely/metrics/.
// clang-format off
constexpr Metric metrics[] = {
    {.name = "mean_squared_error", .short_name = "mse", .is_everyday = true,
     .summands = summands::one<Term::squared_error>, .formula = formulas::mean<Term::squared_error>,
     .range = from_zero, .at_infinity = infinities::grows, .follows_its_sums = true, .takes_complex_values = true},
    {.name = "root_mean_squared_error", .short_name = "rmse", .is_everyday = true,
     .summands = summands::one<Term::squared_error>, .formula = formulas::root_mean<Term::squared_error>,
     .range = from_zero, .at_infinity = infinities::grows, .follows_its_sums = true, .takes_complex_values = true},
    {.name = "sum_squared_error", .short_name = "sse",
     .summands = summands::one<Term::squared_error>, .formula = formulas::sum<Term::squared_error>,
     .range = from_zero, .at_infinity = infinities::grows, .follows_its_sums = true, .takes_complex_values = true},
    {.name = "mean_absolute_error", .short_name = "mae", .is_everyday = true,
     .summands = summands::one<Term::absolute_error>, .formula = formulas::mean<Term::absolute_error>,
     .range = from_zero, .at_infinity = infinities::grows, .follows_its_sums = true},
    {.name = "mean_error", .short_name = "bias", .is_everyday = true,
     .summands = summands::one<Term::error>, .formula = formulas::mean<Term::error>,
     .better = Better::zero, .range = any_number, .at_infinity = infinities::of_error, .follows_its_sums = true},
    {.name = "max_error", .short_name = "max", .is_everyday = true,
     .summands = summands::one<Term::largest_error>, .formula = formulas::max_error,
     .range = from_zero, .at_infinity = infinities::grows, .follows_its_sums = true, .takes_one_output = true},
    {.name = "r2_score", .short_name = "r2", .is_everyday = true,
     .parameter = &parameters::force_finite, .default_parameter = 1,
     .summands = summands::of_variance, .formula = formulas::r2_score,
     .better = Better::greater, .range = up_to_one,
     .at_infinity = infinities::of_variance_explained, .follows_its_sums = true, .least_pairs = 2, .title = "R^2 score",
     .takes_variance_weights = true},
    {.name = "explained_variance_score", .short_name = "ev", .is_everyday = true,
     .parameter = &parameters::force_finite, .default_parameter = 1,
     .summands = summands::of_explained_variance, .formula = formulas::explained_variance_score,
     .better = Better::greater, .range = up_to_one,
     .at_infinity = infinities::of_explained_variance, .follows_its_sums = true, .least_pairs = 2, .title = "Explained variance score",
     .takes_variance_weights = true},
    {.name = "mean_absolute_percentage_error", .short_name = "mape", .is_everyday = true,
     .summands = summands::one<Term::absolute_percentage_error>,
     .formula = formulas::mean<Term::absolute_percentage_error>,
     .range = from_zero, .at_infinity = infinities::of_percentage, .follows_its_sums = true},
    {.name = "symmetric_mean_absolute_percentage_error", .short_name = "smape",
     .parameter = &parameters::scale, .default_parameter = 2,
     .summands = summands::one<Term::symmetric_absolute_percentage_error>,
     .formula = formulas::symmetric_mean_absolute_percentage_error, .range = up_to_parameter},
    {.name = "weighted_absolute_percentage_error", .short_name = "wape",
     .summands = summands::of_weighted_percentage, .formula = formulas::weighted_absolute_percentage_error,
     .range = from_zero, .at_infinity = infinities::grows_with_predictions},
    {.name = "mean_squared_log_error", .short_name = "msle",
     .summands = summands::one<Term::squared_log_error>, .formula = formulas::mean<Term::squared_log_error>,
     .range = from_zero, .at_infinity = infinities::grows, .domain = Domain::logarithm},
    {.name = "root_mean_squared_log_error", .short_name = "rmsle",
     .summands = summands::one<Term::squared_log_error>, .formula = formulas::root_mean<Term::squared_log_error>,
     .range = from_zero, .at_infinity = infinities::grows, .domain = Domain::logarithm},
    {.name = "mean_pinball_loss", .short_name = "pinball",
     .parameter = &parameters::alpha, .default_parameter = 0.5,
     .summands = summands::of_pinball, .formula = formulas::mean_pinball_loss, .range = from_zero,
     .at_infinity = infinities::of_pinball},
    {.name = "mean_huber_loss", .short_name = "huber",
     .parameter = &parameters::delta, .default_parameter = 1,
     .summands = summands::one_with_parameter<Term::huber_loss>,
     .formula = formulas::mean_with_parameter<Term::huber_loss>,
     .range = from_zero, .at_infinity = infinities::grows},
    {.name = "mean_log_cosh_loss",
     .summands = summands::one<Term::log_cosh_loss>, .formula = formulas::mean<Term::log_cosh_loss>,
     .range = from_zero, .at_infinity = infinities::grows},
    {.name = "mean_tukey_loss",
     .parameter = &parameters::c, .default_parameter = 4.685,
     .summands = summands::one_with_parameter<Term::tukey_loss>,
     .formula = formulas::mean_with_parameter<Term::tukey_loss>, .range = up_to_sixth_of_square},
    {.name = "mean_asymmetric_squared_error",
     .parameter = &parameters::tau, .default_parameter = 0.5,
     .summands = summands::of_asymmetric, .formula = formulas::mean_asymmetric_squared_error,
     .range = from_zero, .at_infinity = infinities::of_asymmetric},
    {.name = "mean_gaussian_nll",
     .parameter = &parameters::variance, .default_parameter = 1,
     .summands = summands::one<Term::squared_error>, .formula = formulas::mean_gaussian_nll,
     .range = any_number, .at_infinity = infinities::grows},
    {.name = "mean_tweedie_deviance",
     .parameter = &parameters::power, .default_parameter = 0,
     .summands = summands::of_tweedie, .formula = formulas::mean_tweedie_deviance,
     .range = from_zero, .at_infinity = infinities::of_deviance, .domain = Domain::deviance, .takes_one_output = true},
    {.name = "mean_poisson_deviance",
     .summands = summands::one<Term::poisson_deviance>, .formula = formulas::mean<Term::poisson_deviance>,
     .range = from_zero, .at_infinity = infinities::grows, .domain = Domain::deviance, .fixed_power = 1,
     .takes_one_output = true},
    {.name = "mean_gamma_deviance",
     .summands = summands::one<Term::gamma_deviance>, .formula = formulas::mean<Term::gamma_deviance>,
     .range = from_zero, .at_infinity = infinities::grows, .domain = Domain::deviance, .fixed_power = 2,
     .takes_one_output = true},
    {.name = "d2_tweedie_score",
     .parameter = &parameters::power, .default_parameter = 0,
     .summands = summands::of_d2_tweedie, .formula = formulas::d2_tweedie_score,
     .better = Better::greater, .range = up_to_one,
     .at_infinity = infinities::of_deviance_explained, .least_pairs = 2, .title = "D^2 score",
     .domain = Domain::deviance, .takes_one_output = true},
    {.name = "normalized_mean_squared_error", .short_name = "nmse",
     .summands = summands::of_variance, .formula = formulas::normalized_mean_squared_error, .range = from_zero,
     .at_infinity = infinities::grows_with_predictions},
    {.name = "normalized_root_mean_squared_error", .short_name = "nrmse",
     .parameter = &parameters::normalization, .default_parameter = 0,
     .summands = summands::of_normalized_root, .formula = formulas::normalized_root_mean_squared_error,
     .range = any_number, .at_infinity = infinities::of_normalized_root},
    {.name = "peak_signal_noise_ratio", .short_name = "psnr",
     .parameter = &parameters::data_range, .default_parameter = parameters::without_default,
     .summands = summands::one<Term::squared_error>, .formula = formulas::peak_signal_noise_ratio,
     .better = Better::greater, .range = any_number, .at_infinity = infinities::falls},
    {.name = "nash_sutcliffe_efficiency", .short_name = "nse",
     .summands = summands::of_variance, .formula = formulas::nash_sutcliffe_efficiency,
     .better = Better::greater, .range = up_to_one,
     .at_infinity = infinities::of_variance_explained, .least_pairs = 2, .title = "Nash-Sutcliffe efficiency",
     .takes_variance_weights = true},
    {.name = "pearson_correlation", .short_name = "pearson",
     .summands = summands::of_both, .formula = formulas::pearson_correlation,
     .better = Better::greater, .range = correlation, .least_pairs = 2, .title = "Pearson correlation"},
    {.name = "concordance_correlation", .short_name = "ccc",
     .summands = summands::of_both, .formula = formulas::concordance_correlation,
     .better = Better::greater, .range = correlation, .least_pairs = 2, .title = "Concordance correlation"},
    {.name = "kling_gupta_efficiency", .short_name = "kge",
     .parameter = &parameters::version, .default_parameter = 2009,
     .summands = summands::of_both, .formula = formulas::kling_gupta_efficiency,
     .better = Better::greater, .range = up_to_one,
     .at_infinity = infinities::of_kling_gupta, .least_pairs = 2, .title = "Kling-Gupta efficiency"},
    {.name = "squared_bias",
     .summands = summands::of_bias, .formula = formulas::squared_bias, .range = from_zero,
     .at_infinity = infinities::of_squared_bias},
    {.name = "residual_variance",
     .summands = summands::of_residual_variance, .formula = formulas::residual_variance, .range = from_zero,
     .at_infinity = infinities::of_residual_variance},
    {.name = "quantile_absolute_error",
     .parameter = &parameters::q, .default_parameter = 0.5,
     .summands = summands::one<Term::residuals_by_size>, .formula = formulas::quantile_absolute_error,
     .range = from_zero, .at_infinity = formulas::quantile_absolute_error, .takes_weights = false},

    // Of the order of all pairs: python/squarely/order_scores.py
    {.name = "median_absolute_error", .short_name = "medae", .kind = MetricKind::order, .range = from_zero},
    {.name = "trimmed_mean_squared_error", .kind = MetricKind::order,
     .parameter = &parameters::proportion, .default_parameter = 0.1, .range = from_zero},
    {.name = "d2_pinball_score", .kind = MetricKind::order,
     .parameter = &parameters::alpha, .default_parameter = 0.5,
     .better = Better::greater, .range = up_to_one, .least_pairs = 2, .title = "D^2 score"},
    {.name = "d2_absolute_error_score", .kind = MetricKind::order,
     .better = Better::greater, .range = up_to_one, .least_pairs = 2, .title = "D^2 score"},

    {.name = "variance_of_truth", .kind = MetricKind::internal,
     .summands = summands::of_truth, .formula = formulas::variance_of_truth, .range = from_zero},
    {.name = "mean_of_truth", .kind = MetricKind::internal,
     .summands = summands::of_truth, .formula = formulas::mean_of_truth, .range = any_number},
    {.name = "pictures", .kind = MetricKind::internal,
     .summands = summands::of_pictures, .formula = formulas::none, .range = any_number, .is_kept_beside = true},
};
// clang-format on

static_assert(
    [] {
        for (const Metric& metric : metrics) {
            const bool is_of_order = metric.kind == MetricKind::order;
            if (is_of_order != (metric.summands == nullptr) || is_of_order != (metric.formula == nullptr)) return false;
            if (metric.range == nullptr || (metric.least_pairs > 1) != !metric.title.empty()) return false;
        }
        return true;
    }(),
    "A metric of sums has summands and a formula, and every one has a range, and a title where it needs several "
    "pairs.");

static_assert(
    [] {
        for (const Metric& one : metrics) {
            for (const Metric& other : metrics) {
                if (&one == &other) continue;
                if (one.name == other.name || one.name == other.short_name) return false;
                if (!one.short_name.empty() && one.short_name == other.short_name) return false;
            }
        }
        return true;
    }(),
    "No two metrics go by one name.");

}  // namespace

std::span<const Metric> all_metrics() { return metrics; }

const Metric* find_metric(std::string_view name) {
    const auto found = std::find_if(std::begin(metrics), std::end(metrics), [&](const Metric& metric) {
        return metric.name == name || (!name.empty() && metric.short_name == name);
    });
    return found == std::end(metrics) ? nullptr : found;
}

const Metric& metric_named(std::string_view name) {
    const Metric* metric = find_metric(name);
    if (metric == nullptr) throw std::invalid_argument("There is no metric '" + std::string(name) + "'.");
    return *metric;
}

double value_of(const Metric& metric, const State& state, std::size_t output, double parameter) {
    return value_of(metric, sums_of_output(state, output, metric.summands(parameter)), parameter);
}

double value_of(const Metric& metric, const OutputSums& sums, double parameter) {
    const FloatingPointEnvironment environment;
    const PairCounts& counts = sums.counts;
    if (counts.pairs == 0 || counts.undefined > 0) return nan;
    if (counts.infinite > 0) return metric.at_infinity(sums, parameter);
    if (!may_be_special(sums)) return metric.formula(sums, parameter);
    const SummandList needed = metric.summands(parameter);
    for (const Summand& summand : needed) {
        if (is_finite(sums, summand)) continue;
        const double special = special_value(sums, summand);
        const double limit = metric.at_infinity(sums, parameter);
        if (std::isnan(special) || !std::isnan(limit)) return std::isnan(special) ? special : limit;
        // A mean of terms that have one sign is beyond the doubles where one of them is; else nothing can be said.
        return needed.count == 1 && metric.range(parameter).least == 0 ? special : nan;
    }
    return metric.formula(sums, parameter);
}

}  // namespace squarely
