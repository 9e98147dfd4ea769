// Numbers into the long integer, inline: the path of the pairs that fit no window spends its time here.
#pragma once

#include "numbers/binary_number.hpp"
#include "numbers/exact_sum.hpp"

namespace squarely {

// Adds words * 2^(64 * first), or takes them away: two's complement, ~words + 1, with the sign going on for ever above.
// No branch depends on the sign or on a carry before the last word: both are as good as random.
template <int count>
void add_words(std::uint64_t* limbs, int first, const std::uint64_t (&words)[count], bool negative) {
    const std::uint64_t sign = negative ? ~std::uint64_t{0} : 0;
    std::uint64_t carry = sign & 1;
    for (int i = 0; i < count; ++i) {
        const uint128 total = uint128{limbs[first + i]} + (words[i] ^ sign) + carry;
        limbs[first + i] = static_cast<std::uint64_t>(total);
        carry = static_cast<std::uint64_t>(total >> 64);
    }
    // All ones and a carry leave a limb as it is, and so do zeros without one.
    for (int i = first + count; carry != (sign & 1) && i < ExactSum::limb_count; ++i) {
        const uint128 total = uint128{limbs[i]} + sign + carry;
        limbs[i] = static_cast<std::uint64_t>(total);
        carry = static_cast<std::uint64_t>(total >> 64);
    }
}

// The part of low * 2^shift above its word; a shift by 64 is undefined, hence the two steps.
inline std::uint64_t carried(std::uint64_t low, int shift) { return (low >> 1) >> (63 - shift); }

// Adds magnitude * 2^exponent, or takes it away.
inline void add_number(ExactSum& sum, uint128 magnitude, int exponent, bool negative) {
    const int position = exponent - ExactSum::unit_exponent;
    const int shift = position % 64;
    const auto low = static_cast<std::uint64_t>(magnitude);
    const auto high = static_cast<std::uint64_t>(magnitude >> 64);
    add_words<3>(sum.limbs, position / 64, {low << shift, high << shift | carried(low, shift), carried(high, shift)},
                 negative);
}

// Adds a finite double.
inline void add_number(ExactSum& sum, double value) {
    const BinaryNumber number = number_of(value);
    add_number(sum, number.significand, number.exponent, number.negative);
}

// Adds (high * 2^128 + low) * 2^exponent.
inline void add_wide_number(ExactSum& sum, uint128 high, uint128 low, int exponent) {
    const int position = exponent - ExactSum::unit_exponent;
    const int shift = position % 64;
    const auto word0 = static_cast<std::uint64_t>(low);
    const auto word1 = static_cast<std::uint64_t>(low >> 64);
    const auto word2 = static_cast<std::uint64_t>(high);
    const auto word3 = static_cast<std::uint64_t>(high >> 64);
    add_words<5>(sum.limbs, position / 64,
                 {word0 << shift, word1 << shift | carried(word0, shift), word2 << shift | carried(word1, shift),
                  word3 << shift | carried(word2, shift), carried(word3, shift)},
                 false);
}

}  // namespace squarely
