// Eight neighbouring float64 columns of a C-ordered array at once: a row of eight is one cache line, and transposing
// vectors of rows is an eighth of the loads that picking every value would take.
#pragma once

#include "kernels/lanes.hpp"

namespace squarely {
namespace {

SQUARELY_INLINE double* column_of_tile(double* tile, int column) { return tile + column * block_multiple; }

// Rows first .. first + lanes - 1 of lanes columns.
#if defined(SQUARELY_PLAIN_LANES) || !defined(__SSE2__)

SQUARELY_INLINE void transpose(const char* source, std::ptrdiff_t stride, double* tile) {
    for (int row = 0; row < lanes; ++row) {
        for (int column = 0; column < lanes; ++column) {
            column_of_tile(tile, column)[row] = load<double>(source + row * stride + 8 * column);
        }
    }
}

#elif defined(__AVX512F__)

SQUARELY_INLINE void transpose_lanes(__m512d a, __m512d b, __m512d c, __m512d d, double* tile, int column) {
    const __m512d low_ab = _mm512_shuffle_f64x2(a, b, 0x44);
    const __m512d low_cd = _mm512_shuffle_f64x2(c, d, 0x44);
    const __m512d high_ab = _mm512_shuffle_f64x2(a, b, 0xee);
    const __m512d high_cd = _mm512_shuffle_f64x2(c, d, 0xee);
    store(column_of_tile(tile, column), _mm512_shuffle_f64x2(low_ab, low_cd, 0x88));
    store(column_of_tile(tile, column + 2), _mm512_shuffle_f64x2(low_ab, low_cd, 0xdd));
    store(column_of_tile(tile, column + 4), _mm512_shuffle_f64x2(high_ab, high_cd, 0x88));
    store(column_of_tile(tile, column + 6), _mm512_shuffle_f64x2(high_ab, high_cd, 0xdd));
}

SQUARELY_INLINE void transpose(const char* source, std::ptrdiff_t stride, double* tile) {
    __m512d row[8];
    for (int i = 0; i < 8; ++i) row[i] = load<__m512d>(source + i * stride);
    transpose_lanes(_mm512_unpacklo_pd(row[0], row[1]), _mm512_unpacklo_pd(row[2], row[3]),
                    _mm512_unpacklo_pd(row[4], row[5]), _mm512_unpacklo_pd(row[6], row[7]), tile, 0);
    transpose_lanes(_mm512_unpackhi_pd(row[0], row[1]), _mm512_unpackhi_pd(row[2], row[3]),
                    _mm512_unpackhi_pd(row[4], row[5]), _mm512_unpackhi_pd(row[6], row[7]), tile, 1);
}

#elif defined(__AVX__)

SQUARELY_INLINE void transpose(const char* source, std::ptrdiff_t stride, double* tile) {
    const __m256d row0 = load<__m256d>(source);
    const __m256d row1 = load<__m256d>(source + stride);
    const __m256d row2 = load<__m256d>(source + 2 * stride);
    const __m256d row3 = load<__m256d>(source + 3 * stride);
    const __m256d even01 = _mm256_unpacklo_pd(row0, row1);
    const __m256d odd01 = _mm256_unpackhi_pd(row0, row1);
    const __m256d even23 = _mm256_unpacklo_pd(row2, row3);
    const __m256d odd23 = _mm256_unpackhi_pd(row2, row3);
    store(column_of_tile(tile, 0), _mm256_permute2f128_pd(even01, even23, 0x20));
    store(column_of_tile(tile, 1), _mm256_permute2f128_pd(odd01, odd23, 0x20));
    store(column_of_tile(tile, 2), _mm256_permute2f128_pd(even01, even23, 0x31));
    store(column_of_tile(tile, 3), _mm256_permute2f128_pd(odd01, odd23, 0x31));
}

#else

SQUARELY_INLINE void transpose(const char* source, std::ptrdiff_t stride, double* tile) {
    const __m128d row0 = load<__m128d>(source);
    const __m128d row1 = load<__m128d>(source + stride);
    store(column_of_tile(tile, 0), _mm_unpacklo_pd(row0, row1));
    store(column_of_tile(tile, 1), _mm_unpackhi_pd(row0, row1));
}

#endif

// tile holds eight columns of up to block_multiple values, one after the other.
void load_tile(const char* source, std::ptrdiff_t stride, std::ptrdiff_t count, double* tile) {
    std::ptrdiff_t row = 0;
    for (; row + 8 <= count; row += 8) {
        const char* here = source + row * stride;
        for (int part = 0; part < 8; part += lanes) {
            for (int column = 0; column < 8; column += lanes) {
                transpose(here + part * stride + 8 * column, stride, column_of_tile(tile, column) + row + part);
            }
        }
    }
    for (; row < count; ++row) {
        for (int column = 0; column < 8; ++column) {
            column_of_tile(tile, column)[row] = load<double>(source + row * stride + 8 * column);
        }
    }
}

}  // namespace
}  // namespace squarely
