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

std::uint64_t count_bits(const std::uint64_t* words) {
    std::uint64_t count = 0;
    for (int i = 0; i < block_length / 64; ++i) count += static_cast<std::uint64_t>(__builtin_popcountll(words[i]));
    return count;
}

}  // namespace
}  // namespace squarely
