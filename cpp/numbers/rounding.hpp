// The one place where exact numbers become doubles: what is known of the nearest double from the leading bits alone.
#pragma once

#include "numbers/exact_sum.hpp"

#include <cstdint>

namespace squarely {

// Of a positive number: bits * 2^exponent, and no more than 2^exponent beyond that. The highest bit is set.
struct Leading {
    uint128 bits;
    int exponent;
};

// From the three highest limbs, of which the first is not zero, and the exponent of the first.
Leading leading_bits(std::uint64_t first, std::uint64_t second, std::uint64_t third, int exponent);

// The nearest double, ties to even, with gradual underflow and overflow to infinity, is one of these.
struct Bounds {
    double low;
    double high;  // the same double nearly always, or the next
};

Bounds bounds_of(const Leading& number);
Bounds bounds_of_ratio(const Leading& numerator, const Leading& denominator);
Bounds bounds_of_root(const Leading& numerator, const Leading& denominator);

}  // namespace squarely
