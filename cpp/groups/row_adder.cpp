#include "groups/row_adder.hpp"

#include "sums/pair.hpp"
#include "sums/window.hpp"

#include <algorithm>
#include <bit>
#include <new>
#include <numeric>
#include <utility>

namespace squarely {
namespace {

constexpr std::size_t pairs_until_table = 4096;  // so many wait, before another table is worth its memory
constexpr std::size_t groups_out_of_cache = 16384;
constexpr std::ptrdiff_t rows_fetched_ahead = rows_in_buffer + 8;  // and a vector of pairs

void wait_for_table(WaitingPairs& waiting, const Block& block, const std::uint32_t* groups,
                    const std::uint64_t* misfits, std::ptrdiff_t rows) {
    for (std::ptrdiff_t word = 0; 64 * word < rows; ++word) {
        for (std::uint64_t left = misfits[word]; left != 0; left &= left - 1) {
            const std::ptrdiff_t i = 64 * word + std::countr_zero(left);
            waiting.y_true.push_back(block.y_true[i]);
            waiting.y_pred.push_back(block.y_pred[i]);
            waiting.groups.push_back(groups[i]);
        }
    }
}

void forget_first(WaitingPairs& waiting, std::size_t count) {
    const auto forget = [count](auto& all) {
        all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count));
    };
    forget(waiting.y_true);
    forget(waiting.y_pred);
    forget(waiting.groups);
}

// The numbers of a quantity as a block of pairs: beside one that is alone stand zeros.
Block block_of(const Quantity& quantity, const Block& block) {
    alignas(64) static constexpr double zeros[block_length] = {};
    if (quantity.of_truth && quantity.of_prediction) return block;
    return {quantity.of_truth ? block.y_true : block.y_pred, zeros, block.length, {}};
}

}  // namespace

void resize(WaitingPairs& waiting, std::size_t count) {
    waiting.y_true.resize(count);
    waiting.y_pred.resize(count);
    waiting.groups.resize(count);
}

bool is_any_set(const std::uint64_t* misfits, std::ptrdiff_t rows) {
    return std::any_of(misfits, misfits + (rows + 63) / 64, [](std::uint64_t word) { return word != 0; });
}

void RowAdder::expect(const Block& sample) {
    std::vector<GroupTable> tables;
    for (const TablesOfQuantity& own : quantities_) {
        tables.push_back(table_for(block_of(*own.quantity, sample), own.quarters));
    }
    for (TablesOfQuantity& own : quantities_) own.tables.reserve(most_tables);
    for (std::size_t i = 0; i < tables.size(); ++i) quantities_[i].tables.push_back(std::move(tables[i]));
}

void RowAdder::add_differences(const Block& block, const std::uint32_t* groups, std::ptrdiff_t rows,
                               const std::uint32_t* groups_end, std::uint64_t* misfits) {
    add(quantities_.front(), 0, block, groups, rows, groups_end, rests_[0]);
    std::copy_n(rests_[0].misfits, block_length / 64, misfits);
}

void RowAdder::add_others(const Block& block, const std::uint32_t* groups, std::ptrdiff_t rows,
                          const std::uint32_t* groups_end) {
    for (std::size_t i = 1; i < quantities_.size(); ++i) {
        add(quantities_[i], 0, block_of(*quantities_[i].quantity, block), groups, rows, groups_end, rests_[i]);
    }
}

void RowAdder::add_rest(const Block& block, const std::uint32_t* groups, std::ptrdiff_t rows,
                        const std::uint64_t* misfits) {
    for (std::size_t i = 0; i < quantities_.size(); ++i) {
        const Block numbers = block_of(*quantities_[i].quantity, block);
        add_rest(quantities_[i], 0, numbers, groups, rows, rests_[i], i == 0 ? misfits : rests_[i].misfits);
    }
}

void RowAdder::take_back_differences(const Block& block, const std::uint32_t* groups, std::ptrdiff_t rows,
                                     std::uint64_t* misfits) {
    take_back(quantities_.front(), 0, block, groups, rows, misfits);
}

void RowAdder::take_back_others(const Block& block, const std::uint32_t* groups, std::ptrdiff_t rows) {
    std::uint64_t misfits[block_length / 64];
    for (std::size_t i = 1; i < quantities_.size(); ++i) {
        take_back(quantities_[i], 0, block_of(*quantities_[i].quantity, block), groups, rows, misfits);
    }
}

void RowAdder::move_on() {
    for (TablesOfQuantity& own : quantities_) {
        for (std::size_t i = 0; i < most_tables; ++i) {
            if (own.waiting[i].groups.size() >= pairs_until_table) take_waiting(own, i, false);
        }
    }
}

void RowAdder::finish() {
    for (TablesOfQuantity& own : quantities_) {
        for (std::size_t i = 0; i < most_tables; ++i) take_waiting(own, i, true);
    }
}

GroupTable RowAdder::table_for(const Block& numbers, int quarters) const {
    const int exponent = std::clamp(best_window(numbers).exponent, smallest_window, largest_window);
    return GroupTable(exponent, quarters, sums_.groups);
}

void RowAdder::add(TablesOfQuantity& own, std::size_t index, const Block& numbers, const std::uint32_t* groups,
                   std::ptrdiff_t rows, const std::uint32_t* groups_end, Rest& rest) const {
    const bool fetches = sums_.groups > groups_out_of_cache;
    rest.rows.groups = groups;
    rest.rows.count = rows;
    rest.rows.to_fetch = fetches ? groups_end - groups - rows_fetched_ahead : 0;
    rest.rows.table = own.tables[index].rows;
    kernels_.add_grouped_rows[own.quarters - 1](numbers, own.tables[index].window, rest.rows, rest.misfits);
}

