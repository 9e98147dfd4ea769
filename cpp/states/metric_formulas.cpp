#include "states/metric_formulas.hpp"

#include "machine/elementary.hpp"
#include "machine/floating_point.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace squarely {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

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

double mean_of(const OutputSums& sums, const Summand& summand) {
    const std::optional<SumLimbs>& exact = find(sums, summand).exact;
    if (exact && !sums.weighted) return mean(*exact, sums.counts.pairs);
    return ratio(sum_of(sums, summand), weight_of(sums));
}

double root_mean_of(const OutputSums& sums, const Summand& summand) {
    const std::optional<SumLimbs>& exact = find(sums, summand).exact;
    if (exact && !sums.weighted && !is_negative(*exact)) return root_mean(*exact, sums.counts.pairs);
    return root_ratio(sum_of(sums, summand), weight_of(sums));
}

namespace {

// 1 - part / whole, as one quotient, and what stands for it where the whole is zero: of a finite kind, 1 for a perfect
// prediction and 0 for any other.
double one_minus(const BigNumber& part, const BigNumber& whole, bool force_finite) {
    if (!is_zero(whole)) return nearest_ratio(whole - part, whole);
    if (force_finite) return is_zero(part) ? 1.0 : 0.0;
    return is_zero(part) ? nan : -infinity;
}

// Twice the sum of the losses: the positive parts of y - p and p - y are halves of Σ|e| -+ Σe.
BigNumber twice_pinball_loss(const OutputSums& sums, double alpha) {
    const BigNumber error = sum_of(sums, {Term::error});
    const BigNumber size = sum_of(sums, {Term::absolute_error});
    const BigNumber share = big_number(alpha);
    return share * (size - error) + (big_number(std::uint64_t{1}) - share) * (size + error);
}

// A correlation, which of sums with an error may come out as more.
double within_one(double value) { return value > 1 ? 1 : value < -1 ? -1 : value; }

double pearson_of(const JointMoments& moments) {
    const BigNumber& joint = moments.joint_spread;
    const double size = root_ratio(joint * joint, moments.spread_of_truth * moments.spread_of_prediction);
    return within_one(joint.negative ? -size : size);
}

Summand deviance(double power) {
    return power == 0   ? Summand{Term::squared_error}
           : power == 1 ? Summand{Term::poisson_deviance}
           : power == 2 ? Summand{Term::gamma_deviance}
                        : Summand{Term::tweedie_deviance, power};
}

// Near 1 and 2, where grids of powers often are when they should be there, what depends on the truth alone grows beyond
// what a double tells: there the deviance is taken from that of 1 or 2, where that loses less or all would be lost.
constexpr double near_logarithm = 0x1p-10;
constexpr double at_logarithm = 0x1p-26;

double logarithm_near(double power) {
    const double nearest = std::round(power);
    const bool is_logarithm = nearest == 1 || nearest == 2;
    return is_logarithm && std::abs(power - nearest) < near_logarithm ? nearest : power;
}

bool is_at(double power, double other) { return std::abs(power - other) < at_logarithm; }

Summand truth_of_deviance(double power) {
    return power == 1   ? Summand{Term::truth_of_poisson_deviance}
           : power == 2 ? Summand{Term::truth_of_gamma_deviance}
                        : Summand{Term::truth_of_tweedie_deviance, power};
}

// The share of itself that is lost where the deviance from the mean is the difference of sums of rounded numbers: they
// are as much larger as their divisor is small and the truth close to its mean, by so many standard deviations.
double lost_by_cancelling(double power, double mean, double deviation) {
    const bool is_logarithm = power == 1 || power == 2;
    const double size = is_logarithm ? 1 + std::abs(logarithm_of(mean)) : 1 / std::abs((1 - power) * (2 - power));
    return 0x1p-53 * size / (deviation * deviation);
}

// The first term of the power series of the deviance from the mean, which is proportional to the variance ...
BigNumber series_from_mean(const BigNumber& spread, const BigNumber& weight, double mean, double power) {
    const double factor = power_of(mean, -power) * nearest_ratio(spread, weight);
    return big_number(factor);
}

// ... and the share of it that the second one is, which is left out.
double lost_by_series(double power, double deviation) { return std::max(1.0, std::abs(power)) * deviation / 3; }

// By what of the deviances depends on the truth alone.
std::optional<BigNumber> difference_from_mean(const OutputSums& sums, double mean, double power) {
    const BigNumber truth = sum_of(sums, {Term::truth});
    const BigNumber own = sum_of(sums, truth_of_deviance(power));
    const BigNumber weight = weight_of(sums);
    if (power == 1) return scaled(own - truth * big_number(logarithm_of(mean)), 1);
    if (power == 2) return scaled(weight * big_number(logarithm_of(mean)) - own, 1);
    const double cross = power_of(mean, 1 - power) / (1 - power);
    const double constant = power_of(mean, 2 - power) / (2 - power);
    if (!std::isfinite(cross) || !std::isfinite(constant)) return std::nullopt;
    return scaled(own - truth * big_number(cross) + weight * big_number(constant), 1);
}

// The sum of deviances of the truth from its own mean, as whichever loses least. None where the mean is outside the
// domain.
std::optional<BigNumber> deviance_from_mean(const OutputSums& sums, double power) {
    const BigNumber truth = sum_of(sums, {Term::truth});
    const BigNumber weight = weight_of(sums);
    const double mean = ratio(truth, weight);
    if (!(mean > 0 && std::isfinite(mean))) return std::nullopt;
    const BigNumber spread = spread_of_truth(sums);
    const double deviation = root_ratio(spread, truth * truth);
    const double near = logarithm_near(power);
    const double lost_by_near = std::abs(power - near) * deviation + lost_by_cancelling(near, mean, deviation);
    const bool is_near_better =
        near != power && (is_at(power, near) || lost_by_near < lost_by_cancelling(power, mean, deviation));
    const double lost = is_near_better ? lost_by_near : lost_by_cancelling(power, mean, deviation);
    if (lost_by_series(power, deviation) < lost) return series_from_mean(spread, weight, mean, power);
    if (!is_near_better) return difference_from_mean(sums, mean, power);
    const std::optional<BigNumber> whole = difference_from_mean(sums, mean, near);
    const double scale = power_of(mean, near - power);
    return whole ? std::optional(*whole * big_number(scale)) : whole;
}

}  // namespace

