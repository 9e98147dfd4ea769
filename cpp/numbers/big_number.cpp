#include "numbers/big_number.hpp"

#include "numbers/rounding.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace squarely {
namespace {

using Limbs = std::vector<std::uint64_t>;

// Drops zero limbs at both ends.
BigNumber trimmed(Limbs limbs, int exponent, bool negative) {
    while (!limbs.empty() && limbs.back() == 0) limbs.pop_back();
    const auto lowest = std::find_if(limbs.begin(), limbs.end(), [](std::uint64_t limb) { return limb != 0; });
    exponent += 64 * static_cast<int>(lowest - limbs.begin());
    limbs.erase(limbs.begin(), lowest);
    if (limbs.empty()) return {};
    return {std::move(limbs), exponent, negative};
}

// limbs * 2^shift
Limbs shifted(const Limbs& limbs, int shift) {
    Limbs result(static_cast<std::size_t>(shift / 64), 0);
    const int rest = shift % 64;
    std::uint64_t carry = 0;
    for (std::uint64_t limb : limbs) {
        result.push_back(limb << rest | carry);
        carry = rest == 0 ? 0 : limb >> (64 - rest);
    }
    if (carry != 0) result.push_back(carry);
    return result;
}

int bit_length(const Limbs& limbs) {
    return limbs.empty() ? 0 : static_cast<int>(64 * limbs.size()) - std::countl_zero(limbs.back());
}

bool less(const Limbs& a, const Limbs& b) {
    if (a.size() != b.size()) return a.size() < b.size();
    return std::lexicographical_compare(a.rbegin(), a.rend(), b.rbegin(), b.rend());
}

void drop_zeros(Limbs& limbs) {
    while (!limbs.empty() && limbs.back() == 0) limbs.pop_back();
}

Limbs sum(const Limbs& a, const Limbs& b) {
    Limbs result = a.size() >= b.size() ? a : b;
    const Limbs& other = a.size() >= b.size() ? b : a;
    std::uint64_t carry = 0;
    for (std::size_t i = 0; i < result.size(); ++i) {
        const uint128 total = uint128{result[i]} + (i < other.size() ? other[i] : 0) + carry;
        result[i] = static_cast<std::uint64_t>(total);
        carry = static_cast<std::uint64_t>(total >> 64);
    }
    if (carry != 0) result.push_back(carry);
    return result;
}

// Takes b from a, which is no less.
void take(Limbs& a, const Limbs& b) {
    std::uint64_t borrow = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const uint128 taken = uint128{i < b.size() ? b[i] : 0} + borrow;
        borrow = a[i] < taken ? 1 : 0;
        a[i] -= static_cast<std::uint64_t>(taken);
    }
    drop_zeros(a);
}

void double_up(Limbs& limbs) {
    std::uint64_t carry = 0;
    for (std::uint64_t& limb : limbs) {
        const std::uint64_t next = limb >> 63;
        limb = limb << 1 | carry;
        carry = next;
    }
    if (carry != 0) limbs.push_back(carry);
}

// The quotient cut to 128 bits, the highest of which may be zero, and whether something was cut off.
Truncated quotient_of(const BigNumber& numerator, const BigNumber& denominator) {
    const int length = std::max(bit_length(numerator.limbs), bit_length(denominator.limbs));
    const int up = length - bit_length(numerator.limbs);
    const int down = length - bit_length(denominator.limbs);
    // Of the same length, so the quotient lies between 1/2 and 2, and 128 steps give 127 bits of it at least.
    Limbs remainder = shifted(numerator.limbs, up);
    const Limbs divisor = shifted(denominator.limbs, down);
    uint128 quotient = 0;
    for (int bit = 0; bit < 128; ++bit) {
        quotient <<= 1;
        if (!less(remainder, divisor)) {
            take(remainder, divisor);
            quotient |= 1;
        }
        double_up(remainder);
    }
    return {quotient, numerator.exponent - up - denominator.exponent + down - 127, !remainder.empty()};
}

}  // namespace

