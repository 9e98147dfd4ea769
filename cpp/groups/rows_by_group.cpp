#include "groups/rows_by_group.hpp"

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

}  // namespace squarely
