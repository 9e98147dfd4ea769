// Losses that rows are ordered by, those of one pair each: how they are called, and the metric that is the mean of one
// and has its parameter.
#pragma once

#include <string_view>

namespace squarely {

struct NamedRowLoss {
    std::string_view name;  // of the term, but for the pinball loss, which is a part of two
    std::string_view metric;
};

constexpr std::string_view pinball_loss = "pinball_loss";

constexpr NamedRowLoss row_losses[] = {
    {"squared_error", "mean_squared_error"},
    {"absolute_error", "mean_absolute_error"},
    {pinball_loss, "mean_pinball_loss"},
    {"huber_loss", "mean_huber_loss"},
    {"absolute_percentage_error", "mean_absolute_percentage_error"},
    {"symmetric_absolute_percentage_error", "symmetric_mean_absolute_percentage_error"},
    {"squared_log_error", "mean_squared_log_error"},
    {"log_cosh_loss", "mean_log_cosh_loss"},
    {"tukey_loss", "mean_tukey_loss"},
    {"poisson_deviance", "mean_poisson_deviance"},
    {"gamma_deviance", "mean_gamma_deviance"},
    {"tweedie_deviance", "mean_tweedie_deviance"},
};

}  // namespace squarely
