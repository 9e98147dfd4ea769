#include "numbers/rounding.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace squarely {
namespace {

constexpr int smallest_exponent = -1074;  // of the last bit of a double
constexpr int largest_exponent = 1023;
constexpr std::uint64_t infinity_bits = 0x7ff0000000000000;

// significand >> drop, rounded half to even. For a significand up to 2^63 and a few more.
std::uint64_t shifted_to_nearest(std::uint64_t significand, int drop) {
    if (drop > 64) return 0;
    const std::uint64_t half = std::uint64_t{1} << (drop - 1);
    if (drop == 64) return significand > half ? 1 : 0;
    return (significand + (half - 1) + (significand >> drop & 1)) >> drop;
}

// The double nearest to significand * 2^exponent, of 60 bits or more. Integer arithmetic only: the host's rounding mode
// cannot reach it.
double rounded(std::uint64_t significand, int exponent) {
    // Exponent of the last bit kept: 53 bits for normal numbers, fewer where the format runs out of range.
    const int last = std::max(exponent + 11 - __builtin_clzll(significand), smallest_exponent);
    if (last > largest_exponent - 52) return std::bit_cast<double>(infinity_bits);
    const std::uint64_t kept = shifted_to_nearest(significand, last - exponent);
    // Added, not or-ed: a carry out of the rounding moves into the exponent, up to infinity, as it should.
    return std::bit_cast<double>(kept + (static_cast<std::uint64_t>(last - smallest_exponent) << 52));
}

// significand * 2^exponent, from which the truth is no further than error * 2^exponent. The significand has 62 or 63
// bits.
struct Estimate {
    std::uint64_t significand;
    int exponent;
    unsigned error;
};

Bounds bounds_of(const Estimate& estimate) {
    return {rounded(estimate.significand - estimate.error, estimate.exponent),
            rounded(estimate.significand + estimate.error, estimate.exponent)};
}

// With the leading 126 bits of the numerator a and 64 of the denominator b, the quotient is no more than (a + 1) / b,
// and no less than a / (b + 1), which is a / b less (a / b) / (b + 1), less than one. The division leaves out less than
// one more.
Estimate estimated_ratio(const Leading& numerator, const Leading& denominator) {
    const auto divisor = static_cast<std::uint64_t>(denominator.bits >> 64);
    return {static_cast<std::uint64_t>((numerator.bits >> 2) / divisor), numerator.exponent - denominator.exponent - 62,
            2};
}

// The error of the square becomes no larger, and what the root itself leaves out is less than two.
Estimate estimated_root(const Estimate& square) {
    const bool is_odd = (square.exponent & 1) != 0;  // half of an exponent needs an even one
    const int up = is_odd ? 63 : 62;
    const double scale = is_odd ? 0x1p63 : 0x1p62;
    // The double is good to 2^-51 in any rounding mode, and one step of Newton's makes it good to the last bit.
    const auto root = static_cast<std::uint64_t>(std::sqrt(static_cast<double>(square.significand) * scale));
    const auto other = static_cast<std::uint64_t>((uint128{square.significand} << up) / root);
    return {root / 2 + other / 2, (square.exponent - up) / 2, square.error + 2};
}

}  // namespace

Leading leading_bits(std::uint64_t first, std::uint64_t second, std::uint64_t third, int exponent) {
    const int shift = __builtin_clzll(first);
    return {(uint128{first} << 64 | second) << shift | (third >> 1) >> (63 - shift), exponent - 64 - shift};
}

Bounds bounds_of(const Leading& number) {
    return bounds_of(Estimate{static_cast<std::uint64_t>(number.bits >> 65), number.exponent + 65, 1});
}

Bounds bounds_of_ratio(const Leading& numerator, const Leading& denominator) {
    return bounds_of(estimated_ratio(numerator, denominator));
}

Bounds bounds_of_root(const Leading& numerator, const Leading& denominator) {
    return bounds_of(estimated_root(estimated_ratio(numerator, denominator)));
}

}  // namespace squarely
