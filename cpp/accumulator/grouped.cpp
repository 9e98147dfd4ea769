#include "accumulator/grouped.hpp"

#include "groups/moments_by_group.hpp"
#include "groups/numbered_keys.hpp"
#include "machine/floating_point.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace squarely {
namespace {

std::size_t width_of(const GroupedAccumulator& grouped) { return outputs_of(grouped.shape); }

void check_fits(const GroupedAccumulator& grouped, const Shape& shape, bool weighted) {
    if (!grouped.shape.empty() && grouped.shape != shape) throw Refused(Reason::outputs_differ);
    check_output_weights(*grouped.configuration, outputs_of(shape));
    if (grouped.state && grouped.state->weighted != weighted) throw Refused(Reason::weighting_differs);
}

void check_same_configuration(const GroupedAccumulator& grouped, const GroupedAccumulator& other) {
    const Reason reason = difference_of(*grouped.configuration, *other.configuration);
    if (reason != Reason::none) throw Refused(reason);
}

// Calls visit(output of the groups, output of the part) for each output of groups numbers[0], numbers[1], ...
template <class Visit>
void for_each_output(GroupNumbers numbers, std::size_t width, Visit visit) {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        for (std::size_t output = 0; output < width; ++output) visit(numbers[i] * width + output, i * width + output);
    }
}

// Sums that round are not joined with nothing: the bits are those of the part.
Places places_of(GroupNumbers numbers, std::size_t width) { return {0, numbers, width, true}; }

void check_room(const State& state, const State& part, GroupNumbers numbers, std::size_t width) {
    for_each_output(numbers, width, [&](std::size_t output, std::size_t from) {
        if (output < state.counts.size()) squarely::check_room(state.counts[output], part.counts[from], output);
    });
}

// Of groups that come together.
void check_room_together(const State& state, GroupNumbers numbers, std::size_t width, std::size_t count) {
    OutputCounts together(count * width);
    for_each_output(numbers, width, [&](std::size_t output, std::size_t from) {
        const PairCounts counts = state.counts[from];
        squarely::check_room(together[output], counts, output);
        together.add(output, counts);
    });
}

bool are_all_in_order(GroupNumbers numbers, std::size_t count) {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (numbers[i] != i) return false;
    }
    return numbers.size() == count;
}

// Asks for no memory, where there is room for the counts.
void move_output(State& state, std::size_t output, State& next, std::size_t from) {
    state.counts.set(output, next.counts[from]);
    for (std::size_t i = 0; i < state.sums.size(); ++i) {
        Sums &sums = state.sums[i], &own = next.sums[i];
        if (!own.exact.empty()) sums.exact[output] = std::move(own.exact[from]);
        if (!own.rounded.empty()) sums.rounded[output] = own.rounded[from];
        if (!own.extreme.empty()) sums.extreme[output] = own.extreme[from];
        if (!own.counted.empty()) sums.counted[output] = own.counted[from];
        if (!own.by_size.empty()) sums.by_size[output] = std::move(own.by_size[from]);
    }
}

void resize_groups(GroupedAccumulator& grouped, std::size_t groups) {
    resize_outputs(*grouped.state, groups * width_of(grouped));
    grouped.groups = groups;
}

// Groups that are there. All of them, or none where memory runs out.
void merge_passes(State& state, std::span<const SumsByGroup> passes, std::size_t width) {
    std::size_t merged = 0;
    try {
        for (; merged < passes.size(); ++merged) {
            merge_exact_sums(state, passes[merged].state, places_of(passes[merged].groups, width));
        }
    } catch (...) {
        while (merged-- > 0) take_exact_sums_back(state, passes[merged].state, places_of(passes[merged].groups, width));
        throw;
    }
    for (const SumsByGroup& pass : passes) merge_the_rest(state, pass.state, places_of(pass.groups, width));
}

