#include "groups/text_columns.hpp"

#include "blocks/validity.hpp"
#include "groups/codes_by_threads.hpp"
#include "groups/word_columns.hpp"
#include "machine/targets.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace squarely {
namespace {

// An empty text has an address, or it would be missing.
std::string_view view_of(const char* at, std::size_t size) {
    return size == 0 ? std::string_view("") : std::string_view{at, size};
}

std::string_view part_of(std::span<const char> data, std::uint64_t start, std::uint64_t size) {
    if (start > data.size() || size > data.size() - start) {
        throw std::invalid_argument("has a text that is not inside its buffer.");
    }
    return view_of(data.data() + start, static_cast<std::size_t>(size));
}

std::uint32_t number_at(const char* at) {
    std::uint32_t number;
    std::memcpy(&number, at, sizeof number);
    return number;
}

std::uint32_t reversed(std::uint32_t number) {
    return number >> 24 | (number >> 8 & 0xff00) | (number << 8 & 0xff0000) | number << 24;
}

constexpr std::size_t character_size = 4;

// Characters of one byte, all in vectors; or nothing where there are others.
bool write_ascii(const char* at, std::size_t length, char* to) {
    std::uint32_t any = 0;
    for (std::size_t i = 0; i < length; ++i) any |= number_at(at + i * character_size);
    if (any >= 0x80) return false;
    for (std::size_t i = 0; i < length; ++i) to[i] = static_cast<char>(number_at(at + i * character_size));
    return true;
}

char* write_wide(const char* at, std::size_t length, bool swapped, char* to) {
    while (length > 0 && number_at(at + (length - 1) * character_size) == 0) --length;
    if (!swapped && write_ascii(at, length, to)) return to + length;
    for (std::size_t i = 0; i < length; ++i) {
        const std::uint32_t character = number_at(at + i * character_size);
        to = write_utf8(swapped ? reversed(character) : character, to);
    }
    return to;
}

}  // namespace

char* write_utf8(std::uint32_t character, char* to) {
    if (character > 0x10ffff || (character >= 0xd800 && character < 0xe000)) {
        throw std::invalid_argument("holds a text with half of a surrogate pair, which is no character.");
    }
    const auto write = [&to](std::uint32_t byte) { *to++ = static_cast<char>(byte); };
    const auto write_rest = [&](int shift) { write(0x80 | (character >> shift & 0x3f)); };
    if (character < 0x80) {
        write(character);
        return to;
    }
    if (character < 0x800) {
        write(0xc0 | character >> 6);
    } else if (character < 0x10000) {
        write(0xe0 | character >> 12);
        write_rest(6);
    } else {
        write(0xf0 | character >> 18);
        write_rest(12);
        write_rest(6);
    }
    write_rest(0);
    return to;
}

void TextSpans::read(std::ptrdiff_t first, std::ptrdiff_t count, const std::uint64_t*, std::string_view* texts) const {
    std::uint64_t begins[block_length], last[block_length];
    load_words(starts, first, count, begins);
    load_words(ends, first, count, last);
    for (std::ptrdiff_t i = 0; i < count; ++i) texts[i] = part_of(data, begins[i], last[i] - begins[i]);
}

void TextViews::read(std::ptrdiff_t first, std::ptrdiff_t count, const std::uint64_t* validity,
                     std::string_view* texts) const {
    constexpr std::uint32_t longest_inside = 12;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        if (validity != nullptr && !is_valid(validity, i)) continue;
        const char* view = address(views, first + i);
        const std::uint32_t size = number_at(view);
        if (size <= longest_inside) {
            texts[i] = view_of(view + 4, size);
            continue;
        }
        const std::uint32_t buffer = number_at(view + 8);
        if (buffer >= buffers.size()) throw std::invalid_argument("has a text that is in none of its buffers.");
        texts[i] = part_of(buffers[buffer], number_at(view + 12), size);
    }
}

void FixedTexts::read(std::ptrdiff_t first, std::ptrdiff_t count, const std::uint64_t*, std::string_view* texts) const {
    const char* at = data + first * stride;
    if (!is_wide) {
        for (std::ptrdiff_t i = 0; i < count; ++i, at += stride) {
            std::size_t size = length;
            while (size > 0 && at[size - 1] == '\0') --size;
            texts[i] = view_of(at, size);
        }
        return;
    }
    thread_local std::vector<char> utf8;  // of the rows at hand
    utf8.resize(std::max(utf8.size(), static_cast<std::size_t>(count) * length * character_size));
    char* to = utf8.data();
    for (std::ptrdiff_t i = 0; i < count; ++i, at += stride) {
        char* end = write_wide(at, length, swapped, to);
        texts[i] = view_of(to, static_cast<std::size_t>(end - to));
        to = end;
    }
}

void codes_of_texts(TextKeys& keys, const ReadTexts& read, const Column* presence, std::ptrdiff_t rows, NewKeys fresh,
                    std::uint32_t* codes) {
    const Kernels& kernels = *current_target().kernels;
    const auto read_block = [&](Rows own, std::string_view* texts) {
        std::uint64_t validity[block_length / 64];
        const bool has_missing = presence != nullptr && find_nulls(kernels, *presence, own.first, own.count, validity);
        read(own.first, own.count, has_missing ? validity : nullptr, texts);
        for (std::ptrdiff_t i = 0; has_missing && i < own.count; ++i) {
            if (!is_valid(validity, i)) texts[i] = {};
        }
    };
    const auto find = [&](Rows own, std::uint32_t* to) {
        std::string_view texts[block_length];
        read_block(own, texts);
        keys.codes(texts, own.count, NewKeys::found_only, to);
    };
    const auto enter = [&](Rows own, RowsOfBlock some, std::uint32_t* to) {
        std::string_view texts[block_length];
        read_block(own, texts);
        for (std::size_t i = 0; i < some.size(); ++i) texts[i] = texts[some[i]];
        keys.codes(texts, some.empty() ? own.count : std::ssize(some), NewKeys::entered, to);
        return true;
    };
    codes_by_threads({find, enter}, rows, fresh, codes);
}

}  // namespace squarely
