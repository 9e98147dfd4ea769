// Words of 64 bits that say which values of a block are there.
#pragma once

#include "kernels/lanes.hpp"

namespace squarely {
namespace {

// A bit for each of 64 bytes that is zero.
SQUARELY_INLINE std::uint64_t zero_bytes(const unsigned char* bytes) {
#if !defined(SQUARELY_PLAIN_LANES) && defined(__AVX512BW__)
    const __m512i all = _mm512_loadu_si512(bytes);
    return _mm512_testn_epi8_mask(all, all);
#elif !defined(SQUARELY_PLAIN_LANES) && defined(__SSE2__)
    std::uint64_t word = 0;
    for (int i = 0; i < 64; i += 16) {
        const __m128i is_zero = _mm_cmpeq_epi8(load<__m128i>(bytes + i), _mm_setzero_si128());
        word |= static_cast<std::uint64_t>(_mm_movemask_epi8(is_zero)) << i;
    }
    return word;
#else
    // Eight at once: the product gathers the lowest bits of eight bytes in the topmost.
    constexpr std::uint64_t low_bits = 0x7f7f7f7f7f7f7f7f;
    std::uint64_t word = 0;
    for (int i = 0; i < 64; i += 8) {
        auto eight = load<std::uint64_t>(bytes + i);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        eight = __builtin_bswap64(eight);
#endif
        const std::uint64_t is_zero = ~(((eight & low_bits) + low_bits) | eight | low_bits) >> 7;
        word |= (is_zero * 0x0102040810204080 >> 56) << i;
    }
    return word;
#endif
}

void words_of_zero_bytes(const unsigned char* bytes, std::uint64_t* words) {
    for (int i = 0; i < block_length / 64; ++i) words[i] = zero_bytes(bytes + 64 * i);
}

#if defined(__AVX2__) && !defined(SQUARELY_PLAIN_LANES)

// Each of the lowest bits of a word, as many as there are elements in 32 bytes, spread over an element.
SQUARELY_INLINE __m256i spread(std::uint64_t word, std::uint8_t) {
    const __m256i bytes = _mm256_set_epi64x(0x0303030303030303, 0x0202020202020202, 0x0101010101010101, 0);
    const __m256i bits = _mm256_set1_epi64x(static_cast<std::int64_t>(0x8040201008040201));
    const __m256i spread = _mm256_shuffle_epi8(_mm256_set1_epi32(static_cast<std::int32_t>(word)), bytes);
    return _mm256_cmpeq_epi8(_mm256_and_si256(spread, bits), bits);
}
SQUARELY_INLINE __m256i spread(std::uint64_t word, std::uint16_t) {
    const __m256i bits = _mm256_sllv_epi32(_mm256_set1_epi32(0x00020001), _mm256_set_epi32(14, 12, 10, 8, 6, 4, 2, 0));
    return _mm256_cmpeq_epi16(_mm256_and_si256(_mm256_set1_epi16(static_cast<std::int16_t>(word)), bits), bits);
}

#endif

template <class Pattern>
void copy_small(const void* source, const std::uint64_t* words, std::ptrdiff_t count, void* target) {
    const auto* from = static_cast<const Pattern*>(source);
    auto* to = static_cast<Pattern*>(target);
    std::ptrdiff_t i = 0;
#if defined(__AVX2__) && !defined(SQUARELY_PLAIN_LANES)
    constexpr std::ptrdiff_t at_once = 32 / sizeof(Pattern);
    for (; i + at_once <= count; i += at_once) {
        store(to + i, _mm256_and_si256(load<__m256i>(from + i), spread(words[i / 64] >> i % 64, Pattern{})));
    }
#endif
    for (; i < count; ++i) to[i] = static_cast<Pattern>(from[i] & -(words[i / 64] >> i % 64 & 1));
}

std::uint64_t count_bits(const std::uint64_t* words) {
    std::uint64_t count = 0;
    for (int i = 0; i < block_length / 64; ++i) count += static_cast<std::uint64_t>(__builtin_popcountll(words[i]));
    return count;
}

}  // namespace
}  // namespace squarely
