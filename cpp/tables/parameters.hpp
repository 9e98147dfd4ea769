// What the parameters of metrics may be.
#pragma once

#include <cmath>
#include <limits>
#include <span>
#include <string_view>

namespace squarely {

// A word that stands for a number.
struct ParameterWord {
    std::string_view word;
    double number;
};

struct Parameter {
    std::string_view name;
    bool (*contains)(double value);
    std::string_view must_be;  // in scikit-learn's words, where it has them
    std::span<const ParameterWord> words = {};
    bool is_boolean = false;
};

namespace parameters {

// In the place of a default: whoever asks for the metric has to say which value. Every comparison with it is false.
constexpr double without_default = std::numeric_limits<double>::quiet_NaN();

constexpr bool is_share(double value) { return value >= 0 && value <= 1; }
constexpr bool is_proper_share(double value) { return value >= 0 && value < 1; }
constexpr bool is_truth_value(double value) { return value == 0 || value == 1; }
constexpr bool is_year(double value) { return value == 2009 || value == 2012; }
inline bool is_positive(double value) { return value > 0 && std::isfinite(value); }
inline bool is_power(double value) { return std::isfinite(value) && (value <= 0 || value >= 1); }

constexpr std::string_view a_share = "a float in the range [0.0, 1.0]";
constexpr std::string_view a_positive_number = "a float in the range (0.0, inf)";

constexpr ParameterWord normalizations[] = {{"range", 0}, {"mean", 1}, {"std", 2}, {"euclidean", 3}};
constexpr bool is_normalization(double value) {
    for (const ParameterWord& one : normalizations) {
        if (one.number == value) return true;
    }
    return false;
}

constexpr Parameter none = {"", nullptr, ""};
constexpr Parameter alpha = {"alpha", is_share, a_share};
constexpr Parameter q = {"q", is_share, a_share};
constexpr Parameter tau = {"tau", is_share, a_share};
constexpr Parameter proportion = {"proportion", is_proper_share, "a float in the range [0.0, 1.0)"};
constexpr Parameter delta = {"delta", is_positive, a_positive_number};
constexpr Parameter c = {"c", is_positive, a_positive_number};
constexpr Parameter scale = {"scale", is_positive, a_positive_number};
constexpr Parameter variance = {"variance", is_positive, a_positive_number};
constexpr Parameter data_range = {"data_range", is_positive, a_positive_number};
constexpr Parameter power = {"power", is_power, "a float in the range (-inf, 0.0] or a float in the range [1.0, inf)"};
constexpr Parameter version = {"version", is_year, "2009 or 2012"};
constexpr Parameter force_finite = {"force_finite", is_truth_value, "an instance of 'bool'", {}, true};
constexpr Parameter normalization = {"normalization", is_normalization,
                                     "a str among {'euclidean', 'mean', 'range', 'std'}", normalizations};

}  // namespace parameters
}  // namespace squarely