BigNumber big_number(const ExactSum& sum) {
    ExactSum magnitude = sum;
    if (is_negative(sum)) negate(magnitude);
    return trimmed(Limbs(std::begin(magnitude.limbs), std::end(magnitude.limbs)), ExactSum::unit_exponent,
                   is_negative(sum));
}

BigNumber big_number(const BinaryNumber& number) {
    return trimmed({number.significand}, number.exponent, number.negative);
}

BigNumber big_number(double value) { return big_number(number_of(value)); }

BigNumber big_number(std::uint64_t value) { return trimmed({value}, 0, false); }

bool is_zero(const BigNumber& number) { return number.limbs.empty(); }

BigNumber operator-(BigNumber number) {
    number.negative = !number.negative && !is_zero(number);
    return number;
}

BigNumber operator+(const BigNumber& a, const BigNumber& b) {
    if (is_zero(a)) return b;
    if (is_zero(b)) return a;
    const int exponent = std::min(a.exponent, b.exponent);
    Limbs x = shifted(a.limbs, a.exponent - exponent);
    Limbs y = shifted(b.limbs, b.exponent - exponent);
    if (a.negative == b.negative) return trimmed(sum(x, y), exponent, a.negative);
    if (less(x, y)) {
        take(y, x);
        return trimmed(std::move(y), exponent, b.negative);
    }
    take(x, y);
    return trimmed(std::move(x), exponent, a.negative);
}

BigNumber operator-(const BigNumber& a, const BigNumber& b) { return a + -BigNumber{b}; }

BigNumber operator*(const BigNumber& a, const BigNumber& b) {
    Limbs product(a.limbs.size() + b.limbs.size(), 0);
    for (std::size_t i = 0; i < a.limbs.size(); ++i) {
        std::uint64_t carry = 0;
        for (std::size_t j = 0; j < b.limbs.size(); ++j) {
            const uint128 total = uint128{a.limbs[i]} * b.limbs[j] + product[i + j] + carry;
            product[i + j] = static_cast<std::uint64_t>(total);
            carry = static_cast<std::uint64_t>(total >> 64);
        }
        product[i + b.limbs.size()] = carry;
    }
    return trimmed(std::move(product), a.exponent + b.exponent, a.negative != b.negative);
}

BigNumber scaled(BigNumber number, int exponent) {
    if (!is_zero(number)) number.exponent += exponent;
    return number;
}

BigNumber absolute(BigNumber number) {
    number.negative = false;
    return number;
}

bool operator<(const BigNumber& a, const BigNumber& b) { return (a - b).negative; }

double nearest_ratio(const BigNumber& numerator, const BigNumber& denominator) {
    if (is_zero(numerator)) return 0.0;
    return rounded(quotient_of(numerator, denominator), numerator.negative != denominator.negative);
}

double nearest_root(const BigNumber& numerator, const BigNumber& denominator) {
    if (is_zero(numerator)) return 0.0;
    return rounded_root(quotient_of(numerator, denominator));
}

double nearest(const BigNumber& number) { return nearest_ratio(number, big_number(std::uint64_t{1})); }

bool add(ExactSum& sum, const BigNumber& number) {
    if (is_zero(number)) return true;
    const int position = number.exponent - ExactSum::unit_exponent;
    // 2^2074 and 63 bits for as many terms stay within the sum.
    if (position + bit_length(number.limbs) > 2074 - ExactSum::unit_exponent) return false;
    ExactSum addend;
    const int shift = position & 63;  // of the limbs against those of the sum, also where the position is negative
    const int first = (position - shift) / 64;
    const Limbs limbs = shifted(number.limbs, shift);
    for (std::size_t i = 0; i < limbs.size(); ++i) {
        const int limb = first + static_cast<int>(i);
        if (limb >= 0) addend.limbs[limb] = limbs[i];
    }
    if (number.negative) {
        subtract(sum, addend);
    } else {
        merge(sum, addend);
    }
    return true;
}

}  // namespace squarely
