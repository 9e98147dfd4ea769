// Pairs of a block that are in no row of a table.
#pragma once

#include "blocks/block.hpp"
#include "groups/grouped_quantities.hpp"

#include <utility>
#include <vector>

namespace squarely {

// Pairs that do not count, or are not two finite numbers, or are of integers no double holds, are made pairs of zeros,
// which add nothing; and what they are is counted, or added exactly.
// There is room for those of a block before the first comes.
struct LeftOutPairs {
    LeftOutPairs() { counts.reserve(block_length); }

    std::vector<std::pair<std::uint32_t, PairCounts>> counts;
    std::vector<GroupedPair> large;
    bool any = false;
    bool left_out[block_length];  // where there are any
};

void forget(LeftOutPairs& left_out);

// Those known before the numbers are looked at.
void find_left_out(const RowsKept& kept, std::ptrdiff_t rows, const std::uint32_t* groups,
                   const std::vector<LargePair>& large, LeftOutPairs& left_out);

// Those of the misfits that are not two finite numbers, which then are no misfits any more.
void find_left_out(const Block& block, const std::uint32_t* groups, std::ptrdiff_t rows, std::uint64_t* misfits,
                   LeftOutPairs& left_out);

// A copy of the block with zeros in their place, which may be where the block is.
void blank_out(const LeftOutPairs& left_out, Block& block, std::ptrdiff_t rows, BlockBuffers& buffers);

}  // namespace squarely
