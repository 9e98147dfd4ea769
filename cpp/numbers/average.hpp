// The average over outputs, rounded once.
#pragma once

#include <span>

namespace squarely {

// sum(weights * values) / sum(weights), correctly rounded; NaN or an infinity where a value is one. Weights are finite
// and do not sum to zero.
double average(std::span<const double> values, std::span<const double> weights);

}  // namespace squarely