void add_passes(GroupedAccumulator& grouped, std::span<SumsByGroup> passes, const Shape& shape, std::size_t count) {
    const std::size_t width = outputs_of(shape);
    if (grouped.state) {
        const std::size_t before = grouped.groups;
        resize_groups(grouped, std::max(before, count));
        try {
            merge_passes(*grouped.state, passes, width);
        } catch (...) {
            resize_groups(grouped, before);
            throw;
        }
        return;
    }
    GroupedAccumulator whole(grouped.configuration);
    whole.shape = shape;
    whole.groups = count;
    if (passes.size() == 1 && are_all_in_order(passes[0].groups, count)) {
        whole.state = std::move(passes[0].state);
    } else {
        whole.state = empty_like(passes[0].state, count * width);
        merge_passes(*whole.state, passes, width);
    }
    grouped = std::move(whole);
}

std::vector<std::uint32_t> numbers_up_to(std::size_t count) {
    std::vector<std::uint32_t> numbers(count);
    std::iota(numbers.begin(), numbers.end(), 0U);
    return numbers;
}

// Of several stretches of rows, all groups.
SumsByGroup sums_of_stretches(const State& kind, std::span<const Pairs> outputs, std::ptrdiff_t rows,
                              GroupNumbers groups, std::size_t count) {
    SumsByGroup all{numbers_up_to(count), empty_like(kind, count * outputs.size()), {}};
    const std::ptrdiff_t length = rows_at_once(count);
    for (std::ptrdiff_t first = 0; first < rows; first += length) {
        const auto size = static_cast<std::size_t>(std::min(length, rows - first));
        const auto own = groups.subspan(static_cast<std::size_t>(first), size);
        const SumsByGroup part = sums_by_group(kind, outputs, first, own, count);
        add(all.weight_faults, part.weight_faults);
        merge_outputs(all.state, part.state, places_of(part.groups, outputs.size()));
    }
    return all;
}

// Of all groups, by the short way.
SumsByGroup moments_of_groups(const State& kind, std::span<const Pairs> outputs, std::ptrdiff_t rows,
                              GroupNumbers groups, std::size_t count) {
    const std::size_t width = outputs.size();
    if (width == 1) return {numbers_up_to(count), moments_by_group(kind, outputs.first(1), rows, groups, count), {}};
    SumsByGroup all{numbers_up_to(count), empty_like(kind, count * width), {}};
    for (std::size_t output = 0; output < width; ++output) {
        const State own = moments_by_group(kind, outputs.subspan(output, 1), rows, groups, count);
        for (std::size_t group = 0; group < count; ++group) set_output(all.state, group * width + output, own, group);
    }
    return all;
}

SumsByGroup sums_of_groups(const State& kind, std::span<const Pairs> outputs, std::ptrdiff_t rows, GroupNumbers groups,
                           std::size_t count);

// Of those that have rows, where most have none.
SumsByGroup sums_of_few_rows(const State& kind, std::span<const Pairs> outputs, std::ptrdiff_t rows,
                             GroupNumbers groups) {
    const NumberedKeys used = numbered(std::vector<std::uint64_t>(groups.begin(), groups.end()));
    SumsByGroup sums = sums_of_groups(kind, outputs, rows, used.numbers, used.keys.size());
    for (std::uint32_t& group : sums.groups) group = static_cast<std::uint32_t>(used.keys[group]);
    return sums;
}

bool are_few(std::ptrdiff_t rows, std::size_t count) {
    return static_cast<std::size_t>(rows) < count && rows <= rows_at_once(0);
}

SumsByGroup sums_of_groups(const State& kind, std::span<const Pairs> outputs, std::ptrdiff_t rows, GroupNumbers groups,
                           std::size_t count) {
    if (are_few(rows, count)) return sums_of_few_rows(kind, outputs, rows, groups);
    if (sums_grouped_moments_alone(kind)) return moments_of_groups(kind, outputs, rows, groups, count);
    if (rows <= rows_at_once(count)) return sums_by_group(kind, outputs, 0, groups, count);
    return sums_of_stretches(kind, outputs, rows, groups, count);
}

