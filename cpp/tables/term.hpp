// The names of what is summed. Plain data: kernels see it too. Numbers are part of the byte form: append, never
// renumber.
#pragma once

#include <cstdint>

namespace squarely {

enum class Term : std::uint8_t {
    squared_error = 0,  // (y - p)^2
    error = 1,          // p - y
    absolute_error = 2,
    truth = 3,
    squared_truth = 4,
    prediction = 5,
    squared_prediction = 6,
    sample_weight = 7,
    absolute_truth = 8,
    squared_underprediction = 9,  // (y - p)^2 where y > p
    huber_loss = 10,              // parameter: delta
    absolute_percentage_error = 11,
    symmetric_absolute_percentage_error = 12,
    squared_log_error = 13,
    log_cosh_loss = 14,
    tukey_loss = 15,  // parameter: c
    poisson_deviance = 16,
    gamma_deviance = 17,
    tweedie_deviance = 18,  // parameter: power
    truth_of_poisson_deviance = 19,
    truth_of_gamma_deviance = 20,
    truth_of_tweedie_deviance = 21,  // parameter: power
    largest_error = 22,              // these three are compared and not summed: the largest or the least of all pairs
    least_truth = 23,
    greatest_truth = 24,
};
constexpr int term_count = 25;

}  // namespace squarely
