// Numbers of every element type as their bits: what they are, and where hard ones come from.
#pragma once

#include "random.hpp"

#include <squarely/squarely.h>

#include <bit>
#include <cstdint>

namespace fuzz {

// digits * 2^exponent, or no such number.
struct Number {
    std::uint64_t digits = 0;
    int exponent = 0;
    bool negative = false;
    bool is_nan = false;
    bool is_infinite = false;

    bool is_zero() const { return digits == 0 && !is_nan && !is_infinite; }
    // Below 2 to this power.
    int top() const { return digits == 0 ? -10000 : exponent + static_cast<int>(std::bit_width(digits)); }
};

struct ElementType {
    int size;           // in bytes
    int exponent_bits;  // none of integers
    int digit_bits;
    bool is_signed;
};

constexpr ElementType element_types[] = {{8, 11, 52, true}, {4, 8, 23, true},  {2, 5, 10, true},  {2, 8, 7, true},
                                         {8, 0, 64, true},  {4, 0, 32, true},  {2, 0, 16, true},  {1, 0, 8, true},
                                         {8, 0, 64, false}, {4, 0, 32, false}, {2, 0, 16, false}, {1, 0, 8, false},
                                         {1, 0, 1, false}};
constexpr int dtype_count = sizeof element_types / sizeof *element_types;

inline std::uint64_t low_bits(int count) { return count == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1; }

inline Number float_of(const ElementType& type, std::uint64_t bits) {
    const int field = static_cast<int>(bits >> type.digit_bits & low_bits(type.exponent_bits));
    const std::uint64_t digits = bits & low_bits(type.digit_bits);
    Number number;
    number.negative = (bits >> (type.exponent_bits + type.digit_bits) & 1) != 0;
    if (field == static_cast<int>(low_bits(type.exponent_bits))) {
        number.is_nan = digits != 0;
        number.is_infinite = digits == 0;
        return number;
    }
    number.digits = digits | (field == 0 ? 0 : std::uint64_t{1} << type.digit_bits);
    const int bias = static_cast<int>(low_bits(type.exponent_bits - 1));
    number.exponent = (field == 0 ? 1 : field) - bias - type.digit_bits;
    return number;
}

inline Number integer_of(const ElementType& type, std::uint64_t bits) {
    const std::uint64_t sign = std::uint64_t{1} << (8 * type.size - 1);
    Number number;
    number.negative = type.is_signed && (bits & sign) != 0;
    number.digits = number.negative ? (0 - bits) & low_bits(8 * type.size) : bits;
    return number;
}

inline Number number_of(const ElementType& type, std::uint64_t bits) {
    if (type.exponent_bits > 0) return float_of(type, bits);
    if (type.digit_bits == 1) return {.digits = bits != 0 ? 1u : 0u};
    return integer_of(type, bits);
}

// Where the numbers of a column come from.
struct Source {
    enum class Digits : std::uint8_t { any, few_above, few_below, half, none, all };
    bool is_raw = false;  // any bits at all
    int centre = 0;       // of the exponents, from that of one
    int spread = 0;
    Digits digits = Digits::any;
    std::uint64_t zeros = 0;  // one in so many; none where it is 0
    bool is_positive = false;
};

inline Source draw_source(Random& random) {
    // The widths of windows and slices, and what is just beside them.
    constexpr int spreads[] = {0, 0, 1, 3, 8, 23, 24, 25, 26, 49, 50, 51, 72, 73, 74, 99, 100, 101, 200, 700, 2100};
    constexpr int centres[] = {0, 0, 0, 1, 10, 52, 53, -53, -149, 100, -380, 480, -500, 500, 511, 1020, -537, -1022};
    Source source;
    source.is_raw = random.one_in(8);
    source.centre = random.one_in(4) ? random.between(-1080, 1023) : random.of(centres);
    source.spread = random.of(spreads);
    source.digits = static_cast<Source::Digits>(random.below(6));
    if (random.one_in(5)) source.zeros = 1 + random.below(8);
    source.is_positive = random.one_in(3);
    return source;
}

inline std::uint64_t draw_digits(Random& random, Source::Digits how, int count) {
    const std::uint64_t any = random.bits() & low_bits(count);
    const int few = random.between(1, 4);
    switch (how) {
        case Source::Digits::any: return any;
        case Source::Digits::few_above: return count <= few ? any : any >> (count - few) << (count - few);
        case Source::Digits::few_below: return any & low_bits(few);
        case Source::Digits::half: return any >> (count / 2) << (count / 2);
        case Source::Digits::none: return 0;
        case Source::Digits::all: return low_bits(count);
    }
    return any;
}

inline std::uint64_t draw_float(Random& random, const ElementType& type, const Source& source) {
    const int most = static_cast<int>(low_bits(type.exponent_bits));
    const int bias = static_cast<int>(low_bits(type.exponent_bits - 1));
    int field = bias + source.centre + random.between(-source.spread, source.spread) / 2;
    field = field < 0 ? 0 : field >= most ? most - 1 : field;
    const bool negative = !source.is_positive && random.one_in(2);
    const std::uint64_t digits = draw_digits(random, source.digits, type.digit_bits);
    return (std::uint64_t{negative} << type.exponent_bits | static_cast<std::uint64_t>(field)) << type.digit_bits |
           digits;
}

inline std::uint64_t draw_integer(Random& random, const ElementType& type, const Source& source) {
    const int width = source.spread >= 8 * type.size ? 8 * type.size : 1 + source.spread % (8 * type.size);
    const std::uint64_t digits = draw_digits(random, source.digits, width);
    const bool negative = type.is_signed && !source.is_positive && random.one_in(2);
    return (negative ? ~digits : digits) & low_bits(8 * type.size);
}

inline std::uint64_t draw_bits(Random& random, const ElementType& type, const Source& source) {
    if (source.zeros > 0 && !random.one_in(source.zeros + 1)) return 0;
    if (source.is_raw) return random.bits() & low_bits(8 * type.size);
    return type.exponent_bits > 0 ? draw_float(random, type, source) : draw_integer(random, type, source);
}

// The same, where it is NaN or infinite, with an exponent that numbers have.
inline std::uint64_t made_finite(const ElementType& type, std::uint64_t bits) {
    const Number number = number_of(type, bits);
    return number.is_nan || number.is_infinite ? bits & ~(std::uint64_t{1} << type.digit_bits) : bits;
}

}  // namespace fuzz
