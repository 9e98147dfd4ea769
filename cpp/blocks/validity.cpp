#include "blocks/validity.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace squarely {
namespace {

constexpr std::ptrdiff_t words_in_block = block_length / 64;

// Eight bytes, the first of them lowest.
std::uint64_t word_at(const unsigned char* bytes) {
    std::uint64_t word;
    std::memcpy(&word, bytes, sizeof word);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word;
}

// Bytes may end where the last bit does.
void shift_words(const unsigned char* bytes, unsigned shift, std::uint64_t* words) {
    for (std::ptrdiff_t i = 0; i < words_in_block; ++i) {
        words[i] = word_at(bytes + 8 * i);
        if (shift > 0) words[i] = words[i] >> shift | std::uint64_t{bytes[8 * i + 8]} << (64 - shift);
    }
}

void read_bitmap(const Column& column, std::ptrdiff_t first, std::ptrdiff_t count, std::uint64_t* words) {
    const std::ptrdiff_t bit = column.validity_offset + first;
    const std::uint8_t* bytes = column.validity + bit / 8;
    const auto shift = static_cast<unsigned>(bit % 8);
    if (count == block_length) return shift_words(bytes, shift, words);
    unsigned char copied[8 * words_in_block + 1] = {};
    std::copy(bytes, bytes + (bit % 8 + count + 7) / 8, copied);
    shift_words(copied, shift, words);
}

void read_bytes(const Kernels& kernels, const Column& column, std::ptrdiff_t first, std::ptrdiff_t count,
                std::uint64_t* words) {
    unsigned char copied[block_length];
    const std::uint8_t* bytes = column.missing + first * column.missing_stride;
    if (column.missing_stride != 1 || count < block_length) {
        for (std::ptrdiff_t i = 0; i < count; ++i) copied[i] = bytes[i * column.missing_stride];
        std::fill(copied + count, copied + block_length, static_cast<unsigned char>(0));
        bytes = copied;
    }
    kernels.words_of_zero_bytes(bytes, words);
}

void set_padding(std::ptrdiff_t count, std::uint64_t* words) {
    for (std::ptrdiff_t i = count / 64; i < words_in_block; ++i) {
        words[i] |= i == count / 64 ? ~std::uint64_t{0} << count % 64 : ~std::uint64_t{0};
    }
}

}  // namespace

bool find_nulls(const Kernels& kernels, const Column& column, std::ptrdiff_t first, std::ptrdiff_t count,
                std::uint64_t (&words)[block_length / 64]) {
    if (!may_have_nulls(column)) {
        std::fill(words, words + words_in_block, ~std::uint64_t{0});
        return false;
    }
    if (column.validity != nullptr) {
        read_bitmap(column, first, count, words);
    } else {
        read_bytes(kernels, column, first, count, words);
    }
    if (count < block_length) set_padding(count, words);
    std::uint64_t all = ~std::uint64_t{0};
    for (const std::uint64_t word : words) all &= word;
    return ~all != 0;
}

}  // namespace squarely
