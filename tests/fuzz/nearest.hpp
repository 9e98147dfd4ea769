// Whether a double is the one nearest to a quotient of integers, or to its root. Nothing is divided and no root is
// taken: the middles between the double and its neighbours are compared with the quotient.
#pragma once

#include "integer.hpp"

#include <bit>
#include <cmath>
#include <cstdint>

namespace fuzz {

enum class Of : std::uint8_t { quotient, root };

// The sign of (what is asked of numerator / denominator) - digits * 2^exponent, of numbers that are not negative.
inline int compare_with(Of of, const Integer& numerator, const Integer& denominator, std::uint64_t digits,
                        int exponent) {
    const bool is_root = of == Of::root;
    const Integer scaled = denominator * Integer(is_root ? uint128{digits} * digits : uint128{digits});
    const int places = is_root ? 2 * exponent : exponent;
    return places >= 0 ? compare(numerator, shifted_left(scaled, places))
                       : compare(shifted_left(numerator, -places), scaled);
}

// Of a double that is not negative, and of a quotient that is not.
inline bool is_nearest_magnitude(Of of, const Integer& numerator, const Integer& denominator, double value) {
    constexpr std::uint64_t hidden = std::uint64_t{1} << 52;
    if (std::isinf(value)) return compare_with(of, numerator, denominator, 4 * hidden - 1, 970) >= 0;
    const auto bits = std::bit_cast<std::uint64_t>(value);
    const int field = static_cast<int>(bits >> 52);
    const std::uint64_t digits = (bits & (hidden - 1)) | (field == 0 ? 0 : hidden);
    const int exponent = (field == 0 ? 1 : field) - 1075;
    const bool is_even = digits % 2 == 0;
    const int above = compare_with(of, numerator, denominator, 2 * digits + 1, exponent - 1);
    if (above > 0 || (above == 0 && !is_even)) return false;
    if (digits == 0) return true;
    const bool is_closer_below = digits == hidden && field > 1;
    const int below = is_closer_below ? compare_with(of, numerator, denominator, 4 * digits - 1, exponent - 2)
                                      : compare_with(of, numerator, denominator, 2 * digits - 1, exponent - 1);
    return below > 0 || (below == 0 && is_even);
}

// The denominator is not zero. Zero has no sign.
inline bool is_nearest(Of of, const Integer& numerator, const Integer& denominator, double value) {
    if (std::isnan(value)) return false;
    const int sign = numerator.sign() * denominator.sign();
    if (value != 0 && std::signbit(value) != (sign < 0)) return false;
    return is_nearest_magnitude(of, magnitude(numerator), magnitude(denominator), std::fabs(value));
}

}  // namespace fuzz
