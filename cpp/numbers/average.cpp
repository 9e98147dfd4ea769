#include "numbers/average.hpp"

#include "numbers/binary_number.hpp"
#include "numbers/exact_sum.hpp"

#include <cmath>

namespace squarely {
namespace {

void add_product(ExactSum& sum, double a, double b) {
    const BinaryNumber x = number_of(a);
    const BinaryNumber y = number_of(b);
    add(sum, uint128{x.significand} * y.significand, x.exponent + y.exponent, x.negative != y.negative);
}

}  // namespace

double average(std::span<const double> values, std::span<const double> weights) {
    ExactSum numerator;
    ExactSum denominator;
    double special = 0;  // collects the NaN or infinity an average with such a value has
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (std::isfinite(values[i])) {
            add_product(numerator, weights[i], values[i]);
        } else {
            special += weights[i] * values[i];
        }
        add_product(denominator, weights[i], 1.0);
    }
    return special == 0 ? ratio(numerator, denominator) : special;
}

}  // namespace squarely