// Words of rows are integers modulo 2^64: each pair gets a row of its own, and its group is without it then.
void RowAdder::take_back(const TablesOfQuantity& own, std::size_t index, const Block& numbers,
                         const std::uint32_t* groups, std::ptrdiff_t rows, std::uint64_t* misfits) const {
    const auto words = static_cast<std::size_t>(words_in_quarter * own.quarters);
    alignas(64) std::uint64_t of_pairs[block_length * words_in_quarter * 2] = {};
    std::uint32_t pairs[block_length];
    std::iota(pairs, pairs + rows, 0U);
    GroupedRows added{pairs, rows, 0, of_pairs, {}, 0};
    kernels_.add_grouped_rows[own.quarters - 1](numbers, own.tables[index].window, added, misfits);
    for (std::ptrdiff_t i = 0; i < rows; ++i) {
        std::uint64_t* const row = own.tables[index].rows + groups[i] * words;
        for (std::size_t word = 0; word < words; ++word)
            row[word] -= of_pairs[static_cast<std::size_t>(i) * words + word];
    }
}

void RowAdder::add_rest(TablesOfQuantity& own, std::size_t index, const Block& numbers, const std::uint32_t* groups,
                        std::ptrdiff_t rows, const Rest& rest, const std::uint64_t* misfits) {
    const bool counts = index == 0 && &own == &quantities_.front();
    if (rest.rows.full_count > 0) empty_full_rows(own.tables[index], *own.quantity, rest.rows, counts);
    if (is_any_set(misfits, rows)) wait_for_table(own.waiting[index], numbers, groups, misfits, rows);
}

// Those that a table has refused go to the next one, which is made when many wait. Where memory runs out, the others
// go on waiting.
void RowAdder::take_waiting(TablesOfQuantity& own, std::size_t index, bool is_last) {
    WaitingPairs& pairs = own.waiting[index];
    const std::size_t count = pairs.groups.size();
    if (count == 0) return;
    const bool has_next = own.tables.size() > index + 1;
    const bool is_exact = !has_next && (is_last || index + 1 == most_tables || !make_table(own, pairs));
    std::size_t taken = 0;
    try {
        if (is_exact) add_exactly(own, pairs, taken);
        while (taken < count) taken += add_block(own, index, taken);
    } catch (...) {
        forget_first(pairs, taken);
        throw;
    }
    pairs = {};
}

// All of it, or nothing.
std::size_t RowAdder::add_block(TablesOfQuantity& own, std::size_t index, std::size_t first) {
    const WaitingPairs& pairs = own.waiting[index];
    const std::size_t count = std::min<std::size_t>(block_length, pairs.groups.size() - first);
    alignas(64) double y_true[block_length] = {};
    alignas(64) double y_pred[block_length] = {};
    std::copy_n(pairs.y_true.data() + first, count, y_true);
    std::copy_n(pairs.y_pred.data() + first, count, y_pred);
    const std::uint32_t* const groups = pairs.groups.data() + first;
    const Block block{y_true, y_pred, block_length, {}};
    const auto rows = static_cast<std::ptrdiff_t>(count);
    Rest rest;
    add(own, index + 1, block, groups, rows, groups + count, rest);
    const std::size_t waited = own.waiting[index + 1].groups.size();
    try {
        add_rest(own, index + 1, block, groups, rows, rest, rest.misfits);
    } catch (...) {
        resize(own.waiting[index + 1], waited);
        take_back(own, index + 1, block, groups, rows, rest.misfits);
        throw;
    }
    return count;
}

// Where many of those that wait are of one size.
bool RowAdder::make_table(TablesOfQuantity& own, const WaitingPairs& pairs) const {
    const Block sample{pairs.y_true.data(), pairs.y_pred.data(), block_length, {}};
    const BestWindow best = best_window(sample);
    if (best.pairs < block_length / 4 || !is_window(best.exponent)) return false;
    try {
        own.tables.emplace_back(best.exponent, own.quarters, sums_.groups);
    } catch (const std::bad_alloc&) {
        return false;  // the way without a table needs none
    }
    return true;
}

void RowAdder::add_exactly(const TablesOfQuantity& own, const WaitingPairs& pairs, std::size_t& taken) {
    const std::lock_guard lock(sums_.mutex);
    const QuantitySums sums = sums_of_quantity(sums_.state, *own.quantity);
    const bool is_prediction = !own.quantity->of_truth;
    for (; taken < pairs.groups.size(); ++taken) {
        const BinaryNumber first = number_of(pairs.y_true[taken]);
        const BinaryNumber second = number_of(pairs.y_pred[taken]);
        const std::uint32_t group = pairs.groups[taken];
        // A prediction alone stands in the place of the truth.
        add_pair(is_prediction ? GroupedPair{second, first, group} : GroupedPair{first, second, group}, *own.quantity,
                 sums);
    }
}

void RowAdder::empty_full_rows(GroupTable& table, const Quantity& quantity, const GroupedRows& rows, bool counts) {
    const std::lock_guard lock(sums_.mutex);
    const QuantitySums sums = sums_of_quantity(sums_.state, quantity);
    for (int i = 0; i < rows.full_count; ++i) {
        const std::uint64_t pairs = empty_row(table, rows.full[i], quantity, sums);
        if (counts) sums_.state.counts.add_pairs(rows.full[i], pairs);
    }
}

}  // namespace squarely
