// Integers of any size by the methods of paper and pencil: slow, short, and of nobody else.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace fuzz {

__extension__ typedef unsigned __int128 uint128;

struct Integer {
    bool negative = false;
    std::vector<std::uint64_t> words;  // of the magnitude, the lowest first, none of zero at the end

    Integer() = default;
    explicit Integer(uint128 magnitude)
        : words{static_cast<std::uint64_t>(magnitude), static_cast<std::uint64_t>(magnitude >> 64)} {
        trim();
    }

    bool is_zero() const { return words.empty(); }
    int sign() const { return is_zero() ? 0 : negative ? -1 : 1; }

    void trim() {
        while (!words.empty() && words.back() == 0) words.pop_back();
        negative = negative && !words.empty();
    }
};

inline Integer negated(Integer value) {
    value.negative = !value.negative && !value.is_zero();
    return value;
}

inline Integer magnitude(Integer value) {
    value.negative = false;
    return value;
}

inline int compare_magnitudes(const Integer& a, const Integer& b) {
    if (a.words.size() != b.words.size()) return a.words.size() < b.words.size() ? -1 : 1;
    for (std::size_t i = a.words.size(); i-- > 0;) {
        if (a.words[i] != b.words[i]) return a.words[i] < b.words[i] ? -1 : 1;
    }
    return 0;
}

inline int compare(const Integer& a, const Integer& b) {
    if (a.sign() != b.sign()) return a.sign() < b.sign() ? -1 : 1;
    return a.negative ? compare_magnitudes(b, a) : compare_magnitudes(a, b);
}

inline Integer sum_of_magnitudes(const Integer& a, const Integer& b) {
    Integer sum;
    uint128 carry = 0;
    for (std::size_t i = 0; i < std::max(a.words.size(), b.words.size()) || carry != 0; ++i) {
        if (i < a.words.size()) carry += a.words[i];
        if (i < b.words.size()) carry += b.words[i];
        sum.words.push_back(static_cast<std::uint64_t>(carry));
        carry >>= 64;
    }
    return sum;
}

// The first is not the smaller one.
inline Integer difference_of_magnitudes(const Integer& a, const Integer& b) {
    Integer difference = magnitude(a);
    std::uint64_t borrow = 0;
    for (std::size_t i = 0; i < a.words.size(); ++i) {
        const uint128 taken = uint128{i < b.words.size() ? b.words[i] : 0} + borrow;
        borrow = difference.words[i] < taken ? 1 : 0;
        difference.words[i] -= static_cast<std::uint64_t>(taken);
    }
    difference.trim();
    return difference;
}

inline Integer operator+(const Integer& a, const Integer& b) {
    if (a.negative == b.negative) {
        Integer sum = sum_of_magnitudes(a, b);
        sum.negative = a.negative;
        return sum;
    }
    const bool is_a_larger = compare_magnitudes(a, b) >= 0;
    Integer sum = is_a_larger ? difference_of_magnitudes(a, b) : difference_of_magnitudes(b, a);
    sum.negative = is_a_larger ? a.negative : b.negative;
    sum.trim();
    return sum;
}

inline Integer operator-(const Integer& a, const Integer& b) { return a + negated(b); }

inline Integer operator*(const Integer& a, const Integer& b) {
    Integer product;
    product.words.assign(a.words.size() + b.words.size(), 0);
    for (std::size_t i = 0; i < a.words.size(); ++i) {
        std::uint64_t carry = 0;
        for (std::size_t j = 0; j < b.words.size(); ++j) {
            const uint128 place = uint128{a.words[i]} * b.words[j] + product.words[i + j] + carry;
            product.words[i + j] = static_cast<std::uint64_t>(place);
            carry = static_cast<std::uint64_t>(place >> 64);
        }
        product.words[i + b.words.size()] = carry;
    }
    product.negative = a.negative != b.negative;
    product.trim();
    return product;
}

inline Integer shifted_left(const Integer& value, int places) {
    const int rest = places % 64;
    Integer shifted;
    shifted.negative = value.negative;
    shifted.words.assign(static_cast<std::size_t>(places / 64), 0);
    std::uint64_t carry = 0;
    for (std::uint64_t word : value.words) {
        shifted.words.push_back(word << rest | carry);
        carry = rest == 0 ? 0 : word >> (64 - rest);
    }
    shifted.words.push_back(carry);
    shifted.trim();
    return shifted;
}

}  // namespace fuzz
