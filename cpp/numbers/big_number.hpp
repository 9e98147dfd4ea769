// Exact arithmetic on the numbers that sums are, for formulas over them: integers of any length times a power of two.
#pragma once

#include "numbers/binary_number.hpp"
#include "numbers/exact_sum.hpp"

#include <cstdint>
#include <vector>

namespace squarely {

// value = (-1)^negative * (limbs as an integer, least significant first) * 2^exponent. Zero has no limbs. The lowest
// and the highest limb are never zero.
struct BigNumber {
    std::vector<std::uint64_t> limbs;
    int exponent = 0;
    bool negative = false;
};

BigNumber big_number(const ExactSum& sum);
BigNumber big_number(const BinaryNumber& number);
BigNumber big_number(double value);  // finite
BigNumber big_number(std::uint64_t value);

bool is_zero(const BigNumber& number);

BigNumber operator-(BigNumber number);
BigNumber operator+(const BigNumber& a, const BigNumber& b);
BigNumber operator-(const BigNumber& a, const BigNumber& b);
BigNumber operator*(const BigNumber& a, const BigNumber& b);
BigNumber scaled(BigNumber number, int exponent);  // number * 2^exponent
BigNumber absolute(BigNumber number);
bool operator<(const BigNumber& a, const BigNumber& b);

// The double nearest to numerator / denominator, or to the root of that. The denominator is not zero.
double nearest_ratio(const BigNumber& numerator, const BigNumber& denominator);
double nearest_root(const BigNumber& numerator, const BigNumber& denominator);  // neither is negative
double nearest(const BigNumber& number);

// Adds the number, its bits below the unit of the sum cut off. False, and nothing added, where it is too large.
bool add(ExactSum& sum, const BigNumber& number);

}  // namespace squarely
