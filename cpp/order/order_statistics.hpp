// Order statistics of one output: the median of absolute errors, quantiles of the truth, the mean of the smallest
// squares. Every value is kept in memory once, as a double, in the order of the rows, and never moved: an order
// statistic is found by counting, so it depends on the values alone, neither on threads nor on the order of the rows.
#pragma once

#include "blocks/column.hpp"
#include "states/state.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace squarely {

enum class OrderedQuantity : std::uint8_t {
    absolute_error,  // |y_true - y_pred|, the exact difference rounded once
    truth,           // y_true, rounded once where it is an integer no double holds
};

// The values of one output. Infinities are values like others; what has none is a NaN: missing pairs, rows that do not
// count, and absolute errors of an infinity against itself.
struct OrderedValues {
    double* values = nullptr;  // room for every row, owned by whoever makes this
    std::ptrdiff_t rows = 0;   // filled so far
    std::uint64_t present = 0;
    double smallest = 0;  // of those present
    double largest = 0;
    PairCounts counts = {};
};

// Adds the same number of rows to every output. There must be room for them.
void add_rows(std::span<OrderedValues> ordered, OrderedQuantity quantity, std::span<const Pairs> outputs,
              std::ptrdiff_t rows);

// Values that are there already, as of some of the rows of others. They are counted as pairs.
OrderedValues ordered_values(double* values, std::ptrdiff_t rows);

// The averaged inverse of the distribution function: the smallest value whose share of values not above it reaches the
// level; the mean of it and the next value where it meets the level. At one half that is the median. NaN where no value
// is present.
//
// A level of few binary digits, such as one half, means itself. Any other double stands for all numbers that round to
// it: 0.1 is met by one value of ten, although the double is a little above a tenth.
double quantile(const OrderedValues& ordered, double level);

// The same with a share of weights: those of the rows, finite and not negative. Values of weight zero are not there.
// The weights are summed exactly. NaN where they are all zero.
double weighted_quantile(const OrderedValues& ordered, std::span<const double> weights, double level);

// The mean, rounded once, of the squares of the n - floor(proportion * n) smallest values, none of them negative.
// The product is that of the double, 0 <= proportion < 1, without rounding.
double trimmed_mean_square(const OrderedValues& ordered, double proportion);

}  // namespace squarely
