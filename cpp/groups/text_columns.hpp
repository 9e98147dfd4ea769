// Columns of text or bytes, as they lie in the memory of others, and the codes of them.
#pragma once

#include "blocks/column.hpp"
#include "groups/text_keys.hpp"

#include <cstddef>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace squarely {

// Fills the texts of some rows, at most block_length. They need to last until the same thread calls it again. What bits
// say is missing need not be filled; null where every row is there.
using ReadTexts = std::function<void(std::ptrdiff_t first, std::ptrdiff_t count, const std::uint64_t* validity,
                                     std::string_view* texts)>;

// Only the presence of the column is looked at; null where every row is there.
void codes_of_texts(TextKeys& keys, const ReadTexts& read, const Column* presence, std::ptrdiff_t rows, NewKeys fresh,
                    std::uint32_t* codes);

// All throw std::invalid_argument, with the end of a sentence, where texts are not inside their memory.

// Arrow's strings: a text begins and ends at offsets into one buffer.
struct TextSpans {
    Column starts;  // of integers
    Column ends;
    std::span<const char> data;

    void read(std::ptrdiff_t first, std::ptrdiff_t count, const std::uint64_t* validity, std::string_view* texts) const;
};

// Arrow's string views, of sixteen bytes: short texts themselves, and of long ones their buffer and where they begin.
struct TextViews {
    Column views;
    std::vector<std::span<const char>> buffers;

    void read(std::ptrdiff_t first, std::ptrdiff_t count, const std::uint64_t* validity, std::string_view* texts) const;
};

// NumPy's texts of fixed width, which zeros fill up: of bytes, or of characters of four bytes.
struct FixedTexts {
    const char* data;
    std::ptrdiff_t stride;
    std::size_t length;
    bool is_wide;
    bool swapped;

    void read(std::ptrdiff_t first, std::ptrdiff_t count, const std::uint64_t* validity, std::string_view* texts) const;
};

// Writes a character in up to four bytes and returns where they end.
char* write_utf8(std::uint32_t character, char* to);

}  // namespace squarely
