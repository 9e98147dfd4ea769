// What a metric is where numbers are infinite: what it grows to with them, however fast each of them grows. NaN where
// that is no infinity or depends on more than the sums of the finite pairs and the signs of the others.
#pragma once

#include "states/formulas.hpp"

namespace squarely::infinities {

// Of what stays bounded.
double unknown(const OutputSums& sums, double parameter);

double grows(const OutputSums& sums, double parameter);
double falls(const OutputSums& sums, double parameter);

// Divided by what grows with the truth.
double grows_with_predictions(const OutputSums& sums, double parameter);
double of_percentage(const OutputSums& sums, double parameter);

double of_error(const OutputSums& sums, double parameter);
double of_squared_bias(const OutputSums& sums, double parameter);
double of_pinball(const OutputSums& sums, double alpha);
double of_asymmetric(const OutputSums& sums, double tau);
double of_variance_explained(const OutputSums& sums, double force_finite);
double of_explained_variance(const OutputSums& sums, double force_finite);
double of_residual_variance(const OutputSums& sums, double parameter);
double of_kling_gupta(const OutputSums& sums, double version);
double of_normalized_root(const OutputSums& sums, double normalization);
double of_deviance(const OutputSums& sums, double power);
double of_deviance_explained(const OutputSums& sums, double power);

}  // namespace squarely::infinities
