// What the level of a quantile means.
#pragma once

#include "numbers/binary_number.hpp"

namespace squarely {

// The level is met by shares from low * 2^exponent to high * 2^exponent, both included.
struct Level {
    std::uint64_t low;
    std::uint64_t high;
    int exponent;
};

// Digits beyond which a level was hardly written in binary: one half is exact, the double 0.1 a rounded tenth.
constexpr int digits_meant = 32;

inline Level level_of(double level) {
    const BinaryNumber number = number_of(level);
    if (std::bit_width(number.significand >> std::countr_zero(number.significand | 1ull << 63)) <= digits_meant) {
        return {number.significand, number.significand, number.exponent};
    }
    // Up to the middle between the double and its neighbours. A power of two, whose neighbours differ, is short.
    return {2 * number.significand - 1, 2 * number.significand + 1, number.exponent - 1};
}

}  // namespace squarely
