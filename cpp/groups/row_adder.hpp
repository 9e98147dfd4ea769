// Pairs into the rows of their groups, and what no row takes into their sums.
#pragma once

#include "groups/grouped_quantities.hpp"
#include "kernels/kernels.hpp"

#include <array>
#include <mutex>
#include <vector>

namespace squarely {

constexpr std::size_t most_tables = 3;  // of a quantity: numbers of very different sizes have several

// The pairs of a quantity that no table has taken yet.
struct WaitingPairs {
    std::vector<double> y_true, y_pred;
    std::vector<std::uint32_t> groups;
};

// Of fewer pairs nothing asks for memory.
void resize(WaitingPairs& waiting, std::size_t count);

// One quantity, as a thread sums it.
struct TablesOfQuantity {
    const Quantity* quantity;
    int quarters;
    std::vector<GroupTable> tables;
    std::array<WaitingPairs, most_tables> waiting;  // that the table of the same index has refused
};

// What threads share.
struct SharedSums {
    State& state;
    std::mutex mutex;
    std::size_t groups;
};

bool is_any_set(const std::uint64_t* misfits, std::ptrdiff_t rows);

// The rows of a thread. Kernels ask for no memory; what they leave to be done may, and comes when they are through with
// a block.
class RowAdder {
  public:
    RowAdder(const Kernels& kernels, SharedSums& sums, std::vector<TablesOfQuantity>& of_thread)
        : kernels_(kernels), sums_(sums), quantities_(of_thread) {}

    // Before the first pairs: what tables are made for, the most of a sample.
    void expect(const Block& sample);

    // Of a block: differences, which all states of groups have, and whose rows count the pairs. Sets the bits of pairs
    // that do not fit. What follows the groups may be read up to groups_end.
    void add_differences(const Block& block, const std::uint32_t* groups, std::ptrdiff_t rows,
                         const std::uint32_t* groups_end, std::uint64_t* misfits);

    // Then the other quantities, of pairs of finite numbers.
    void add_others(const Block& block, const std::uint32_t* groups, std::ptrdiff_t rows,
                    const std::uint32_t* groups_end);

    // And then what is left of the block: rows that are full, and pairs that do not fit, which wait. Of the differences
    // these are the misfits that are two finite numbers.
    void add_rest(const Block& block, const std::uint32_t* groups, std::ptrdiff_t rows, const std::uint64_t* misfits);

    // Takes back what kernels have added of a block: all three above, but without memory.
    void take_back_differences(const Block& block, const std::uint32_t* groups, std::ptrdiff_t rows,
                               std::uint64_t* misfits);
    void take_back_others(const Block& block, const std::uint32_t* groups, std::ptrdiff_t rows);

    // Where many pairs wait, they go on to the next table, or into the sums.
    void move_on();

    // Nothing waits any more.
    void finish();

  private:
    // Of a table, what its kernel leaves to be done.
    struct Rest {
        GroupedRows rows;
        std::uint64_t misfits[block_length / 64];
    };

    GroupTable table_for(const Block& numbers, int quarters) const;
    void add(TablesOfQuantity& own, std::size_t index, const Block& numbers, const std::uint32_t* groups,
             std::ptrdiff_t rows, const std::uint32_t* groups_end, Rest& rest) const;
    void take_back(const TablesOfQuantity& own, std::size_t index, const Block& numbers, const std::uint32_t* groups,
                   std::ptrdiff_t rows, std::uint64_t* misfits) const;
    void add_rest(TablesOfQuantity& own, std::size_t index, const Block& numbers, const std::uint32_t* groups,
                  std::ptrdiff_t rows, const Rest& rest, const std::uint64_t* misfits);
    void take_waiting(TablesOfQuantity& own, std::size_t index, bool is_last);
    std::size_t add_block(TablesOfQuantity& own, std::size_t index, std::size_t first);
    bool make_table(TablesOfQuantity& own, const WaitingPairs& pairs) const;
    void add_exactly(const TablesOfQuantity& own, const WaitingPairs& pairs, std::size_t& taken);
    void empty_full_rows(GroupTable& table, const Quantity& quantity, const GroupedRows& rows, bool counts);

    const Kernels& kernels_;
    SharedSums& sums_;
    std::vector<TablesOfQuantity>& quantities_;
    Rest rests_[quantity_count];  // of the block at hand, by quantity
};

}  // namespace squarely
