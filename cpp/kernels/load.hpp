// Load: a stretch of one column becomes float64 values in L1. The only kernel code that knows element types.
#pragma once

#include "kernels/lanes.hpp"

#include <type_traits>

namespace squarely {
namespace {

struct Float16 {
    std::uint16_t pattern;
};
struct BFloat16 {
    std::uint16_t pattern;
};
struct Boolean {
    std::uint8_t pattern;
};

// Each conversion is plain arithmetic on bits, so that the loops below become vectors on every target.
SQUARELY_INLINE double converted(double value) { return value; }
SQUARELY_INLINE double converted(float value) { return static_cast<double>(value); }
SQUARELY_INLINE double converted(std::int32_t value) { return static_cast<double>(value); }
SQUARELY_INLINE double converted(std::int16_t value) { return static_cast<double>(value); }
SQUARELY_INLINE double converted(std::int8_t value) { return static_cast<double>(value); }
SQUARELY_INLINE double converted(std::uint32_t value) { return static_cast<double>(value); }
SQUARELY_INLINE double converted(std::uint16_t value) { return static_cast<double>(value); }
SQUARELY_INLINE double converted(std::uint8_t value) { return static_cast<double>(value); }
SQUARELY_INLINE double converted(Boolean value) { return value.pattern != 0 ? 1.0 : 0.0; }

// The bits of the fraction beside those of 1.5 * 2^52 make that number plus the value, for values below 2^51. AVX2 has
// no conversion of 64-bit integers.
SQUARELY_INLINE double converted(std::int64_t value) {
    const auto shifted = static_cast<std::uint64_t>(value) + 0x4338000000000000;
    return __builtin_bit_cast(double, shifted) - 0x1.8p52;
}
SQUARELY_INLINE double converted(std::uint64_t value) { return converted(static_cast<std::int64_t>(value)); }

// Shifted into a float, the exponent is too small by 112, subnormal or not; infinity and NaN need all its bits.
SQUARELY_INLINE double converted(Float16 value) {
    const std::uint32_t magnitude = value.pattern & 0x7fffu;
    const float scaled = __builtin_bit_cast(float, magnitude << 13) * 0x1p112f;
    const std::uint32_t special = magnitude >= 0x7c00u ? 0x7f800000u : 0u;
    const std::uint32_t sign = (value.pattern & 0x8000u) << 16;
    return static_cast<double>(__builtin_bit_cast(float, __builtin_bit_cast(std::uint32_t, scaled) | special | sign));
}
SQUARELY_INLINE double converted(BFloat16 value) {
    return static_cast<double>(__builtin_bit_cast(float, static_cast<std::uint32_t>(value.pattern) << 16));
}

// Not zero where the conversion above does not hold the value.
template <class Element>
SQUARELY_INLINE std::uint64_t is_lost(Element) {
    return 0;
}
SQUARELY_INLINE std::uint64_t is_lost(std::int64_t value) {
    return (static_cast<std::uint64_t>(value) + (std::uint64_t{1} << 51)) >> 52;
}
SQUARELY_INLINE std::uint64_t is_lost(std::uint64_t value) { return value >> 51; }

SQUARELY_INLINE std::uint8_t swapped(std::uint8_t value) { return value; }
SQUARELY_INLINE std::uint16_t swapped(std::uint16_t value) { return __builtin_bswap16(value); }
SQUARELY_INLINE std::uint32_t swapped(std::uint32_t value) { return __builtin_bswap32(value); }
SQUARELY_INLINE std::uint64_t swapped(std::uint64_t value) { return __builtin_bswap64(value); }

template <int size>
struct UnsignedOf;
template <>
struct UnsignedOf<1> {
    using type = std::uint8_t;
};
template <>
struct UnsignedOf<2> {
    using type = std::uint16_t;
};
template <>
struct UnsignedOf<4> {
    using type = std::uint32_t;
};
template <>
struct UnsignedOf<8> {
    using type = std::uint64_t;
};

template <class Element, bool swap>
SQUARELY_INLINE Element element_at(const char* source) {
    if constexpr (!swap) return load<Element>(source);
    return __builtin_bit_cast(Element, swapped(load<typename UnsignedOf<sizeof(Element)>::type>(source)));
}

// Whether every value is what the column holds. A stride known to the compiler is what lets it use vectors.
template <class Element, bool swap>
bool load_column(const char* source, std::ptrdiff_t stride, std::ptrdiff_t count, double* block) {
    constexpr auto size = static_cast<std::ptrdiff_t>(sizeof(Element));
    constexpr bool is_native_double = std::is_same_v<Element, double> && !swap;
    if (is_native_double && stride == size) {
        __builtin_memcpy(block, source, static_cast<std::size_t>(count) * sizeof(double));
        return true;
    }
    std::uint64_t lost = 0;
    if (stride == size) {
        for (std::ptrdiff_t i = 0; i < count; ++i) {
            const auto value = element_at<Element, swap>(source + i * size);
            block[i] = converted(value);
            lost |= is_lost(value);
        }
    } else {
        for (std::ptrdiff_t i = 0; i < count; ++i) {
            const auto value = element_at<Element, swap>(source + i * stride);
            block[i] = converted(value);
            lost |= is_lost(value);
        }
    }
    return lost == 0;
}

#define SQUARELY_ELEMENT_TYPE(name, number, numpy, type, kind, bytes, arrow) \
    static_assert(sizeof(type) == (bytes), "The row of " numpy " says how many bytes it has.");
#include "tables/element_types.def"
#undef SQUARELY_ELEMENT_TYPE

}  // namespace
}  // namespace squarely
