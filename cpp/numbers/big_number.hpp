// Exact arithmetic on the numbers that sums are, for formulas over them: integers of any length times a power of two.
#pragma once

#include "numbers/binary_number.hpp"
#include "numbers/exact_sum.hpp"
#include "numbers/limbs.hpp"

#include <cstdint>

namespace squarely {

// value = (-1)^negative * (limbs as an integer, least significant first) * 2^exponent. Zero has no limbs. The highest
// limb is never zero.
struct BigNumber {
    BigNumber() noexcept {}  // not left to the compiler, which would clear all of the storage for limbs

    Limbs limbs;
    int exponent = 0;
    bool negative = false;
};

BigNumber big_number(const SumLimbs& sum);
BigNumber big_number(const BinaryNumber& number);
BigNumber big_number(double value);  // finite
BigNumber big_number(std::uint64_t value);

bool is_zero(const BigNumber& number);

BigNumber operator-(const BigNumber& number);
BigNumber operator+(const BigNumber& a, const BigNumber& b);
BigNumber operator-(const BigNumber& a, const BigNumber& b);
BigNumber operator*(const BigNumber& a, const BigNumber& b);
BigNumber scaled(const BigNumber& number, int exponent);  // number * 2^exponent
BigNumber absolute(const BigNumber& number);
bool operator<(const BigNumber& a, const BigNumber& b);

// The double nearest to the number, to numerator / denominator, or to the root of that, ties to even. The denominator
// is not zero.
double nearest(const BigNumber& number);
double nearest_ratio(const BigNumber& numerator, const BigNumber& denominator);
double nearest_root(const BigNumber& numerator, const BigNumber& denominator);  // neither is negative

// Adds the number, its bits below the unit of the sum cut off. False, and nothing added, where it is too large.
bool add(ExactSum& sum, const BigNumber& number);

}  // namespace squarely
