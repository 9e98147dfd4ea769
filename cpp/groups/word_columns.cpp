#include "groups/word_columns.hpp"

#include "blocks/validity.hpp"
#include "groups/codes_by_threads.hpp"
#include "machine/targets.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <stdexcept>

namespace squarely {
namespace {

constexpr std::uint64_t highest_bit = std::uint64_t{1} << 63;
constexpr std::uint64_t bits_of_infinity = std::uint64_t{0x7ff} << 52;
constexpr std::uint64_t bits_of_nan = std::uint64_t{0xfff} << 51;

std::uint64_t word_of(double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    const std::uint64_t magnitude = bits & ~highest_bit;
    if (magnitude == 0) return 0;
    return magnitude > bits_of_infinity ? bits_of_nan : bits;
}

std::uint64_t word_of(float value) { return word_of(static_cast<double>(value)); }
std::uint64_t word_of(bool value) { return value ? 1 : 0; }

template <class Integer>
std::uint64_t word_of(Integer value) {
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
}

template <class Value>
Value value_at(const char* at) {
    Value value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

template <class Value>
Value swapped_value_at(const char* at) {
    char bytes[sizeof(Value)];
    std::reverse_copy(at, at + sizeof(Value), bytes);
    return value_at<Value>(bytes);
}

template <class Value>
void load(const Column& column, std::ptrdiff_t first, std::ptrdiff_t count, std::uint64_t* words) {
    const char* at = address(column, first);
    const std::ptrdiff_t stride = column.stride;
    if (column.swapped) {
        for (std::ptrdiff_t i = 0; i < count; ++i) words[i] = word_of(swapped_value_at<Value>(at + i * stride));
    } else if (stride == sizeof(Value)) {  // in vectors
        for (std::ptrdiff_t i = 0; i < count; ++i) {
            words[i] = word_of(value_at<Value>(at + i * static_cast<std::ptrdiff_t>(sizeof(Value))));
        }
    } else {
        for (std::ptrdiff_t i = 0; i < count; ++i) words[i] = word_of(value_at<Value>(at + i * stride));
    }
}

void load_booleans(const Column& column, std::ptrdiff_t first, std::ptrdiff_t count, std::uint64_t* words) {
    load<std::uint8_t>(column, first, count, words);
    for (std::ptrdiff_t i = 0; i < count; ++i) words[i] = word_of(words[i] != 0);
}

struct BlockOfWords {
    const std::uint64_t* at;  // the words below, or those of the column itself
    std::uint64_t words[block_length];
    std::uint64_t validity[block_length / 64];
    bool has_missing;
};

void leave_out_no_times(BlockOfWords& block, std::ptrdiff_t count) {
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        if (block.words[i] != highest_bit) continue;
        block.validity[i / 64] &= ~(std::uint64_t{1} << i % 64);
        block.has_missing = true;
    }
}

std::ptrdiff_t first_row_that_is(bool there, const BlockOfWords& block, std::ptrdiff_t count) {
    std::ptrdiff_t i = 0;
    while (i < count && is_valid(block.validity, i) != there) ++i;
    return i;
}

// Words that are missing become the one before, or the first that there is: a key that is entered anyway.
void fill_missing(BlockOfWords& block, std::ptrdiff_t count) {
    std::uint64_t last = block.words[first_row_that_is(true, block, count)];
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        last = is_valid(block.validity, i) ? block.words[i] : last;
        block.words[i] = last;
    }
}

void codes_with_missing(WordKeys& keys, const BlockOfWords& block, std::ptrdiff_t count, NewKeys fresh,
                        std::uint32_t* codes) {
    const std::ptrdiff_t first = first_row_that_is(false, block, count);
    keys.codes(block.at, first, fresh, codes);
    const std::uint32_t missing = keys.code_of_missing(fresh);
    if (first_row_that_is(true, block, count) < count) {
        keys.codes(block.at + first, count - first, fresh, codes + first);
    }
    for (std::ptrdiff_t i = first; i < count; ++i) {
        if (!is_valid(block.validity, i)) codes[i] = missing;
    }
}

bool is_any_signed(const BlockOfWords& block, std::ptrdiff_t count) {
    std::uint64_t any = 0;
    for (std::ptrdiff_t i = 0; i < count; ++i) any |= block.at[i];
    return any >= highest_bit;
}

// What is not to be found, as its bits stand for another number.
void lose_signed(const BlockOfWords& block, std::ptrdiff_t count, std::uint32_t* codes) {
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        if (block.at[i] >= highest_bit && is_valid(block.validity, i)) codes[i] = no_code;
    }
}

// Integers of 64 bits without gaps are words already. A copy would wait for memory, which the look-up does meanwhile.
const std::uint64_t* words_in_place(const Column& column, std::ptrdiff_t first) {
    const bool are_words = column.dtype == DType::int64 || column.dtype == DType::uint64;
    const char* at = address(column, first);
    const bool is_aligned = reinterpret_cast<std::uintptr_t>(at) % alignof(std::uint64_t) == 0;
    const bool is_plain = are_words && !column.swapped && column.stride == sizeof(std::uint64_t) && is_aligned;
    return is_plain && !may_have_nulls(column) ? reinterpret_cast<const std::uint64_t*>(at) : nullptr;
}

void codes_of_block(WordKeys& keys, const BlockOfWords& block, std::ptrdiff_t count, NewKeys fresh,
                    std::uint32_t* codes) {
    if (block.has_missing) return codes_with_missing(keys, block, count, fresh, codes);
    keys.codes(block.at, count, fresh, codes);
}

bool are_others(Signs signs, Signs known) { return signs != Signs::none && known != Signs::none && signs != known; }

