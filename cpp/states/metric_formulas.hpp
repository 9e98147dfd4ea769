// What each metric sums, and its formula over the sums in exact numbers, rounded once. The rows of tables/metrics.cpp
// say which are whose.
#pragma once

#include "states/formulas.hpp"
#include "states/state.hpp"

#include <span>
#include <vector>

namespace squarely {

// A quotient whose denominator may be zero, and the root of one.
double ratio(const BigNumber& numerator, const BigNumber& denominator);
double root_ratio(const BigNumber& numerator, const BigNumber& denominator);

// The mean of a sum, and its root. Without weights their leading bits nearly always tell, and no number is made.
double mean_of(const OutputSums& sums, const Summand& summand);
double root_mean_of(const OutputSums& sums, const Summand& summand);

namespace summands {

template <Term term>
SummandList one(double) {
    return {{term}};
}
template <Term term>
SummandList one_with_parameter(double parameter) {
    return {{term, parameter}};
}
SummandList of_variance(double parameter);
SummandList of_explained_variance(double parameter);
SummandList of_truth(double parameter);
SummandList of_normalized_root(double parameter);
SummandList of_weighted_percentage(double parameter);
SummandList of_pinball(double parameter);
SummandList of_asymmetric(double parameter);
SummandList of_bias(double parameter);
SummandList of_residual_variance(double parameter);
SummandList of_both(double parameter);
SummandList of_tweedie(double parameter);
SummandList of_d2_tweedie(double parameter);
SummandList of_pictures(double parameter);

}  // namespace summands

namespace formulas {

template <Term term>
double sum(const OutputSums& sums, double) {
    return nearest(sum_of(sums, {term}));
}
template <Term term>
double mean(const OutputSums& sums, double) {
    return mean_of(sums, {term});
}
template <Term term>
double mean_with_parameter(const OutputSums& sums, double parameter) {
    return mean_of(sums, {term, parameter});
}
template <Term term>
double root_mean(const OutputSums& sums, double) {
    return root_mean_of(sums, {term});
}
double max_error(const OutputSums& sums, double parameter);
double r2_score(const OutputSums& sums, double parameter);
double explained_variance_score(const OutputSums& sums, double parameter);
double nash_sutcliffe_efficiency(const OutputSums& sums, double parameter);
double normalized_mean_squared_error(const OutputSums& sums, double parameter);
double variance_of_truth(const OutputSums& sums, double parameter);
double mean_of_truth(const OutputSums& sums, double parameter);
double normalized_root_mean_squared_error(const OutputSums& sums, double parameter);
double peak_signal_noise_ratio(const OutputSums& sums, double parameter);
double weighted_absolute_percentage_error(const OutputSums& sums, double parameter);
double symmetric_mean_absolute_percentage_error(const OutputSums& sums, double parameter);
double mean_pinball_loss(const OutputSums& sums, double parameter);
double mean_asymmetric_squared_error(const OutputSums& sums, double parameter);
double mean_gaussian_nll(const OutputSums& sums, double parameter);
double squared_bias(const OutputSums& sums, double parameter);
double residual_variance(const OutputSums& sums, double parameter);
double pearson_correlation(const OutputSums& sums, double parameter);
double concordance_correlation(const OutputSums& sums, double parameter);
double kling_gupta_efficiency(const OutputSums& sums, double parameter);
double mean_tweedie_deviance(const OutputSums& sums, double parameter);
double d2_tweedie_score(const OutputSums& sums, double parameter);
double quantile_absolute_error(const OutputSums& sums, double q);
double none(const OutputSums& sums, double parameter);  // of sums that are no metric

}  // namespace formulas

// 1 - the pinball loss of a model over that of a baseline, of the same pairs and weights: as one quotient, and where
// the baseline is perfect 1 for a perfect model and 0 for any other. The baseline is made of order statistics, which no
// sums hold, so that this is no metric of one state. Both have the sums of mean_pinball_loss.
double explained_pinball_loss(const State& model, const State& baseline, std::size_t output, double alpha);

// The variance of the truth of each output over the largest of them, by which outputs are averaged: variances
// themselves may be beyond all doubles. Needs the sums of variance_of_truth; all zeros where every truth is constant.
std::vector<double> relative_variances_of_truth(const State& state);

}  // namespace squarely
