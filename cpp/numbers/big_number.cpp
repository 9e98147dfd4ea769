#include "numbers/big_number.hpp"

#include "numbers/add_words.hpp"
#include "numbers/limbs_in_use.hpp"

#include <algorithm>

namespace squarely {
namespace {

// The first row is written, the others are added to it.
void multiply(std::uint64_t* target, const Limbs& factors, const Limbs& row) {
    const std::uint64_t* const factor = factors.data();
    const std::uint64_t* const limbs = row.data();
    const int rows = factors.size();
    const int size = row.size();
    std::uint64_t carry = 0;
    for (int i = 0; i < size; ++i) {
        const uint128 total = uint128{factor[0]} * limbs[i] + carry;
        target[i] = static_cast<std::uint64_t>(total);
        carry = static_cast<std::uint64_t>(total >> 64);
    }
    target[size] = carry;
    for (int j = 1; j < rows; ++j) {
        ++target;
        carry = 0;
        for (int i = 0; i < size; ++i) {
            const uint128 total = uint128{factor[j]} * limbs[i] + target[i] + carry;
            target[i] = static_cast<std::uint64_t>(total);
            carry = static_cast<std::uint64_t>(total >> 64);
        }
        target[size] = carry;
    }
}

void negate(std::uint64_t* limbs, int size) {
    std::uint64_t carry = 1;
    for (int i = 0; i < size; ++i) {
        limbs[i] = ~limbs[i] + carry;
        carry = carry != 0 && limbs[i] == 0;
    }
}

// The sum of two limbs and a carry, which becomes that of the next.
std::uint64_t add_limbs(std::uint64_t a, std::uint64_t b, std::uint64_t& carry) {
    const std::uint64_t partial = a + b;
    const std::uint64_t total = partial + carry;
    carry = (partial < a ? 1 : 0) | (total < partial ? 1 : 0);
    return total;
}

// Two numbers, of which the second has no smaller exponent. Those with a sign are taken away.
struct Aligned {
    const Limbs& low;
    std::uint64_t low_sign;
    const Limbs& high;
    std::uint64_t high_sign;
    int shift;
};

// Writes low + high * 2^shift, or either less the other: two's complement, as in add_words. Returns the last carry.
std::uint64_t add_aligned(const Aligned& numbers, std::uint64_t* target, int size) {
    const std::uint64_t* const low = numbers.low.data();
    const std::uint64_t* const high = numbers.high.data();
    const std::uint64_t low_sign = numbers.low_sign;
    const std::uint64_t high_sign = numbers.high_sign;
    const int low_size = numbers.low.size();
    const int first = numbers.shift >> 6;
    const int last = first + numbers.high.size();
    const int shift = numbers.shift & 63;
    std::uint64_t carry = (low_sign | high_sign) & 1;
    std::uint64_t below = 0;
    int i = 0;
    const auto write = [&](std::uint64_t word) {
        target[i] = add_limbs((i < low_size ? low[i] : 0) ^ low_sign, word ^ high_sign, carry);
    };
    for (; i < first; ++i) write(0);
    for (; i < last; ++i) {
        const std::uint64_t limb = high[i - first];
        write(limb << shift | carried(below, shift));
        below = limb;
    }
    write(carried(below, shift));
    for (++i; i < size; ++i) write(0);
    return carry;
}

// a + b, or a - b where the sign of b says so. Neither is zero.
BigNumber sum_of(const BigNumber& a, const BigNumber& b, bool b_negative) {
    BigNumber sum;
    sum.negative = a.negative;
    sum.exponent = std::min(a.exponent, b.exponent);
    const std::uint64_t sign = a.negative != b_negative ? ~std::uint64_t{0} : 0;
    const Aligned numbers = a.exponent <= b.exponent ? Aligned{a.limbs, 0, b.limbs, sign, b.exponent - a.exponent}
                                                     : Aligned{b.limbs, sign, a.limbs, 0, a.exponent - b.exponent};
    // One limb for what the shift moves out of the last, and for a carry.
    const int size = std::max(numbers.low.size(), (numbers.shift >> 6) + numbers.high.size()) + 1;
    sum.limbs.resize(size);
    const std::uint64_t carry = add_aligned(numbers, sum.limbs.data(), size);
    if (sign != 0 && carry == 0) {
        negate(sum.limbs.data(), size);
        sum.negative = !sum.negative;
    }
    sum.limbs.trim();
    if (is_zero(sum)) sum.negative = false;
    return sum;
}

}  // namespace

BigNumber big_number(const SumLimbs& sum) {
    BigNumber number;
    const LimbsInUse used = limbs_in_use(sum);
    number.limbs.resize(used.count);
    number.exponent = ExactSum::unit_exponent + 64 * used.first;
    number.negative = is_negative(sum);
    copy_magnitude(sum, used, number.limbs.data());
    return number;
}

BigNumber big_number(const BinaryNumber& binary) {
    BigNumber number;
    if (binary.significand == 0) return number;
    number.limbs.resize(1);
    number.limbs.data()[0] = binary.significand;
    number.exponent = binary.exponent;
    number.negative = binary.negative;
    return number;
}

BigNumber big_number(double value) { return big_number(number_of(value)); }

BigNumber big_number(std::uint64_t value) { return big_number(BinaryNumber{value, 0, false}); }

bool is_zero(const BigNumber& number) { return number.limbs.size() == 0; }

BigNumber operator-(const BigNumber& number) {
    BigNumber opposite = number;
    opposite.negative = !number.negative && !is_zero(number);
    return opposite;
}

BigNumber operator+(const BigNumber& a, const BigNumber& b) {
    if (is_zero(a)) return b;
    return is_zero(b) ? a : sum_of(a, b, b.negative);
}

BigNumber operator-(const BigNumber& a, const BigNumber& b) {
    if (is_zero(a)) return -b;
    return is_zero(b) ? a : sum_of(a, b, !b.negative);
}

BigNumber operator*(const BigNumber& a, const BigNumber& b) {
    BigNumber product;
    if (is_zero(a) || is_zero(b)) return product;
    // Few long rows rather than many short ones.
    const Limbs& factors = a.limbs.size() < b.limbs.size() ? a.limbs : b.limbs;
    const Limbs& row = a.limbs.size() < b.limbs.size() ? b.limbs : a.limbs;
    product.limbs.resize(factors.size() + row.size());
    multiply(product.limbs.data(), factors, row);
    product.limbs.trim();
    product.exponent = a.exponent + b.exponent;
    product.negative = a.negative != b.negative;
    return product;
}

BigNumber scaled(const BigNumber& number, int exponent) {
    BigNumber product = number;
    if (!is_zero(number)) product.exponent += exponent;
    return product;
}

BigNumber absolute(const BigNumber& number) {
    BigNumber size = number;
    size.negative = false;
    return size;
}

bool operator<(const BigNumber& a, const BigNumber& b) { return (a - b).negative; }

bool add(ExactSum& sum, const BigNumber& number) {
    if (is_zero(number)) return true;
    const int size = number.limbs.size();
    const int top = number.exponent + 64 * size - __builtin_clzll(number.limbs.data()[size - 1]);
    // 2^2074 and 63 bits for as many terms stay within the sum.
    if (top > 2074) return false;
    for (int i = 0; i < size; ++i) {
        const int exponent = number.exponent + 64 * i;
        const int below_unit = std::max(ExactSum::unit_exponent - exponent, 0);
        if (below_unit >= 64) continue;
        add_number(sum, number.limbs.data()[i] >> below_unit, exponent + below_unit, number.negative);
    }
    return true;
}

}  // namespace squarely