namespace summands {

SummandList of_variance(double) { return {{Term::squared_error}, {Term::truth}, {Term::squared_truth}}; }

SummandList of_explained_variance(double) {
    return {{Term::squared_error}, {Term::error}, {Term::truth}, {Term::squared_truth}};
}

// The variance of the truth, by which outputs are averaged.
SummandList of_truth(double) { return {{Term::truth}, {Term::squared_truth}}; }

// normalization: 0 range, 1 mean, 2 std, 3 euclidean.
SummandList of_normalized_root(double normalization) {
    switch (static_cast<int>(normalization)) {
        case 0: return {{Term::squared_error}, {Term::least_truth}, {Term::greatest_truth}};
        case 1: return {{Term::squared_error}, {Term::truth}};
        case 2: return of_variance(0);
        default: return {{Term::squared_error}, {Term::squared_truth}};
    }
}

SummandList of_weighted_percentage(double) { return {{Term::absolute_error}, {Term::absolute_truth}}; }

SummandList of_pinball(double) { return {{Term::error}, {Term::absolute_error}}; }

SummandList of_asymmetric(double) { return {{Term::squared_error}, {Term::squared_underprediction}}; }

SummandList of_bias(double) { return {{Term::error}}; }

SummandList of_residual_variance(double) { return {{Term::error}, {Term::squared_error}}; }

SummandList of_both(double) {
    return {
        {Term::squared_error}, {Term::truth}, {Term::squared_truth}, {Term::prediction}, {Term::squared_prediction}};
}

SummandList of_tweedie(double power) { return {deviance(power)}; }

SummandList of_d2_tweedie(double power) {
    if (power == 0) return of_variance(0);
    const double near = logarithm_near(power);
    const Summand truth = truth_of_deviance(near);
    if (is_at(power, near)) return {deviance(power), truth, {Term::truth}, {Term::squared_truth}};
    return {deviance(power), truth, truth_of_deviance(power), {Term::truth}, {Term::squared_truth}};
}

SummandList of_pictures(double) {
    return {{Term::residuals_by_size}, {Term::predictions_and_residuals}, {Term::truths_and_residuals}};
}

}  // namespace summands

