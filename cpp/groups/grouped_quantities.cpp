#include "groups/grouped_quantities.hpp"

#include "kernels/kernels.hpp"
#include "sums/pair.hpp"

#include <algorithm>
#include <bit>

namespace squarely {
namespace {

constexpr std::size_t bytes_in_quarter = 8 * words_in_quarter;

CompactSums* find_sums(State& state, Term term) {
    for (Sums& sums : state.sums) {
        if (sums.summand == Summand{term}) return &sums.exact;
    }
    return nullptr;
}

__extension__ typedef __int128 int128;

std::uint64_t upper(int128 value) { return static_cast<std::uint64_t>(value >> 64); }

// What a word counts, without the constants that came with it.
std::int64_t units(std::uint64_t word, std::uint64_t count, double constant) {
    return static_cast<std::int64_t>(word - count * std::bit_cast<std::uint64_t>(constant));
}

// The three words of a square, whose units are 2^98, 2^48 and 1 times 2^(2E-146).
void add_square_words(CompactSum& sum, const std::uint64_t* row, const GroupTable& table) {
    const double* start = table.window.start;
    const std::int64_t high = units(row[1], row[0], start[0]);
    const int128 rest = units(row[3], row[0], start[5]) + (int128{units(row[2], row[0], start[2])} << 48);
    const int128 above = int128{high} << 34;  // in units of 2^64
    const int128 upper_limbs = above + static_cast<std::int64_t>(upper(rest));
    const std::uint64_t limbs[3] = {static_cast<std::uint64_t>(rest), static_cast<std::uint64_t>(upper_limbs),
                                    upper(upper_limbs)};
    add_limbs(sum, limbs, 2 * (table.exponent + grid3));
}

// Two words, whose units are 2^49 and 1 times 2^(E-73).
void add_linear_words(CompactSum& sum, const std::uint64_t* words, std::uint64_t count, const GroupTable& table,
                      bool is_opposite) {
    const std::int64_t high = units(words[0], count, table.window.sigma1);
    const int128 rest = units(words[1], count, table.window.sigma3);
    const int128 whole = (int128{high} << (grid1 - grid3)) + rest;
    const int128 value = is_opposite ? -whole : whole;
    const std::uint64_t limbs[3] = {static_cast<std::uint64_t>(value), upper(value), value < 0 ? ~std::uint64_t{0} : 0};
    add_limbs(sum, limbs, table.exponent + grid3);
}

void add_to(CompactSum& sum, const BinaryNumber& number, bool negative) {
    add_number(sum, number.significand, number.exponent, negative);
}

bool is_less(const BinaryNumber& a, const BinaryNumber& b) { return nearest_difference(a, b) < 0; }

// A sum of a group, and what it was.
struct Changed {
    Changed(CompactSums* sums, std::size_t group) {
        if (sums == nullptr) return;
        sum = &(*sums)[group];
        is_whole = sum->whole != nullptr;
        std::copy_n(sum->limbs, CompactSum::few, limbs);
        first = sum->first;
    }

    bool is_few() const { return sum != nullptr && !is_whole; }
    void restore() const {
        if (!is_few()) return;
        std::copy_n(limbs, CompactSum::few, sum->limbs);
        sum->first = first;
        sum->whole.reset();
    }

    CompactSum* sum = nullptr;
    bool is_whole = false;
    std::uint64_t limbs[CompactSum::few];
    int first;
};

// To those that are asked for. Memory may run out at each of them, and then none has changed: those that are whole ask
// for none, and come last.
template <class Square, class Linear, class Size>
void add_together(const QuantitySums& sums, std::size_t group, Square add_to_square, Linear add_to_linear,
                  Size add_to_size) {
    const Changed square(sums.square, group), linear(sums.linear, group), size(sums.size, group);
    try {
        if (square.is_few()) add_to_square(*square.sum);
        if (linear.is_few()) add_to_linear(*linear.sum);
        if (size.is_few()) add_to_size(*size.sum);
    } catch (...) {
        for (const Changed* one : {&square, &linear, &size}) one->restore();
        throw;
    }
    if (square.is_whole) add_to_square(*square.sum);
    if (linear.is_whole) add_to_linear(*linear.sum);
    if (size.is_whole) add_to_size(*size.sum);
}

}  // namespace

GroupTable::GroupTable(int window_exponent, int quarters_of_rows, std::size_t number_of_groups)
    : window(window_of(window_exponent)),
      exponent(window_exponent),
      quarters(quarters_of_rows),
      groups(number_of_groups),
      memory(zeroed_memory(groups * bytes_in_quarter * static_cast<std::size_t>(quarters_of_rows))),
      rows(static_cast<std::uint64_t*>(memory.get())) {}

GroupTable::GroupTable(const GroupTable& other) : GroupTable(other.exponent, other.quarters, other.groups) {
    std::copy_n(other.rows, groups * static_cast<std::size_t>(words_in_quarter * quarters), rows);
}

void make_room(GroupTable& table, std::size_t groups) {
    if (groups <= table.groups) return;
    GroupTable larger(table.exponent, table.quarters, groups);
    const std::size_t words = static_cast<std::size_t>(words_in_quarter * table.quarters);
    std::copy_n(table.rows, table.groups * words, larger.rows);
    table = std::move(larger);
}

QuantitySums sums_of_quantity(State& state, const Quantity& quantity) {
    return {find_sums(state, quantity.square), find_sums(state, quantity.linear),
            quantity.size ? find_sums(state, *quantity.size) : nullptr};
}

std::uint64_t empty_row(GroupTable& table, std::size_t group, const Quantity& quantity, const QuantitySums& sums) {
    const std::size_t words = static_cast<std::size_t>(words_in_quarter * table.quarters);
    std::uint64_t* const row = table.rows + group * words;
    const std::uint64_t count = row[0];
    // Of pairs that have been taken back a row may have as many as of others, and count none.
    if (count == 0 && std::all_of(row, row + words, [](std::uint64_t word) { return word == 0; })) return 0;
    const std::uint64_t* const linear = row + words_in_quarter;
    add_together(
        sums, group, [&](CompactSum& sum) { add_square_words(sum, row, table); },
        [&](CompactSum& sum) { add_linear_words(sum, linear, count, table, quantity.linear_is_opposite); },
        [&](CompactSum& sum) { add_linear_words(sum, linear + 2, count, table, false); });
    std::fill_n(row, words, std::uint64_t{0});
    return count;
}

void add_pair(const GroupedPair& pair, const Quantity& quantity, const QuantitySums& sums) {
    constexpr BinaryNumber zero{0, -1074, false};
    const BinaryNumber& y_true = quantity.of_truth ? pair.y_true : zero;
    const BinaryNumber& y_pred = quantity.of_prediction ? pair.y_pred : zero;
    const auto add_both = [&](CompactSum& sum, bool is_opposite) {
        add_to(sum, y_true, y_true.negative != is_opposite);
        add_to(sum, y_pred, y_pred.negative == is_opposite);
    };
    // Of a prediction alone the sum is of itself, though it is what is taken away elsewhere.
    const bool is_opposite = quantity.linear_is_opposite || !quantity.of_truth;
    add_together(
        sums, pair.group, [&](CompactSum& sum) { add_square(sum, y_true, y_pred); },
        [&](CompactSum& sum) { add_both(sum, is_opposite); },
        [&](CompactSum& sum) { add_both(sum, is_less(y_true, y_pred)); });
}

}  // namespace squarely
