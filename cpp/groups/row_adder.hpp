// Pairs into the rows of their groups, and what no row takes into their sums.
#pragma once

#include "groups/grouped_quantities.hpp"
#include "kernels/kernels.hpp"

#include <mutex>
#include <vector>

namespace squarely {

// The pairs of a quantity that no table has taken yet.
struct WaitingPairs {
    std::vector<double> y_true, y_pred;
    std::vector<std::uint32_t> groups;
};

// One quantity, as a thread sums it.
struct TablesOfQuantity {
    const Quantity* quantity;
    int quarters;
    std::vector<GroupTable> tables;
    std::vector<WaitingPairs> waiting;  // for the table of the same index, or for a new one
};

// What threads share.
struct SharedSums {
    State& state;
    std::mutex mutex;
    std::size_t groups;
};

bool is_any_set(const std::uint64_t* misfits, std::ptrdiff_t rows);

// The rows of a thread.
class RowAdder {
  public:
    RowAdder(const Kernels& kernels, SharedSums& sums, std::vector<TablesOfQuantity>& of_thread)
        : kernels_(kernels), sums_(sums), quantities_(of_thread) {}

    // Before the first pairs: what tables are made for, the most of a sample. The last quantity has one then.
    void expect(const Block& sample);

    // Adds differences, which all states of groups have, and whose rows count the pairs. Sets the bits of pairs that do
    // not fit. What follows the groups may be read up to groups_end.
    void add_differences(const Block& block, const std::uint32_t* groups, std::ptrdiff_t rows,
                         const std::uint32_t* groups_end, std::uint64_t* misfits);

    // Those of them that are two finite numbers.
    void add_misfits(const Block& block, const std::uint32_t* groups, std::ptrdiff_t rows,
                     const std::uint64_t* misfits);

    // The other quantities, of pairs of finite numbers.
    void add_others(const Block& block, const std::uint32_t* groups, std::ptrdiff_t rows,
                    const std::uint32_t* groups_end);

    // Nothing waits any more.
    void finish();

  private:
    GroupTable table_for(const Block& numbers, int quarters) const;
    void add(TablesOfQuantity& own, std::size_t index, const Block& numbers, const std::uint32_t* groups,
             std::ptrdiff_t rows, const std::uint32_t* groups_end);
    void add_fitting(TablesOfQuantity& own, std::size_t index, const Block& numbers, const std::uint32_t* groups,
                     std::ptrdiff_t rows, const std::uint32_t* groups_end, std::uint64_t* misfits);
    void wait(TablesOfQuantity& own, std::size_t index, const Block& numbers, const std::uint32_t* groups,
              std::ptrdiff_t rows, const std::uint64_t* misfits);
    void take_waiting(TablesOfQuantity& own, std::size_t index, bool is_last);
    bool make_table(TablesOfQuantity& own, const WaitingPairs& pairs) const;
    void add_exactly(const TablesOfQuantity& own, const WaitingPairs& pairs);
    void empty_full_rows(GroupTable& table, const Quantity& quantity, bool counts);

    const Kernels& kernels_;
    SharedSums& sums_;
    std::vector<TablesOfQuantity>& quantities_;
    GroupedRows rows_;
};

}  // namespace squarely
