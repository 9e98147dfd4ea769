// Store: float64 results in L1 become a stretch of an array of floats, each rounded once, to nearest, ties to even.
#pragma once

#include "kernels/load.hpp"

namespace squarely {
namespace {

// A binary format of 16 bits.
struct Narrow {
    int precision;           // significant bits
    double smallest_normal;  // below, the last place stays where it is
    double overflow;         // the first power of two beyond the format
    std::uint64_t infinity;  // its pattern
    std::uint64_t nan;
};

constexpr Narrow float16 = {11, 0x1p-14, 0x1p16, 0x7c00, 0x7e00};
constexpr Narrow bfloat16 = {8, 0x1p-126, 0x1p128, 0x7f80, 0x7fc0};

// Adding 1.5 * 2^52 last places rounds to the last place, and leaves the count of them in the low bits: with a count of
// binades above it, that is the pattern. A carry into the next binade, or into infinity, comes out right.
// By way of float32, some values would be rounded twice.
SQUARELY_INLINE std::uint16_t pattern_of(double value, const Narrow& format) {
    const auto sign = __builtin_bit_cast(std::uint64_t, value) >> 63;
    const double magnitude = __builtin_bit_cast(double, __builtin_bit_cast(std::uint64_t, value) & INT64_MAX);
    const double bounded = magnitude < format.overflow ? magnitude : format.overflow;  // NaN too
    const double normal = bounded > format.smallest_normal ? bounded : format.smallest_normal;
    const std::uint64_t binade = __builtin_bit_cast(std::uint64_t, normal) >> 52;
    const std::uint64_t smallest_binade = __builtin_bit_cast(std::uint64_t, format.smallest_normal) >> 52;
    const auto places = static_cast<std::uint64_t>(53 - format.precision);
    const std::uint64_t shift_bits = (binade + places) << 52 | std::uint64_t{1} << 51;
    const double shifted = bounded + __builtin_bit_cast(double, shift_bits);
    const std::uint64_t count = __builtin_bit_cast(std::uint64_t, shifted) - shift_bits;
    const std::uint64_t finite = count + ((binade - smallest_binade) << (format.precision - 1));
    const std::uint64_t pattern = magnitude != magnitude ? format.nan : finite;
    return static_cast<std::uint16_t>(pattern | sign << 15);
}

template <class Element>
SQUARELY_INLINE Element narrowed(double value);
template <>
SQUARELY_INLINE double narrowed<double>(double value) {
    return value;
}
template <>
SQUARELY_INLINE float narrowed<float>(double value) {
    return static_cast<float>(value);
}
template <>
SQUARELY_INLINE Float16 narrowed<Float16>(double value) {
    return {pattern_of(value, float16)};
}
template <>
SQUARELY_INLINE BFloat16 narrowed<BFloat16>(double value) {
    return {pattern_of(value, bfloat16)};
}

// A stride known to the compiler is what lets it use vectors.
template <class Element>
void store_column(const double* __restrict values, std::ptrdiff_t count, char* __restrict target,
                  std::ptrdiff_t stride) {
    constexpr auto size = static_cast<std::ptrdiff_t>(sizeof(Element));
    if (stride == size) {
        for (std::ptrdiff_t i = 0; i < count; ++i) store(target + i * size, narrowed<Element>(values[i]));
    } else {
        for (std::ptrdiff_t i = 0; i < count; ++i) store(target + i * stride, narrowed<Element>(values[i]));
    }
}

// By the element type: only floats are stored.
template <class Element>
constexpr Kernels::Store store_kernel = nullptr;
template <>
constexpr Kernels::Store store_kernel<double> = store_column<double>;
template <>
constexpr Kernels::Store store_kernel<float> = store_column<float>;
template <>
constexpr Kernels::Store store_kernel<Float16> = store_column<Float16>;
template <>
constexpr Kernels::Store store_kernel<BFloat16> = store_column<BFloat16>;

}  // namespace
}  // namespace squarely
