// Rows in the order of their groups.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace squarely {

struct RowsByGroup {
    std::vector<std::uint32_t> rows;     // their numbers, one group after another, and in a group as they came
    std::vector<std::uint32_t> groups;   // those that have rows, in ascending order
    std::vector<std::ptrdiff_t> firsts;  // where the rows of each begin, and where the last ones end
};

// By counting, of fewer than 2^32 rows whose groups are all below count.
RowsByGroup rows_by_group(std::span<const std::uint32_t> groups, std::size_t count);

bool are_all_below(std::span<const std::uint32_t> groups, std::size_t count);

}  // namespace squarely
