#include "groups/row_adder.hpp"

#include "sums/pair.hpp"
#include "sums/window.hpp"

#include <algorithm>
#include <bit>
#include <new>
#include <utility>

namespace squarely {
namespace {

constexpr std::size_t most_tables = 3;           // of a quantity: numbers of very different sizes have several
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

// The numbers of a quantity as a block of pairs: beside one that is alone stand zeros.
Block block_of(const Quantity& quantity, const Block& block) {
    alignas(64) static constexpr double zeros[block_length] = {};
    if (quantity.of_truth && quantity.of_prediction) return block;
    return {quantity.of_truth ? block.y_true : block.y_pred, zeros, block.length, {}};
}

}  // namespace

bool is_any_set(const std::uint64_t* misfits, std::ptrdiff_t rows) {
    return std::any_of(misfits, misfits + (rows + 63) / 64, [](std::uint64_t word) { return word != 0; });
}

void RowAdder::expect(const Block& sample) {
    for (TablesOfQuantity& own : quantities_) {
        // The first ones have theirs where memory ran out the time before.
        if (own.tables.empty()) own.tables.push_back(table_for(block_of(*own.quantity, sample), own.quarters));
    }
}

void RowAdder::add_differences(const Block& block, const std::uint32_t* groups, std::ptrdiff_t rows,
                               const std::uint32_t* groups_end, std::uint64_t* misfits) {
    add_fitting(quantities_.front(), 0, block, groups, rows, groups_end, misfits);
}

void RowAdder::add_misfits(const Block& block, const std::uint32_t* groups, std::ptrdiff_t rows,
                           const std::uint64_t* misfits) {
    wait(quantities_.front(), 0, block, groups, rows, misfits);
}

void RowAdder::add_others(const Block& block, const std::uint32_t* groups, std::ptrdiff_t rows,
                          const std::uint32_t* groups_end) {
    for (std::size_t i = 1; i < quantities_.size(); ++i) {
        TablesOfQuantity& own = quantities_[i];
        add(own, 0, block_of(*own.quantity, block), groups, rows, groups_end);
    }
}

void RowAdder::finish() {
    for (TablesOfQuantity& own : quantities_) {
        for (std::size_t i = 0; i < own.waiting.size(); ++i) take_waiting(own, i, true);
    }
}

GroupTable RowAdder::table_for(const Block& numbers, int quarters) const {
    const int exponent = std::clamp(best_window(numbers).exponent, smallest_window, largest_window);
    return GroupTable(exponent, quarters, sums_.groups);
}

void RowAdder::add(TablesOfQuantity& own, std::size_t index, const Block& numbers, const std::uint32_t* groups,
                   std::ptrdiff_t rows, const std::uint32_t* groups_end) {
    std::uint64_t misfits[block_length / 64];
    add_fitting(own, index, numbers, groups, rows, groups_end, misfits);
    if (is_any_set(misfits, rows)) wait(own, index, numbers, groups, rows, misfits);
}

void RowAdder::add_fitting(TablesOfQuantity& own, std::size_t index, const Block& numbers, const std::uint32_t* groups,
                           std::ptrdiff_t rows, const std::uint32_t* groups_end, std::uint64_t* misfits) {
    GroupTable& table = own.tables[index];
    const bool fetches = sums_.groups > groups_out_of_cache;
    rows_.groups = groups;
    rows_.count = rows;
    rows_.to_fetch = fetches ? groups_end - groups - rows_fetched_ahead : 0;
    rows_.table = table.rows;
    kernels_.add_grouped_rows[own.quarters - 1](numbers, table.window, rows_, misfits);
    const bool counts = index == 0 && &own == &quantities_.front();
    if (rows_.full_count > 0) empty_full_rows(table, *own.quantity, counts);
}

void RowAdder::wait(TablesOfQuantity& own, std::size_t index, const Block& numbers, const std::uint32_t* groups,
                    std::ptrdiff_t rows, const std::uint64_t* misfits) {
    if (own.waiting.size() <= index) own.waiting.resize(index + 1);
    wait_for_table(own.waiting[index], numbers, groups, misfits, rows);
    if (own.waiting[index].groups.size() >= pairs_until_table) take_waiting(own, index, false);
}

// Those that a table has refused go to the next one, which is made when many wait.
void RowAdder::take_waiting(TablesOfQuantity& own, std::size_t index, bool is_last) {
    WaitingPairs pairs = std::exchange(own.waiting[index], {});
    const std::size_t count = pairs.groups.size();
    if (count == 0) return;
    const bool has_next = own.tables.size() > index + 1;
    if (!has_next && (is_last || index + 1 == most_tables || !make_table(own, pairs))) return add_exactly(own, pairs);
    const std::size_t padded = (count + block_multiple - 1) / block_multiple * block_multiple;
    pairs.y_true.resize(padded);
    pairs.y_pred.resize(padded);
    for (std::size_t first = 0; first < count; first += block_length) {
        const auto rows = static_cast<std::ptrdiff_t>(std::min<std::size_t>(block_length, count - first));
        const auto length = static_cast<std::ptrdiff_t>(std::min<std::size_t>(block_length, padded - first));
        add(own, index + 1, {pairs.y_true.data() + first, pairs.y_pred.data() + first, length, {}},
            pairs.groups.data() + first, rows, pairs.groups.data() + count);
    }
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

void RowAdder::add_exactly(const TablesOfQuantity& own, const WaitingPairs& pairs) {
    const std::lock_guard lock(sums_.mutex);
    const QuantitySums sums = sums_of_quantity(sums_.state, *own.quantity);
    const bool is_prediction = !own.quantity->of_truth;
    for (std::size_t i = 0; i < pairs.groups.size(); ++i) {
        const BinaryNumber first = number_of(pairs.y_true[i]);
        const BinaryNumber second = number_of(pairs.y_pred[i]);
        // A prediction alone stands in the place of the truth.
        add_pair(
            is_prediction ? GroupedPair{second, first, pairs.groups[i]} : GroupedPair{first, second, pairs.groups[i]},
            *own.quantity, sums);
    }
}

void RowAdder::empty_full_rows(GroupTable& table, const Quantity& quantity, bool counts) {
    const std::lock_guard lock(sums_.mutex);
    const QuantitySums sums = sums_of_quantity(sums_.state, quantity);
    for (int i = 0; i < rows_.full_count; ++i) {
        const std::uint64_t pairs = empty_row(table, rows_.full[i], quantity, sums);
        if (counts) sums_.state.counts.add_pairs(rows_.full[i], pairs);
    }
}

}  // namespace squarely
