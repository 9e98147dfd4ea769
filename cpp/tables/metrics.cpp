#include "tables/metrics.hpp"

#include "machine/elementary.hpp"
#include "machine/floating_point.hpp"
#include "states/formulas.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>

namespace squarely {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

using Summands = std::vector<Summand>;

// A quotient whose denominator may be zero.
double ratio(const BigNumber& numerator, const BigNumber& denominator) {
    if (!is_zero(denominator)) return nearest_ratio(numerator, denominator);
    if (is_zero(numerator)) return nan;
    return numerator.negative ? -infinity : infinity;
}

double root_ratio(const BigNumber& numerator, const BigNumber& denominator) {
    if (numerator.negative != denominator.negative && !is_zero(numerator)) return nan;
    if (is_zero(denominator)) return is_zero(numerator) ? nan : infinity;
    return nearest_root(absolute(numerator), absolute(denominator));
}

// The mean, or its root, of one term.
template <Term term>
Summands one_term(double) {
    return {{term}};
}
template <Term term>
Summands one_term_with_parameter(double parameter) {
    return {{term, parameter}};
}
template <Term term>
double sum(const OutputSums& sums, double) {
    return nearest(sum_of(sums, {term}));
}
template <Term term>
double mean(const OutputSums& sums, double) {
    return ratio(sum_of(sums, {term}), weight_of(sums));
}
template <Term term>
double mean_with_parameter(const OutputSums& sums, double parameter) {
    return ratio(sum_of(sums, {term, parameter}), weight_of(sums));
}
template <Term term>
double root_mean(const OutputSums& sums, double) {
    return root_ratio(sum_of(sums, {term}), weight_of(sums));
}

double max_error(const OutputSums& sums, double) { return extreme_of(sums, Term::largest_error); }

// 1 - part / whole, as one quotient, and what stands for it where the whole is zero: of a finite kind, 1 for a perfect
// prediction and 0 for any other.
double one_minus(const BigNumber& part, const BigNumber& whole, bool force_finite) {
    if (!is_zero(whole)) return nearest_ratio(whole - part, whole);
    if (force_finite) return is_zero(part) ? 1.0 : 0.0;
    return is_zero(part) ? nan : -infinity;
}

Summands of_variance(double) { return {{Term::squared_error}, {Term::truth}, {Term::squared_truth}}; }

double r2_score(const OutputSums& sums, double force_finite) {
    return one_minus(weight_of(sums) * sum_of(sums, {Term::squared_error}), spread_of_truth(sums), force_finite != 0);
}

Summands of_explained_variance(double) {
    return {{Term::squared_error}, {Term::error}, {Term::truth}, {Term::squared_truth}};
}

double explained_variance_score(const OutputSums& sums, double force_finite) {
    return one_minus(spread_of_error(sums), spread_of_truth(sums), force_finite != 0);
}

double nash_sutcliffe_efficiency(const OutputSums& sums, double) { return r2_score(sums, 0); }

double normalized_mean_squared_error(const OutputSums& sums, double) {
    return ratio(weight_of(sums) * sum_of(sums, {Term::squared_error}), spread_of_truth(sums));
}

// The variance of the truth, by which outputs are averaged.
Summands of_truth(double) { return {{Term::truth}, {Term::squared_truth}}; }

double variance_of_truth(const OutputSums& sums, double) {
    const BigNumber weight = weight_of(sums);
    return ratio(spread_of_truth(sums), weight * weight);
}

double mean_of_truth(const OutputSums& sums, double) { return ratio(sum_of(sums, {Term::truth}), weight_of(sums)); }

// normalization: 0 range, 1 mean, 2 std, 3 euclidean.
Summands of_normalized_root(double normalization) {
    switch (static_cast<int>(normalization)) {
        case 0: return {{Term::squared_error}, {Term::least_truth}, {Term::greatest_truth}};
        case 1: return {{Term::squared_error}, {Term::truth}};
        case 2: return of_variance(0);
        default: return {{Term::squared_error}, {Term::squared_truth}};
    }
}

double normalized_root_mean_squared_error(const OutputSums& sums, double normalization) {
    const BigNumber squares = sum_of(sums, {Term::squared_error});
    const BigNumber weight = weight_of(sums);
    if (normalization == 0) {
        const double least = extreme_of(sums, Term::least_truth);
        const double greatest = extreme_of(sums, Term::greatest_truth);
        if (greatest < least) return nan;  // no row has a weight
        const BigNumber range = big_number(greatest) - big_number(least);
        return root_ratio(squares, weight * range * range);
    }
    if (normalization == 1) {
        const BigNumber total = sum_of(sums, {Term::truth});
        const double size = root_ratio(weight * squares, total * total);
        return total.negative ? -size : size;
    }
    if (normalization == 2) return root_ratio(weight * squares, spread_of_truth(sums));
    return root_ratio(squares, sum_of(sums, {Term::squared_truth}));
}

double peak_signal_noise_ratio(const OutputSums& sums, double data_range) {
    const BigNumber range = big_number(data_range);
    const BigNumber squares = sum_of(sums, {Term::squared_error});
    if (is_zero(squares)) return infinity;
    return decibels_of_ratio(range * range * weight_of(sums), squares);
}

Summands of_weighted_percentage(double) { return {{Term::absolute_error}, {Term::absolute_truth}}; }

double weighted_absolute_percentage_error(const OutputSums& sums, double) {
    return ratio(sum_of(sums, {Term::absolute_error}), sum_of(sums, {Term::absolute_truth}));
}

double symmetric_mean_absolute_percentage_error(const OutputSums& sums, double scale) {
    const BigNumber total = sum_of(sums, {Term::symmetric_absolute_percentage_error});
    return ratio(scaled(total * big_number(scale), -1), weight_of(sums));
}

Summands of_pinball(double) { return {{Term::error}, {Term::absolute_error}}; }

// Twice the sum of the losses: the positive parts of y - p and p - y are halves of Σ|e| -+ Σe.
BigNumber twice_pinball_loss(const OutputSums& sums, double alpha) {
    const BigNumber error = sum_of(sums, {Term::error});
    const BigNumber size = sum_of(sums, {Term::absolute_error});
    const BigNumber share = big_number(alpha);
    return share * (size - error) + (big_number(std::uint64_t{1}) - share) * (size + error);
}

double mean_pinball_loss(const OutputSums& sums, double alpha) {
    return ratio(scaled(twice_pinball_loss(sums, alpha), -1), weight_of(sums));
}

Summands of_asymmetric(double) { return {{Term::squared_error}, {Term::squared_underprediction}}; }

double mean_asymmetric_squared_error(const OutputSums& sums, double tau) {
    const BigNumber under = sum_of(sums, {Term::squared_underprediction});
    const BigNumber over = sum_of(sums, {Term::squared_error}) - under;
    const BigNumber share = big_number(tau);
    return ratio(share * under + (big_number(std::uint64_t{1}) - share) * over, weight_of(sums));
}

double mean_gaussian_nll(const OutputSums& sums, double variance) {
    const double mean = ratio(sum_of(sums, {Term::squared_error}), weight_of(sums) * big_number(variance));
    return 0.5 * (logarithm_of(variance) + mean);
}

Summands of_bias(double) { return {{Term::error}}; }
Summands of_residual_variance(double) { return {{Term::error}, {Term::squared_error}}; }

double squared_bias(const OutputSums& sums, double) {
    const BigNumber error = sum_of(sums, {Term::error});
    const BigNumber weight = weight_of(sums);
    return ratio(error * error, weight * weight);
}

double residual_variance(const OutputSums& sums, double) {
    const BigNumber weight = weight_of(sums);
    return ratio(spread_of_error(sums), weight * weight);
}

Summands of_both(double) {
    return {
        {Term::squared_error}, {Term::truth}, {Term::squared_truth}, {Term::prediction}, {Term::squared_prediction}};
}

// A correlation, which of sums with an error may come out as more.
double within_one(double value) { return value > 1 ? 1 : value < -1 ? -1 : value; }

double pearson_of(const JointMoments& moments) {
    const BigNumber& joint = moments.joint_spread;
    const double size = root_ratio(joint * joint, moments.spread_of_truth * moments.spread_of_prediction);
    return within_one(joint.negative ? -size : size);
}

double pearson_correlation(const OutputSums& sums, double) { return pearson_of(JointMoments(sums)); }

double concordance_correlation(const OutputSums& sums, double) {
    const JointMoments moments(sums);
    const BigNumber shift = moments.truth - moments.prediction;
    const BigNumber whole = moments.spread_of_truth + moments.spread_of_prediction + shift * shift;
    return within_one(ratio(scaled(moments.joint_spread, 1), whole));
}

// Gupta et al. (2009), and with the ratio of the coefficients of variation, Kling et al. (2012).
double kling_gupta_efficiency(const OutputSums& sums, double year) {
    const JointMoments moments(sums);
    const double r = pearson_of(moments);
    const double alpha = root_ratio(moments.spread_of_prediction, moments.spread_of_truth);
    const double beta = ratio(moments.prediction, moments.truth);
    const double spread = year == 2012 ? alpha / beta : alpha;
    return 1 - std::sqrt((r - 1) * (r - 1) + (spread - 1) * (spread - 1) + (beta - 1) * (beta - 1));
}

Summand deviance(double power) {
    return power == 0   ? Summand{Term::squared_error}
           : power == 1 ? Summand{Term::poisson_deviance}
           : power == 2 ? Summand{Term::gamma_deviance}
                        : Summand{Term::tweedie_deviance, power};
}

Summands of_tweedie(double power) { return {deviance(power)}; }

double mean_tweedie_deviance(const OutputSums& sums, double power) {
    return ratio(sum_of(sums, deviance(power)), weight_of(sums));
}

Summand truth_of_deviance(double power) {
    return power == 1   ? Summand{Term::truth_of_poisson_deviance}
           : power == 2 ? Summand{Term::truth_of_gamma_deviance}
                        : Summand{Term::truth_of_tweedie_deviance, power};
}

Summands of_d2_tweedie(double power) {
    if (power == 0) return of_variance(0);
    return {deviance(power), truth_of_deviance(power), {Term::truth}, {Term::squared_truth}};
}

// The sum of deviances of the truth from its own mean, by what of them depends on the truth alone. None where the mean
// is outside the domain.
std::optional<BigNumber> deviance_from_mean(const OutputSums& sums, double power) {
    const BigNumber truth = sum_of(sums, {Term::truth});
    const BigNumber own = sum_of(sums, truth_of_deviance(power));
    const BigNumber weight = weight_of(sums);
    const double mean = ratio(truth, weight);
    if (!(mean > 0 && std::isfinite(mean))) return std::nullopt;
    if (power == 1) return scaled(own - truth * big_number(logarithm_of(mean)), 1);
    if (power == 2) return scaled(weight * big_number(logarithm_of(mean)) - own, 1);
    const double cross = power_of(mean, 1 - power) / (1 - power);
    const double constant = power_of(mean, 2 - power) / (2 - power);
    if (!std::isfinite(cross) || !std::isfinite(constant)) return std::nullopt;
    return scaled(own - truth * big_number(cross) + weight * big_number(constant), 1);
}

double d2_tweedie_score(const OutputSums& sums, double power) {
    if (power == 0) return r2_score(sums, 1);
    const BigNumber part = sum_of(sums, deviance(power));
    if (is_zero(spread_of_truth(sums))) return is_zero(part) ? 1.0 : 0.0;
    const std::optional<BigNumber> whole = deviance_from_mean(sums, power);
    return whole ? ratio(*whole - part, *whole) : nan;
}

// Infinities, undefined differences and terms that are no numbers are counted beside the sums, and outrank them.
template <Summands (*summands)(double), double (*formula)(const OutputSums&, double), bool grows>
double guarded(const State& state, std::size_t output, double parameter) {
    const FloatingPointEnvironment environment;
    const PairCounts& counts = state.counts[output];
    if (counts.pairs == 0 || counts.undefined > 0) return nan;
    if (counts.infinite > 0) return grows ? infinity : nan;
    const OutputSums sums{state, output};
    const Summands needed = summands(parameter);
    for (const Summand& summand : needed) {
        if (is_finite(sums, summand)) continue;
        // A mean of terms is beyond the doubles where one of them is; of a quotient nothing can be said.
        const double special = special_value(sums, summand);
        return grows || needed.size() == 1 || std::isnan(special) ? special : nan;
    }
    return formula(sums, parameter);
}

bool is_all_finite(const OutputSums& sums, const Summands& summands) {
    const PairCounts& counts = sums.state.counts[sums.output];
    return counts.pairs > 0 && counts.undefined == 0 && counts.infinite == 0 &&
           std::all_of(summands.begin(), summands.end(),
                       [&](const Summand& summand) { return is_finite(sums, summand); });
}

template <Summands (*summands)(double), double (*formula)(const OutputSums&, double)>
constexpr Metric error(std::string_view name, std::string_view parameter = "", double default_parameter = 0) {
    return {name, parameter, default_parameter, summands, guarded<summands, formula, true>};
}

// Of which nothing can be said where a number is infinite.
template <Summands (*summands)(double), double (*formula)(const OutputSums&, double)>
constexpr Metric score(std::string_view name, std::string_view parameter = "", double default_parameter = 0) {
    return {name, parameter, default_parameter, summands, guarded<summands, formula, false>};
}

template <Term term>
constexpr Metric mean_of(std::string_view name) {
    return error<one_term<term>, mean<term>>(name);
}

template <Term term>
constexpr Metric mean_of(std::string_view name, std::string_view parameter, double default_parameter) {
    return error<one_term_with_parameter<term>, mean_with_parameter<term>>(name, parameter, default_parameter);
}

// A metric is a row here and a function in python/squarely/metrics/.
constexpr std::array metrics = {
    mean_of<Term::squared_error>("mean_squared_error"),
    error<one_term<Term::squared_error>, root_mean<Term::squared_error>>("root_mean_squared_error"),
    error<one_term<Term::squared_error>, sum<Term::squared_error>>("sum_squared_error"),
    mean_of<Term::absolute_error>("mean_absolute_error"),
    score<one_term<Term::error>, mean<Term::error>>("mean_error"),
    error<one_term<Term::largest_error>, max_error>("max_error"),
    score<of_variance, r2_score>("r2_score", "force_finite", 1),
    score<of_explained_variance, explained_variance_score>("explained_variance_score", "force_finite", 1),
    mean_of<Term::absolute_percentage_error>("mean_absolute_percentage_error"),
    // This and Tukey's loss are bounded: an infinite error does not make them infinite.
    score<one_term<Term::symmetric_absolute_percentage_error>, symmetric_mean_absolute_percentage_error>(
        "symmetric_mean_absolute_percentage_error", "scale", 2),
    score<of_weighted_percentage, weighted_absolute_percentage_error>("weighted_absolute_percentage_error"),
    mean_of<Term::squared_log_error>("mean_squared_log_error"),
    error<one_term<Term::squared_log_error>, root_mean<Term::squared_log_error>>("root_mean_squared_log_error"),
    score<of_pinball, mean_pinball_loss>("mean_pinball_loss", "alpha", 0.5),
    mean_of<Term::huber_loss>("mean_huber_loss", "delta", 1),
    mean_of<Term::log_cosh_loss>("mean_log_cosh_loss"),
    score<one_term_with_parameter<Term::tukey_loss>, mean_with_parameter<Term::tukey_loss>>("mean_tukey_loss", "c",
                                                                                            4.685),
    error<of_asymmetric, mean_asymmetric_squared_error>("mean_asymmetric_squared_error", "tau", 0.5),
    error<one_term<Term::squared_error>, mean_gaussian_nll>("mean_gaussian_nll", "variance", 1),
    error<of_tweedie, mean_tweedie_deviance>("mean_tweedie_deviance", "power", 0),
    mean_of<Term::poisson_deviance>("mean_poisson_deviance"),
    mean_of<Term::gamma_deviance>("mean_gamma_deviance"),
    score<of_d2_tweedie, d2_tweedie_score>("d2_tweedie_score", "power", 0),
    score<of_variance, normalized_mean_squared_error>("normalized_mean_squared_error"),
    score<of_normalized_root, normalized_root_mean_squared_error>("normalized_root_mean_squared_error", "normalization",
                                                                  0),
    score<one_term<Term::squared_error>, peak_signal_noise_ratio>("peak_signal_noise_ratio", "data_range", 1),
    score<of_variance, nash_sutcliffe_efficiency>("nash_sutcliffe_efficiency"),
    score<of_both, pearson_correlation>("pearson_correlation"),
    score<of_both, concordance_correlation>("concordance_correlation"),
    score<of_both, kling_gupta_efficiency>("kling_gupta_efficiency", "version", 2009),
    score<of_bias, squared_bias>("squared_bias"),
    score<of_residual_variance, residual_variance>("residual_variance"),
    score<of_truth, variance_of_truth>("variance_of_truth"),
    score<of_truth, mean_of_truth>("mean_of_truth"),
};

struct Quotient {
    BigNumber numerator;
    BigNumber denominator;  // not negative
};

bool is_nearer_to_zero(const Quotient& a, const Quotient& b) {
    return absolute(a.numerator) * b.denominator < absolute(b.numerator) * a.denominator;
}

}  // namespace

