// What rows of groups are made of: the difference of a pair, its truth, its prediction. Of each of them the square, the
// number itself and its size are summed.
#pragma once

#include "machine/zeroed_memory.hpp"
#include "numbers/binary_number.hpp"
#include "states/state.hpp"
#include "sums/window.hpp"

#include <optional>
#include <span>
#include <vector>

namespace squarely {

struct Quantity {
    bool of_truth, of_prediction;
    Term square, linear;
    std::optional<Term> size;
    bool linear_is_opposite;  // an error is the prediction less the truth
};

constexpr int quantity_count = 3;
constexpr Quantity quantities[quantity_count] = {
    {true, true, Term::squared_error, Term::error, Term::absolute_error, true},
    {true, false, Term::squared_truth, Term::truth, Term::absolute_truth, false},
    {false, true, Term::squared_prediction, Term::prediction, std::nullopt, false}};

// A pair that has no row in a table.
struct GroupedPair {
    BinaryNumber y_true, y_pred;
    std::uint32_t group;
};

// The rows of all groups for the numbers of one window.
struct GroupTable {
    GroupTable(int exponent, int quarters_of_rows, std::size_t groups);
    GroupTable(const GroupTable& other);
    GroupTable(GroupTable&& other) noexcept = default;
    GroupTable& operator=(GroupTable&& other) noexcept = default;

    Window window;
    int exponent;
    int quarters;
    std::size_t groups;
    ZeroedMemory memory;
    std::uint64_t* rows;  // in it, none across lines of the cache
};

// For as many groups at least.
void make_room(GroupTable& table, std::size_t groups);

// Where the sums of a quantity go: one a group, null where nobody asks.
struct QuantitySums {
    CompactSums* square = nullptr;
    CompactSums* linear = nullptr;
    CompactSums* size = nullptr;
};

QuantitySums sums_of_quantity(State& state, const Quantity& quantity);

// Moves the row of a group into its sums, or leaves both as they are where memory runs out, and returns how many pairs
// it was of.
std::uint64_t empty_row(GroupTable& table, std::size_t group, const Quantity& quantity, const QuantitySums& sums);

// One pair, exactly and to all sums, or to none where memory runs out.
void add_pair(const GroupedPair& pair, const Quantity& quantity, const QuantitySums& sums);

}  // namespace squarely
