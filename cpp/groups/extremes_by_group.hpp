// The largest errors, and the least and greatest truths, of every group.
#pragma once

#include "groups/left_out_pairs.hpp"
#include "states/state.hpp"

#include <vector>

namespace squarely {

struct ExtremesByGroup {
    std::vector<double> largest_error, least_truth, greatest_truth;  // empty where nobody asks
};

struct GroupRange {
    std::size_t first;
    std::size_t last;
};

ExtremesByGroup extremes_for(const State& kind, std::size_t groups);
void make_room(ExtremesByGroup& extremes, std::size_t groups);

// Of pairs of finite numbers, but for those that are left out.
void add_extremes(ExtremesByGroup& extremes, const Block& block, const std::uint32_t* groups, std::ptrdiff_t rows,
                  const LeftOutPairs& left_out);

// One pair of integers that no double holds.
void add_extremes(State& state, const GroupedPair& pair);

// Of some groups, to the outputs of these numbers.
void add_extremes(State& state, const ExtremesByGroup& extremes, GroupRange groups);

}  // namespace squarely
