// Columns of numbers, dates and booleans as words of 64 bits, and the codes of those.
#pragma once

#include "blocks/column.hpp"
#include "groups/key_table.hpp"
#include "kernels/kernels.hpp"

namespace squarely {

// What of a column's type is not in its bits.
enum class Meaning : std::uint8_t { number, time };  // of times the least integer is NaT, which is missing

// Whether the keys of a column of integers are below zero or beyond 2^63: of 64 bits nothing else tells them apart.
enum class Signs : std::uint8_t { none, negative, large };

struct WordColumn {
    WordKeys keys;
    Signs signs = Signs::none;
};

// At most block_length rows from the first on: integers with their sign extended, floats as the bits of doubles, of
// which there is one NaN and one zero.
void load_words(const Column& column, std::ptrdiff_t first, std::ptrdiff_t count, std::uint64_t* words);

// False where the column has integers of both kinds of Signs. Then, and after an exception, some keys may have been
// entered.
bool codes_of_column(WordColumn& known, const Column& column, std::ptrdiff_t rows, Meaning meaning, NewKeys fresh,
                     std::uint32_t* codes);

// The codes of two columns, as one.
void codes_of_pairs(WordKeys& keys, const std::uint32_t* first, const std::uint32_t* second, std::ptrdiff_t rows,
                    NewKeys fresh, std::uint32_t* codes);

void forget_after(WordColumn& known, std::size_t count);

}  // namespace squarely
