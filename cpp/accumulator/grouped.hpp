// An accumulator for every group, in one state: groups are numbered from zero, and what their keys are is for callers.
#pragma once

#include "accumulator/accumulator.hpp"
#include "groups/moments_by_group.hpp"
#include "groups/sums_by_group.hpp"

namespace squarely {

struct GroupedAccumulator {
    std::shared_ptr<const Configuration> configuration;
    Shape shape;             // of the outputs of a group; without dimensions as long as it is not known
    std::size_t groups = 0;  // how many
    std::optional<State>
        state;  // of the outputs of all groups, one group after another; none as long as nothing was seen

    std::optional<OpenMoments> open;  // of short chunks, until somebody looks

    explicit GroupedAccumulator(std::shared_ptr<const Configuration> asked) : configuration(std::move(asked)) {}
};

// All sums, with everything that was open. Null where nothing was seen.
const State* sums_of(GroupedAccumulator& grouped);

using GroupNumbers = std::span<const std::uint32_t>;

// The sums of rows pairs, for add. Depends on nothing that others may change, so that the pass needs no lock. All
// numbers are below count.
SumsByGroup grouped_pass(const Configuration& configuration, std::span<const Pairs> outputs, std::ptrdiff_t rows,
                         GroupNumbers groups, std::size_t count);

// The same as one accumulator each, of one output: pass.groups[i] is the index of one.
void add(std::span<Accumulator* const> accumulators, const SumsByGroup& pass);

// All of these throw Refused, and change nothing, where something does not go together.

// What passes have summed, all or nothing. From now on there are count groups, if there were not more.
void add(GroupedAccumulator& grouped, std::vector<SumsByGroup>&& passes, const Shape& shape, std::size_t count);

// A chunk that is short beside the groups, of one output. False, and nothing added, where the other way is to be taken.
bool add_short_chunk(GroupedAccumulator& grouped, const Pairs& pairs, std::ptrdiff_t rows, GroupNumbers groups,
                     const Shape& shape, std::size_t count);

// Group i of the other is group numbers[i] of this one, of then count groups, and no two of them are the same.
void merge(GroupedAccumulator& grouped, GroupedAccumulator& other, GroupNumbers numbers, std::size_t count);
void subtract(GroupedAccumulator& grouped, GroupedAccumulator& other, GroupNumbers numbers);

// Of count groups: number i has everything of those whose numbers are i.
GroupedAccumulator merged_groups(GroupedAccumulator& grouped, GroupNumbers numbers, std::size_t count);

// One group alone; and all of them as one accumulator, along a first axis of its outputs, and back.
Accumulator accumulator_of(GroupedAccumulator& grouped, std::size_t group);
Accumulator accumulator_of(GroupedAccumulator& grouped);
GroupedAccumulator copy_of(GroupedAccumulator& grouped);
GroupedAccumulator grouped_from(Accumulator& accumulator);

}  // namespace squarely