// A column as blocks of words.
struct WordReader {
    const Kernels& kernels = *current_target().kernels;
    const Column& column;
    Meaning meaning;

    bool is_signed() const {
        const char kind = facts_of(column.dtype).kind;
        return meaning == Meaning::number && (kind == 'i' || kind == 'u');
    }
    Signs signs_of_type() const { return facts_of(column.dtype).kind == 'u' ? Signs::large : Signs::negative; }

    void read(Rows rows, BlockOfWords& block) const {
        block.at = meaning == Meaning::number ? words_in_place(column, rows.first) : nullptr;
        if (block.at == nullptr) {
            load_words(column, rows.first, rows.count, block.words);
            block.at = block.words;
        }
        block.has_missing = find_nulls(kernels, column, rows.first, rows.count, block.validity);
        if (meaning == Meaning::time) leave_out_no_times(block, rows.count);
    }
};

void keep(BlockOfWords& block, RowsOfBlock some) {
    for (std::size_t i = 0; i < some.size(); ++i) block.words[i] = block.at[some[i]];
    block.at = block.words;
    for (std::size_t i = 0; i < some.size() && block.has_missing; ++i) {
        const std::uint64_t bit = std::uint64_t{1} << i % 64;
        std::uint64_t& word = block.validity[i / 64];
        word = is_valid(block.validity, some[i]) ? word | bit : word & ~bit;
    }
}

bool enter_block(WordColumn& known, const WordReader& reader, Rows rows, RowsOfBlock some, std::uint32_t* codes) {
    BlockOfWords block;
    reader.read(rows, block);
    if (!some.empty()) keep(block, some);
    const std::ptrdiff_t count = some.empty() ? rows.count : std::ssize(some);
    const bool is_empty = block.has_missing && first_row_that_is(true, block, count) == count;
    if (block.has_missing && !is_empty) fill_missing(block, count);
    const bool has_signs = reader.is_signed() && !is_empty && is_any_signed(block, count);
    const Signs signs = has_signs ? reader.signs_of_type() : Signs::none;
    if (are_others(signs, known.signs)) return false;
    if (has_signs) known.signs = signs;
    codes_of_block(known.keys, block, count, NewKeys::entered, codes);
    return true;
}

void find_block(WordColumn& known, const WordReader& reader, Rows rows, std::uint32_t* codes) {
    BlockOfWords block;
    reader.read(rows, block);
    codes_of_block(known.keys, block, rows.count, NewKeys::found_only, codes);
    if (reader.is_signed() && are_others(reader.signs_of_type(), known.signs)) lose_signed(block, rows.count, codes);
}

}  // namespace

void load_words(const Column& column, std::ptrdiff_t first, std::ptrdiff_t count, std::uint64_t* words) {
    switch (column.dtype) {
        case DType::float64: return load<double>(column, first, count, words);
        case DType::float32: return load<float>(column, first, count, words);
        case DType::int64: return load<std::int64_t>(column, first, count, words);
        case DType::int32: return load<std::int32_t>(column, first, count, words);
        case DType::int16: return load<std::int16_t>(column, first, count, words);
        case DType::int8: return load<std::int8_t>(column, first, count, words);
        case DType::uint64: return load<std::uint64_t>(column, first, count, words);
        case DType::uint32: return load<std::uint32_t>(column, first, count, words);
        case DType::uint16: return load<std::uint16_t>(column, first, count, words);
        case DType::uint8: return load<std::uint8_t>(column, first, count, words);
        case DType::boolean: return load_booleans(column, first, count, words);
        case DType::float16:
        case DType::bfloat16: break;
    }
    throw std::invalid_argument("Keys of sixteen bits must be widened first.");
}

bool codes_of_column(WordColumn& known, const Column& column, std::ptrdiff_t rows, Meaning meaning, NewKeys fresh,
                     std::uint32_t* codes) {
    const WordReader reader{.column = column, .meaning = meaning};
    return codes_by_threads({[&](Rows own, std::uint32_t* to) { find_block(known, reader, own, to); },
                             [&](auto... own) { return enter_block(known, reader, own...); }},
                            rows, fresh, codes);
}

void codes_of_pairs(WordKeys& keys, const std::uint32_t* first, const std::uint32_t* second, std::ptrdiff_t rows,
                    NewKeys fresh, std::uint32_t* codes) {
    const auto find = [&](Rows own, std::uint32_t* to) {
        std::uint64_t words[block_length];
        for (std::ptrdiff_t i = 0; i < own.count; ++i) words[i] = paired(first[own.first + i], second[own.first + i]);
        keys.codes(words, own.count, NewKeys::found_only, to);
    };
    const auto enter = [&](Rows own, RowsOfBlock some, std::uint32_t* to) {
        std::uint64_t words[block_length];
        const std::ptrdiff_t count = some.empty() ? own.count : std::ssize(some);
        for (std::ptrdiff_t i = 0; i < count; ++i) {
            const std::ptrdiff_t row = own.first + (some.empty() ? i : some[static_cast<std::size_t>(i)]);
            words[i] = paired(first[row], second[row]);
        }
        keys.codes(words, count, NewKeys::entered, to);
        return true;
    };
    codes_by_threads({find, enter}, rows, fresh, codes);
}

void forget_after(WordColumn& known, std::size_t count) {
    known.keys.forget_after(count);
    const auto words = known.keys.words();
    const bool has_signs = std::any_of(words.begin(), words.end(), [](std::uint64_t word) { return word >> 63 != 0; });
    if (!has_signs) known.signs = Signs::none;
}

}  // namespace squarely
