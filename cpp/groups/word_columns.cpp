#include "groups/word_columns.hpp"

#include "blocks/block.hpp"
#include "blocks/validity.hpp"
#include "machine/floating_point.hpp"
#include "machine/long_call.hpp"
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
constexpr std::ptrdiff_t blocks_between_looks = 64;

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

Signs signs_of(const BlockOfWords& block, std::ptrdiff_t count, const ElementType& type) {
    std::uint64_t any = 0;
    for (std::ptrdiff_t i = 0; i < count; ++i) any |= block.at[i];
    if (any < highest_bit) return Signs::none;
    return type.kind == 'u' ? Signs::large : Signs::negative;
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

bool codes_of_block(WordColumn& known, BlockOfWords& block, std::ptrdiff_t count, const ElementType& type,
                    NewKeys fresh, std::uint32_t* codes) {
    const bool is_empty = block.has_missing && first_row_that_is(true, block, count) == count;
    if (block.has_missing && !is_empty) fill_missing(block, count);
    const bool is_signed = type.kind == 'i' || type.kind == 'u';
    const Signs signs = is_signed && !is_empty ? signs_of(block, count, type) : Signs::none;
    const bool is_other = signs != Signs::none && known.signs != Signs::none && signs != known.signs;
    if (is_other && fresh == NewKeys::entered) return false;
    if (signs != Signs::none && fresh == NewKeys::entered) known.signs = signs;
    if (block.has_missing) {
        codes_with_missing(known.keys, block, count, fresh, codes);
    } else {
        known.keys.codes(block.at, count, fresh, codes);
    }
    if (is_other) lose_signed(block, count, codes);
    return true;
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
    const FloatingPointEnvironment environment;
    const Kernels& kernels = *current_target().kernels;
    const ElementType& type = facts_of(meaning == Meaning::time ? DType::float64 : column.dtype);
    BlockOfWords block;
    for (std::ptrdiff_t first = 0; first < rows; first += block_length) {
        if (first / block_length % blocks_between_looks == 0) look_at_call();
        const std::ptrdiff_t count = std::min<std::ptrdiff_t>(block_length, rows - first);
        block.at = meaning == Meaning::number ? words_in_place(column, first) : nullptr;
        if (block.at == nullptr) {
            load_words(column, first, count, block.words);
            block.at = block.words;
        }
        block.has_missing = find_nulls(kernels, column, first, count, block.validity);
        if (meaning == Meaning::time) leave_out_no_times(block, count);
        if (!codes_of_block(known, block, count, type, fresh, codes + first)) return false;
    }
    return true;
}

void codes_of_pairs(WordKeys& keys, const std::uint32_t* first, const std::uint32_t* second, std::ptrdiff_t rows,
                    NewKeys fresh, std::uint32_t* codes) {
    std::uint64_t words[block_length];
    for (std::ptrdiff_t start = 0; start < rows; start += block_length) {
        if (start / block_length % blocks_between_looks == 0) look_at_call();
        const std::ptrdiff_t count = std::min<std::ptrdiff_t>(block_length, rows - start);
        for (std::ptrdiff_t i = 0; i < count; ++i) words[i] = paired(first[start + i], second[start + i]);
        keys.codes(words, count, fresh, codes + start);
    }
}

void forget_after(WordColumn& known, std::size_t count) {
    known.keys.forget_after(count);
    const auto words = known.keys.words();
    const bool has_signs = std::any_of(words.begin(), words.end(), [](std::uint64_t word) { return word >> 63 != 0; });
    if (!has_signs) known.signs = Signs::none;
}

}  // namespace squarely
