// What callers choose among, by the words for it. The order is that of the byte form and of squarely.h: append.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>

namespace squarely {

enum class Summation : std::uint8_t { exact, kahan, pairwise };
constexpr std::string_view summation_names[] = {"exact", "kahan", "pairwise"};
static_assert(std::size(summation_names) == static_cast<std::size_t>(Summation::pairwise) + 1);

// What a missing value means, NaN or null.
enum class NanPolicy : std::uint8_t { raise, propagate, omit, omit_true };
constexpr std::string_view nan_policy_names[] = {"raise", "propagate", "omit", "omit_true"};
static_assert(std::size(nan_policy_names) == static_cast<std::size_t>(NanPolicy::omit_true) + 1);

// What becomes of several outputs. Weights of one's own are numbers and no word.
enum class Averaging : std::uint8_t { uniform_average, raw_values, variance_weighted, weights };
constexpr std::string_view averaging_names[] = {"uniform_average", "raw_values", "variance_weighted"};
static_assert(std::size(averaging_names) == static_cast<std::size_t>(Averaging::weights));

template <class Choice, std::size_t count>
constexpr std::optional<Choice> choice_named(std::string_view name, const std::string_view (&names)[count]) {
    for (std::size_t i = 0; i < count; ++i) {
        if (names[i] == name) return static_cast<Choice>(i);
    }
    return std::nullopt;
}

constexpr std::string_view name_of(Summation summation) { return summation_names[static_cast<int>(summation)]; }
constexpr std::string_view name_of(NanPolicy policy) { return nan_policy_names[static_cast<int>(policy)]; }

}  // namespace squarely
