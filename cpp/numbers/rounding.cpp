#include "numbers/rounding.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace squarely {
namespace {

constexpr int smallest_exponent = -1074;  // of the last bit of a double
constexpr int largest_exponent = 1023;
constexpr std::uint64_t infinity_bits = 0x7ff0000000000000;

int bit_length(uint128 value) {
    const auto high = static_cast<std::uint64_t>(value >> 64);
    const auto low = static_cast<std::uint64_t>(value);
    if (high != 0) return 128 - __builtin_clzll(high);
    return low != 0 ? 64 - __builtin_clzll(low) : 0;
}

// significand >> drop, rounded half to even.
std::uint64_t shifted_to_nearest(uint128 significand, int drop, bool sticky) {
    if (drop > 128) return 0;
    const uint128 kept = drop == 128 ? 0 : significand >> drop;
    const uint128 half = uint128{1} << (drop - 1);
    const uint128 rest = drop == 128 ? significand : significand - (kept << drop);
    const bool up = rest > half || (rest == half && (sticky || (kept & 1) != 0));
    return static_cast<std::uint64_t>(kept) + (up ? 1 : 0);
}

std::uint64_t magnitude_bits(const Truncated& value) {
    const int length = bit_length(value.significand);
    if (length == 0) return 0;
    // Exponent of the last bit kept: 53 bits for normal numbers, fewer where the format runs out of range.
    const int last = std::max(value.exponent + length - 53, smallest_exponent);
    const int drop = last - value.exponent;
    const std::uint64_t kept = drop > 0 ? shifted_to_nearest(value.significand, drop, value.sticky)
                                        : static_cast<std::uint64_t>(value.significand) << -drop;
    if (last > largest_exponent - 52) return infinity_bits;
    // Added, not or-ed: a carry out of the rounding moves into the exponent, up to infinity, as it should.
    const auto biased = static_cast<std::uint64_t>(last - smallest_exponent);
    return kept + (biased << 52);
}

// floor(sqrt(value)) for value < 2^126. The double estimate is good to 2^-52, one Newton step brings it
// within one unit, and the loop settles that, whatever the rounding mode was.
std::uint64_t floor_root(uint128 value) {
    if (value == 0) return 0;
    auto root = static_cast<std::uint64_t>(std::sqrt(static_cast<double>(value)));
    root = static_cast<std::uint64_t>((root + value / root) / 2);
    while (uint128{root} * root > value) --root;
    while (uint128{root + 1} * (root + 1) <= value) ++root;
    return root;
}

}  // namespace

double rounded(const Truncated& value, bool negative) {
    return std::bit_cast<double>(magnitude_bits(value) | std::uint64_t{negative && value.significand != 0} << 63);
}

double rounded_root(const Truncated& value) {
    // Half of an exponent needs an even one; 123 bits or more give a root of 62 at least, nine more than a double.
    const int drop = 2 + (value.exponent & 1);
    const uint128 kept = value.significand >> drop;
    const std::uint64_t root = floor_root(kept);
    const bool sticky = value.sticky || kept << drop != value.significand || uint128{root} * root != kept;
    return rounded({root, (value.exponent + drop) / 2, sticky}, false);
}

}  // namespace squarely
