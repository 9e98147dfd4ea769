// The sums of the rows of every group. The outputs of a state are then those of the first group, those of the second,
// and so on: what merges, is taken away and becomes bytes is a state like any other.
#pragma once

#include "groups/rows_by_group.hpp"
#include "states/state.hpp"

#include <span>

namespace squarely {

// Of some rows: the groups that have any, and a state of their outputs in the same order.
struct SumsByGroup {
    std::vector<std::uint32_t> groups;
    State state;
    WeightFaults weight_faults;
};

// What kind sums, of rows from first on; groups[0] is that of the first, and all are below count. Exact sums do not
// depend on how rows are split over calls; kahan and pairwise sums do, and on nothing else.
SumsByGroup sums_by_group(const State& kind, std::span<const Pairs> outputs, std::ptrdiff_t first,
                          std::span<const std::uint32_t> groups, std::size_t count);

// How many rows to hand over at once: enough for every group to have some, in memory that does not grow with the data.
std::ptrdiff_t rows_at_once(std::size_t groups);

}  // namespace squarely
