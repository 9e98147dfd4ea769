// A number with a point that stays where it is, and room for every product of a weight and two numbers, and for as many
// as are drawn here. What is added and what is taken away are kept apart, so that no carry runs far.
#pragma once

#include "integer.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace fuzz {

constexpr int unit_exponent = -3 * 1074;  // of the least product of three doubles

// A magnitude of three words and a power of two.
struct Product {
    std::array<std::uint64_t, 3> digits{};
    int exponent = 0;
    bool negative = false;
};

class FixedPoint {
  public:
    void add(const Product& product) {
        auto& side = product.negative ? taken_ : added_;
        const int place = product.exponent - unit_exponent;
        const int rest = place % 64;
        std::size_t word = static_cast<std::size_t>(place / 64);
        uint128 carry = 0;
        std::uint64_t above = 0;
        for (std::uint64_t digits : product.digits) {
            carry += uint128{side[word]} + (digits << rest | above);
            above = rest == 0 ? 0 : digits >> (64 - rest);
            side[word++] = static_cast<std::uint64_t>(carry);
            carry >>= 64;
        }
        carry += above;
        for (; carry != 0; ++word) {
            carry += side[word];
            side[word] = static_cast<std::uint64_t>(carry);
            carry >>= 64;
        }
    }

    // In units of 2^unit_exponent.
    Integer value() const { return integer(added_) - integer(taken_); }

  private:
    static constexpr std::size_t word_count = 102;  // 2^-3222 to 2^3306
    using Words = std::array<std::uint64_t, word_count>;

    static Integer integer(const Words& words) {
        Integer all;
        all.words.assign(words.begin(), words.end());
        all.trim();
        return all;
    }

    Words added_{};
    Words taken_{};
};

}  // namespace fuzz