namespace formulas {

double max_error(const OutputSums& sums, double) { return extreme_of(sums, Term::largest_error).nearest; }

double r2_score(const OutputSums& sums, double force_finite) {
    return one_minus(weight_of(sums) * sum_of(sums, {Term::squared_error}), spread_of_truth(sums), force_finite != 0);
}

double explained_variance_score(const OutputSums& sums, double force_finite) {
    return one_minus(spread_of_error(sums), spread_of_truth(sums), force_finite != 0);
}

double nash_sutcliffe_efficiency(const OutputSums& sums, double) { return r2_score(sums, 0); }

double normalized_mean_squared_error(const OutputSums& sums, double) {
    return ratio(weight_of(sums) * sum_of(sums, {Term::squared_error}), spread_of_truth(sums));
}

double variance_of_truth(const OutputSums& sums, double) {
    const BigNumber weight = weight_of(sums);
    return ratio(spread_of_truth(sums), weight * weight);
}

double mean_of_truth(const OutputSums& sums, double) { return mean_of(sums, {Term::truth}); }

double normalized_root_mean_squared_error(const OutputSums& sums, double normalization) {
    const BigNumber squares = sum_of(sums, {Term::squared_error});
    const BigNumber weight = weight_of(sums);
    if (normalization == 0) {
        const ExtremeValue least = extreme_of(sums, Term::least_truth);
        const ExtremeValue greatest = extreme_of(sums, Term::greatest_truth);
        if (greatest < least) return nan;  // no row has a weight
        const BigNumber range = big_number(greatest.nearest) - big_number(least.nearest) + big_number(greatest.rest) -
                                big_number(least.rest);
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

double weighted_absolute_percentage_error(const OutputSums& sums, double) {
    return ratio(sum_of(sums, {Term::absolute_error}), sum_of(sums, {Term::absolute_truth}));
}

double symmetric_mean_absolute_percentage_error(const OutputSums& sums, double scale) {
    const BigNumber total = sum_of(sums, {Term::symmetric_absolute_percentage_error});
    return ratio(scaled(total * big_number(scale), -1), weight_of(sums));
}

double mean_pinball_loss(const OutputSums& sums, double alpha) {
    return ratio(scaled(twice_pinball_loss(sums, alpha), -1), weight_of(sums));
}

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

double squared_bias(const OutputSums& sums, double) {
    const BigNumber error = sum_of(sums, {Term::error});
    const BigNumber weight = weight_of(sums);
    return ratio(error * error, weight * weight);
}

double residual_variance(const OutputSums& sums, double) {
    const BigNumber weight = weight_of(sums);
    return ratio(spread_of_error(sums), weight * weight);
}

double pearson_correlation(const OutputSums& sums, double) { return pearson_of(JointMoments(sums)); }

double concordance_correlation(const OutputSums& sums, double) {
    const JointMoments moments(sums);
    const BigNumber shift = moments.truth - moments.prediction;
    const BigNumber whole = moments.spread_of_truth + moments.spread_of_prediction + shift * shift;
    return within_one(ratio(scaled(moments.joint_spread, 1), whole));
}

namespace {

// The root of the sum of squares, also where these are beyond all doubles.
double length_of(double x, double y, double z) {
    const double scale = std::max({std::abs(x), std::abs(y), std::abs(z)}) > 0x1p500 ? 0x1p-600 : 1.0;
    const double sum = (x * scale) * (x * scale) + (y * scale) * (y * scale) + (z * scale) * (z * scale);
    return std::sqrt(sum) / scale;
}

}  // namespace

// Gupta et al. (2009), and with the ratio of the coefficients of variation, Kling et al. (2012).
double kling_gupta_efficiency(const OutputSums& sums, double year) {
    const JointMoments moments(sums);
    const double r = pearson_of(moments);
    const double alpha = root_ratio(moments.spread_of_prediction, moments.spread_of_truth);
    const double beta = ratio(moments.prediction, moments.truth);
    const double spread = year == 2012 ? alpha / beta : alpha;
    return 1 - length_of(r - 1, spread - 1, beta - 1);
}

double mean_tweedie_deviance(const OutputSums& sums, double power) { return mean_of(sums, deviance(power)); }

double d2_tweedie_score(const OutputSums& sums, double power) {
    if (power == 0) return r2_score(sums, 1);
    const BigNumber part = sum_of(sums, deviance(power));
    if (is_zero(spread_of_truth(sums))) return is_zero(part) ? 1.0 : 0.0;
    const std::optional<BigNumber> whole = deviance_from_mean(sums, power);
    return whole ? ratio(*whole - part, *whole) : nan;
}

// Of infinite pairs too, whose residuals are larger than all others.
double quantile_absolute_error(const OutputSums& sums, double q) {
    return quantile_of_magnitudes(*find(sums, {Term::residuals_by_size}).by_size, sums.counts.infinite, q);
}

double none(const OutputSums&, double) { return nan; }

}  // namespace formulas

namespace {

bool is_all_finite(const OutputSums& sums, const SummandList& summands) {
    const PairCounts& counts = sums.counts;
    return counts.pairs > 0 && counts.undefined == 0 && counts.infinite == 0 &&
           std::all_of(summands.begin(), summands.end(),
                       [&](const Summand& summand) { return is_finite(sums, summand); });
}

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
    const SummandList summands = summands::of_pinball(alpha);
    const OutputSums part = sums_of_output(model, output, summands);
    const OutputSums whole = sums_of_output(baseline, output, summands);
    if (!is_all_finite(part, summands) || !is_all_finite(whole, summands)) return nan;
    return one_minus(twice_pinball_loss(part, alpha), twice_pinball_loss(whole, alpha), true);
}

std::vector<double> relative_variances_of_truth(const State& state) {
    const FloatingPointEnvironment environment;
    std::vector<Quotient> variances;
    for (std::size_t i = 0; i < state.counts.size(); ++i) {
        const OutputSums sums = sums_of_output(state, i, summands::of_truth(0));
        const BigNumber weight = weight_of(sums);
        variances.push_back({spread_of_truth(sums), weight * weight});
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

}  // namespace squarely
