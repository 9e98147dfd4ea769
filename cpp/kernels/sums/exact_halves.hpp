// The exact sum of squared differences of float16 and bfloat16: where the values of a block lie within some octaves,
// they are integers of 26 bits on the grid of the smallest, and squares of their differences are summed as words.
#pragma once

#include "kernels/filters.hpp"
#include "kernels/load.hpp"

namespace squarely {
namespace {

template <class Half>
constexpr Kernels::SmallSquares half_squares = nullptr;

#if defined(__AVX2__) && defined(__F16C__) && !defined(SQUARELY_PLAIN_LANES)

typedef float Halves __attribute__((vector_size(lanes * 8)));
constexpr int halves = 2 * lanes;

struct HalfFormat {
    int fraction_bits;
    int exponent_bias;
};
template <class Half>
constexpr HalfFormat half_format = {};
template <>
constexpr HalfFormat half_format<Float16> = {10, 15};
template <>
constexpr HalfFormat half_format<BFloat16> = {7, 127};

#if defined(__AVX512F__)
typedef __m512i Integers;
SQUARELY_INLINE Halves widened(const Float16* source) { return _mm512_cvtph_ps(load<__m256i>(source)); }
SQUARELY_INLINE Halves widened(const BFloat16* source) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(load<__m256i>(source)), 16));
}
SQUARELY_INLINE Integers integers(Halves value) { return _mm512_cvtps_epi32(value); }
SQUARELY_INLINE Integers difference(Integers a, Integers b) { return _mm512_sub_epi32(a, b); }
SQUARELY_INLINE Bits even_squares(Integers value) { return __builtin_bit_cast(Bits, _mm512_mul_epi32(value, value)); }
SQUARELY_INLINE Integers odd_ones(Integers value) { return _mm512_srli_epi64(value, 32); }
#else
typedef __m256i Integers;
SQUARELY_INLINE Halves widened(const Float16* source) { return _mm256_cvtph_ps(load<__m128i>(source)); }
SQUARELY_INLINE Halves widened(const BFloat16* source) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(load<__m128i>(source)), 16));
}
SQUARELY_INLINE Integers integers(Halves value) { return _mm256_cvtps_epi32(value); }
SQUARELY_INLINE Integers difference(Integers a, Integers b) { return _mm256_sub_epi32(a, b); }
SQUARELY_INLINE Bits even_squares(Integers value) { return __builtin_bit_cast(Bits, _mm256_mul_epi32(value, value)); }
SQUARELY_INLINE Integers odd_ones(Integers value) { return _mm256_srli_epi64(value, 32); }
#endif

// Exponents as they are stored, of the smallest that is not zero and of the largest.
struct Octaves {
    int smallest;
    int largest;
};

// Doubling a pattern drops its sign, and subtracting one puts zero out of the way. Plain loops: the compiler knows the
// instructions.
template <class Half>
SQUARELY_INLINE Octaves octaves_of(const Half* y_true, const Half* y_pred, std::ptrdiff_t count) {
    std::uint16_t smallest = 0xffff;
    std::uint16_t largest = 0;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        const auto truth = static_cast<std::uint16_t>(2 * y_true[i].pattern);
        const auto prediction = static_cast<std::uint16_t>(2 * y_pred[i].pattern);
        const std::uint16_t larger = truth > prediction ? truth : prediction;
        const auto truth_less = static_cast<std::uint16_t>(truth - 1);
        const auto prediction_less = static_cast<std::uint16_t>(prediction - 1);
        const std::uint16_t smaller = truth_less < prediction_less ? truth_less : prediction_less;
        largest = largest > larger ? largest : larger;
        smallest = smallest < smaller ? smallest : smaller;
    }
    constexpr int shift = half_format<Half>.fraction_bits + 1;
    return {(smallest + 1) >> shift, largest >> shift};
}

template <class Half>
SQUARELY_INLINE void add_squares(const Half* y_true, const Half* y_pred, Halves scale, Bits& even, Bits& odd) {
    const Integers own = difference(integers(widened(y_true) * scale), integers(widened(y_pred) * scale));
    even += even_squares(own);
    odd += even_squares(odd_ones(own));
}

template <class Half>
bool squares_half(const void* true_side, const void* pred_side, std::ptrdiff_t count, SmallSum& sum) {
    constexpr HalfFormat format = half_format<Half>;
    constexpr int all_ones = 2 * format.exponent_bias + 1;
    constexpr int most_octaves = 25 - format.fraction_bits;
    const auto* y_true = static_cast<const Half*>(true_side);
    const auto* y_pred = static_cast<const Half*>(pred_side);
    for (std::ptrdiff_t i = 0; i < count; i += 32) {
        __builtin_prefetch(reinterpret_cast<const char*>(reinterpret_cast<std::uintptr_t>(y_true + i) + 3072), 0, 3);
        __builtin_prefetch(reinterpret_cast<const char*>(reinterpret_cast<std::uintptr_t>(y_pred + i) + 3072), 0, 3);
    }
    const Octaves octaves = octaves_of(y_true, y_pred, count);
    const int smallest = octaves.smallest > 1 ? octaves.smallest : 1;
    // The exponent of a float that makes the smallest an integer.
    const int scale_exponent = format.exponent_bias + format.fraction_bits - smallest;
    if (octaves.largest == all_ones || octaves.largest - smallest > most_octaves || scale_exponent > 127) return false;
    const float one = __builtin_bit_cast(float, static_cast<std::uint32_t>(scale_exponent + 127) << 23);
    const Halves scale = one - Halves{};
    Bits even{};
    Bits odd{};
    std::ptrdiff_t i = 0;
    for (; i + halves <= count; i += halves) add_squares(y_true + i, y_pred + i, scale, even, odd);
    if (i < count) {
        Half rest_true[halves] = {};
        Half rest_pred[halves] = {};
        __builtin_memcpy(rest_true, y_true + i, static_cast<std::size_t>(count - i) * sizeof(Half));
        __builtin_memcpy(rest_pred, y_pred + i, static_cast<std::size_t>(count - i) * sizeof(Half));
        add_squares(rest_true, rest_pred, scale, even, odd);
    }
    // Differences of 27 bits: the squares of a block fill 63.
    sum = {sum_of_lanes(even + odd), -2 * scale_exponent};
    return true;
}

template <>
constexpr Kernels::SmallSquares half_squares<Float16> = squares_half<Float16>;
template <>
constexpr Kernels::SmallSquares half_squares<BFloat16> = squares_half<BFloat16>;

#endif

}  // namespace
}  // namespace squarely
