// What a metric is where a number is infinite: the limit, if there is one whatever the finite pairs are, else NaN.
#pragma once

#include "states/formulas.hpp"

namespace squarely::infinities {

// Bounded terms, differences of two infinities, and what a finite sum of the truth would have to be known for.
double unknown(const OutputSums& sums, double parameter);

double grows(const OutputSums& sums, double parameter);
double falls(const OutputSums& sums, double parameter);

// Divided by what grows with the truth.
double grows_with_predictions(const OutputSums& sums, double parameter);

double of_error(const OutputSums& sums, double parameter);
double of_squared_bias(const OutputSums& sums, double parameter);
double of_pinball(const OutputSums& sums, double alpha);
double of_asymmetric(const OutputSums& sums, double tau);
double of_variance_explained(const OutputSums& sums, double force_finite);
double of_normalized_root(const OutputSums& sums, double normalization);
double of_deviance(const OutputSums& sums, double power);
double of_deviance_explained(const OutputSums& sums, double power);

}  // namespace squarely::infinities
