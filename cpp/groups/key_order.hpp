// Keys in the order of what they stand for.
#pragma once

#include "groups/text_keys.hpp"
#include "groups/word_columns.hpp"

#include <cstdint>
#include <vector>

namespace squarely {

// What the words of a column are, as far as their order goes. NaN is behind the numbers.
enum class Ordering : std::uint8_t { integers, large_integers, floats };

// The codes of all keys, and that of what is missing last.
std::vector<std::uint32_t> codes_in_order(const WordKeys& keys, Ordering ordering);
std::vector<std::uint32_t> codes_in_order(const TextKeys& keys);  // of their bytes

}  // namespace squarely