constexpr std::size_t rows_of_a_short_chunk = 131'072;

bool can_stay_open(const GroupedAccumulator& grouped, const Shape& shape) {
    if (!grouped.state || grouped.shape != shape || outputs_of(shape) != 1) return false;
    if (grouped.open) return true;
    return sums_grouped_moments_alone(*grouped.state) && has_room_for_open_rows(*grouped.state);
}

}  // namespace

SumsByGroup grouped_pass(const Configuration& configuration, std::span<const Pairs> outputs, std::ptrdiff_t rows,
                         GroupNumbers groups, std::size_t count) {
    const State kind = empty_state(configuration, 0, are_weighted(outputs[0]));
    SumsByGroup sums = sums_of_groups(kind, outputs, rows, groups, count);
    if (sums.weight_faults.has_nan) throw Refused(Reason::weight_is_nan);
    if (sums.weight_faults.has_infinite) throw Refused(Reason::weight_is_infinite);
    return sums;
}

const State* sums_of(GroupedAccumulator& grouped) {
    if (grouped.open) {
        grouped.open->close(*grouped.state);  // where memory runs out, it goes on another time
        grouped.open.reset();
    }
    return grouped.state ? &*grouped.state : nullptr;
}

bool add_short_chunk(GroupedAccumulator& grouped, const Pairs& pairs, std::ptrdiff_t rows, GroupNumbers groups,
                     const Shape& shape, std::size_t count) {
    const bool is_short = rows <= static_cast<std::ptrdiff_t>(std::max(rows_of_a_short_chunk, 2 * count));
    if (!is_short || !can_stay_open(grouped, shape) || are_weighted(pairs)) return false;
    const std::optional<PairCounts> counts = counts_of(pairs, rows);
    if (!counts || !lets_through(grouped.configuration->nan_policy, *counts)) return false;
    if (!grouped.open) grouped.open.emplace(*grouped.state);
    const std::size_t all = std::max(count, grouped.groups);
    grouped.open->add(*grouped.state, {&pairs, 1}, rows, groups, all, *counts);
    grouped.groups = all;
    return true;
}

void add(std::span<Accumulator* const> accumulators, const SumsByGroup& pass) {
    const FloatingPointEnvironment environment;
    if (accumulators.empty()) return;
    check_policy(accumulators[0]->configuration->nan_policy, pass.state);
    State next = empty_like(pass.state, pass.groups.size());
    for (std::size_t i = 0; i < pass.groups.size(); ++i) {
        Accumulator& accumulator = *accumulators[pass.groups[i]];
        const State* sums = sums_of(accumulator);
        if (sums != nullptr) {
            squarely::check_room(sums->counts[0], pass.state.counts[i], 0);
            set_output(next, i, *sums, 0);
        } else {
            accumulator.state = empty_like(next, 1);
            accumulator.shape.reserve(1);
        }
    }
    merge_outputs(next, pass.state, {.are_set_first = true});
    for (const std::uint32_t group : pass.groups) accumulators[group]->state->counts.make_room(next.counts);
    // From here on nothing asks for memory, and nothing is refused.
    for (std::size_t i = 0; i < pass.groups.size(); ++i) {
        Accumulator& accumulator = *accumulators[pass.groups[i]];
        move_output(*accumulator.state, 0, next, i);
        if (accumulator.shape.empty()) accumulator.shape.push_back(1);
        accumulator.has_seen = true;
    }
}

