#include "groups/rows_by_group.hpp"

#include "blocks/stretches.hpp"
#include "machine/threads.hpp"

#include <algorithm>
#include <atomic>

namespace squarely {
namespace {

// Counts become the places of the next row of each group.
std::vector<std::uint32_t> first_places(std::span<const std::uint32_t> groups, std::size_t count) {
    std::vector<std::uint32_t> places(count);
    for (const std::uint32_t group : groups) ++places[group];
    std::uint32_t before = 0;
    for (std::uint32_t& place : places) {
        const std::uint32_t own = place;
        place = before;
        before += own;
    }
    return places;
}

}  // namespace

RowsByGroup rows_by_group(std::span<const std::uint32_t> groups, std::size_t count) {
    RowsByGroup sorted;
    std::vector<std::uint32_t> places = first_places(groups, count);
    sorted.rows.resize(groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) sorted.rows[places[groups[i]]++] = static_cast<std::uint32_t>(i);
    // A place is now where its group ends, and the next one begins.
    std::uint32_t end = 0;
    for (std::size_t group = 0; group < count; ++group) {
        if (places[group] == end) continue;
        sorted.groups.push_back(static_cast<std::uint32_t>(group));
        sorted.firsts.push_back(end);
        end = places[group];
    }
    sorted.firsts.push_back(end);
    return sorted;
}

bool are_all_below(std::span<const std::uint32_t> groups, std::size_t count) {
    const std::ptrdiff_t rows = std::ssize(groups);
    std::atomic<bool> are_all{true};
    parallel_for(number_of_stretches(rows), [&](std::ptrdiff_t index) {
        const Stretch own = stretch_at(rows, index);
        std::uint32_t largest = 0;  // of all of them, which vectors find
        for (std::ptrdiff_t i = own.first; i < own.last; ++i) largest = std::max(largest, groups.data()[i]);
        if (largest >= count) are_all = false;
    });
    return are_all;
}

}  // namespace squarely
