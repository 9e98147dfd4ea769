// Quantiles of absolute errors that are read once and not kept.
#pragma once

#include "blocks/column.hpp"

#include <cstddef>
#include <optional>

namespace squarely {

constexpr std::ptrdiff_t fewest_rows_in_one_pass = 262144;  // the others are soon sorted out

// As quantile of order_statistics.hpp. None where the way does not lead there: of numbers that are not doubles, of rows
// that do not count, of values that are not finite, of short arrays, and where a sample of the values misleads.
std::optional<double> quantile_in_one_pass(const Pairs& pairs, std::ptrdiff_t rows, double level);

}  // namespace squarely