void add(GroupedAccumulator& grouped, std::vector<SumsByGroup>&& passes, const Shape& shape, std::size_t count) {
    (void)sums_of(grouped);
    std::vector<const State*> states;
    for (const SumsByGroup& pass : passes) {
        check_fits(grouped, shape, pass.state.weighted);
        states.push_back(&pass.state);
    }
    check_policy(grouped.configuration->nan_policy, states);
    const std::size_t width = outputs_of(shape);
    for (const SumsByGroup& pass : passes) {
        if (grouped.state) check_room(*grouped.state, pass.state, pass.groups, width);
    }
    std::erase_if(passes, [](const SumsByGroup& pass) { return pass.groups.empty(); });
    if (!passes.empty()) add_passes(grouped, passes, shape, count);
}

void merge(GroupedAccumulator& grouped, GroupedAccumulator& other, GroupNumbers numbers, std::size_t count) {
    check_same_configuration(grouped, other);
    if (sums_of(other) == nullptr) return;
    (void)sums_of(grouped);
    check_fits(grouped, other.shape, other.state->weighted);
    if (grouped.state) check_room(*grouped.state, *other.state, numbers, width_of(grouped));
    SumsByGroup all{{numbers.begin(), numbers.end()}, *other.state, {}};
    add_passes(grouped, {&all, 1}, other.shape, count);
}

void subtract(GroupedAccumulator& grouped, GroupedAccumulator& other, GroupNumbers numbers) {
    check_same_configuration(grouped, other);
    if (sums_of(other) == nullptr) return;
    (void)sums_of(grouped);
    if (!grouped.state) throw Refused(Reason::nothing_to_take_from);
    check_fits(grouped, other.shape, other.state->weighted);
    const std::size_t width = width_of(grouped);
    State own = empty_like(*grouped.state, numbers.size() * width);
    for_each_output(numbers, width,
                    [&](std::size_t output, std::size_t from) { set_output(own, from, *grouped.state, output); });
    subtract(own, *other.state);
    State rest = *grouped.state;  // an output may ask for memory
    for_each_output(numbers, width, [&](std::size_t output, std::size_t from) { set_output(rest, output, own, from); });
    grouped.state = std::move(rest);
}

GroupedAccumulator merged_groups(GroupedAccumulator& grouped, GroupNumbers numbers, std::size_t count) {
    GroupedAccumulator merged(grouped.configuration);
    if (sums_of(grouped) == nullptr) return merged;
    check_room_together(*grouped.state, numbers, width_of(grouped), count);
    merged.shape = grouped.shape;
    merged.groups = count;
    merged.state = empty_like(*grouped.state, count * width_of(grouped));
    merge_outputs(*merged.state, *grouped.state, places_of(numbers, width_of(grouped)));
    return merged;
}

Accumulator accumulator_of(GroupedAccumulator& grouped, std::size_t group) {
    Accumulator one(grouped.configuration);
    if (sums_of(grouped) == nullptr) return one;
    const std::size_t width = width_of(grouped);
    one.shape = grouped.shape;
    one.state = outputs_from(*grouped.state, group * width, width);
    one.has_seen = true;
    return one;
}

Accumulator accumulator_of(GroupedAccumulator& grouped) {
    Accumulator all(grouped.configuration);
    if (sums_of(grouped) == nullptr) return all;
    all.shape = grouped.shape;
    all.shape.insert(all.shape.begin(), grouped.groups);
    all.state = grouped.state;
    all.has_seen = true;
    return all;
}

GroupedAccumulator copy_of(GroupedAccumulator& grouped) {
    (void)sums_of(grouped);
    GroupedAccumulator copy(grouped.configuration);
    copy.shape = grouped.shape;
    copy.groups = grouped.groups;
    copy.state = grouped.state;
    return copy;
}

GroupedAccumulator grouped_from(Accumulator& accumulator) {
    GroupedAccumulator grouped(accumulator.configuration);
    const State* state = sums_of(accumulator);
    if (state == nullptr) return grouped;
    grouped.shape = Shape(accumulator.shape.begin() + 1, accumulator.shape.end());
    grouped.groups = accumulator.shape[0];
    grouped.state = *state;
    return grouped;
}

}  // namespace squarely