double explained_pinball_loss(const State& model, const State& baseline, std::size_t output, double alpha) {
    const FloatingPointEnvironment environment;
    const OutputSums part{model, output};
    const OutputSums whole{baseline, output};
    if (!is_all_finite(part, of_pinball(alpha)) || !is_all_finite(whole, of_pinball(alpha))) return nan;
    return one_minus(twice_pinball_loss(part, alpha), twice_pinball_loss(whole, alpha), true);
}

std::vector<double> relative_variances_of_truth(const State& state) {
    const FloatingPointEnvironment environment;
    std::vector<Quotient> variances;
    for (std::size_t i = 0; i < state.counts.size(); ++i) {
        const BigNumber weight = weight_of({state, i});
        variances.push_back({spread_of_truth({state, i}), weight * weight});
    }
    const Quotient largest = *std::max_element(variances.begin(), variances.end(), is_nearer_to_zero);
    if (is_zero(largest.numerator)) return std::vector<double>(variances.size());
    std::vector<double> relative;
    for (const Quotient& one : variances) {
        const bool is_empty = is_zero(one.denominator);
        relative.push_back(is_empty ? 0.0
                                    : nearest_ratio(one.numerator * largest.denominator,
                                                    one.denominator * absolute(largest.numerator)));
    }
    return relative;
}

std::span<const Metric> all_metrics() { return metrics; }

const Metric& metric_named(std::string_view name) {
    for (const Metric& metric : metrics) {
        if (metric.name == name) return metric;
    }
    throw std::invalid_argument("There is no metric '" + std::string(name) + "'.");
}

}  // namespace squarely
