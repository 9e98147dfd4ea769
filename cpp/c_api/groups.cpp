// Groups of squarely.h, and rows that come with a state each.
#include "accumulator/frame.hpp"
#include "accumulator/grouped.hpp"
#include "accumulator/waiting_rows.hpp"
#include "c_api/library.hpp"
#include "groups/gathered_pairs.hpp"
#include "groups/numbered_keys.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <mutex>
#include <numeric>
#include <utility>

struct squarely_groups {
    squarely_groups(squarely::GroupedAccumulator own, const squarely::MadeFor& made)
        : grouped(std::move(own)), made_for(made) {}

    mutable squarely::GroupedAccumulator grouped;
    squarely::MadeFor made_for;
    mutable std::mutex reading;
};

namespace squarely {
namespace {

// Many may read at once, and the first of them closes what short chunks have left open.
GroupedAccumulator& read(const squarely_groups& groups) {
    const std::lock_guard<std::mutex> lock(groups.reading);
    (void)sums_of(groups.grouped);
    return groups.grouped;
}

constexpr std::size_t most_groups = UINT32_MAX;  // what keys of Python may have

void check_group_count(std::size_t count, std::size_t outputs) {
    if (count > most_groups || count > std::numeric_limits<std::size_t>::max() / outputs) {
        throw std::length_error("There are more groups than numbers for them.");
    }
}

[[noreturn]] void refuse_number(std::size_t number, std::size_t count) {
    throw Failure(SQUARELY_INVALID_ARGUMENT, "There is no group " + std::to_string(number) + ": the groups are " +
                                                 std::to_string(count) + ", and their numbers are smaller.");
}

void check_group(const squarely_groups& groups, std::size_t group) {
    if (group >= groups.grouped.groups) refuse_number(group, groups.grouped.groups);
}

void check_numbers(GroupNumbers numbers, std::size_t count) {
    const std::uint32_t largest = numbers.empty() ? 0 : *std::max_element(numbers.begin(), numbers.end());
    if (!numbers.empty() && largest >= count) refuse_number(largest, count);
}

void check_are_different(GroupNumbers numbers, std::size_t count) {
    std::vector<bool> is_used(count);
    for (const std::uint32_t number : numbers) {
        if (is_used[number]) {
            throw Failure(SQUARELY_INVALID_ARGUMENT,
                          "Two of the other groups have the number " + std::to_string(number) + ". They must differ.");
        }
        is_used[number] = true;
    }
}

void check_alike(const squarely_groups& groups, const squarely_groups& other) {
    const Reason reason = difference_of(*groups.grouped.configuration, *other.grouped.configuration);
    if (reason != Reason::none) throw Refused(reason);
    check_made_alike(groups.made_for, other.made_for);
}

// So that groups exist which have no rows: the last of them has none.
SumsByGroup no_rows(const squarely_groups& groups, std::size_t count) {
    const MadeFor& made = groups.made_for;
    if (count <= groups.grouped.groups) return {{}, empty_state(*groups.grouped.configuration, 0, made.weighted), {}};
    return {{static_cast<std::uint32_t>(count - 1)},
            empty_state(*groups.grouped.configuration, made.outputs, made.weighted),
            {}};
}

Shape shape_of(const squarely_groups& groups) {
    return groups.grouped.shape.empty() ? Shape{groups.made_for.outputs} : groups.grouped.shape;
}

void add_sums(squarely_groups& groups, SumsByGroup&& sums, std::size_t count) {
    std::vector<SumsByGroup> passes;
    passes.push_back(std::move(sums));
    add(groups.grouped, std::move(passes), shape_of(groups), count);
}

void add_rows(squarely_groups& groups, const GivenOutputs& given, std::int64_t rows, GroupNumbers numbers,
              std::size_t count) {
    const std::size_t all = std::max(count, groups.grouped.groups);
    if (rows == 0) return add_sums(groups, no_rows(groups, all), all);
    const bool is_of_one = given.pairs.size() == 1;
    if (is_of_one && add_short_chunk(groups.grouped, given.pairs[0], rows, numbers, shape_of(groups), all)) return;
    const Configuration& configuration = *groups.grouped.configuration;
    naming_rows(given.pairs, rows, configuration.nan_policy,
                [&] { add_sums(groups, grouped_pass(configuration, given.pairs, rows, numbers, all), all); });
}

// The numbers of the other's groups here; the same where none are given.
std::vector<std::uint32_t> numbers_here(const squarely_groups& other, const std::uint32_t* numbers, std::size_t count) {
    std::vector<std::uint32_t> here(other.grouped.groups);
    if (numbers == nullptr) {
        std::iota(here.begin(), here.end(), 0U);
    } else {
        std::copy_n(numbers, here.size(), here.begin());
    }
    check_numbers(here, count);
    if (numbers != nullptr) check_are_different(here, count);
    return here;
}

void check_offsets(const std::int64_t* offsets, std::size_t count) {
    if (offsets[0] >= 0 && std::is_sorted(offsets, offsets + count + 1)) return;
    throw Failure(SQUARELY_INVALID_ARGUMENT,
                  "The offsets must not be negative, and none may be smaller than the one "
                  "before.");
}

std::vector<std::uint32_t> numbers_of_rows(const std::int64_t* offsets, std::size_t count, std::size_t first_group) {
    std::vector<std::uint32_t> numbers(static_cast<std::size_t>(offsets[count] - offsets[0]));
    for (std::size_t i = 0; i < count; ++i) {
        std::fill(numbers.begin() + (offsets[i] - offsets[0]), numbers.begin() + (offsets[i + 1] - offsets[0]),
                  static_cast<std::uint32_t>(first_group + i));
    }
    return numbers;
}

// One without rows is as it was created.
squarely_state* state_of(const squarely_groups& groups, Accumulator&& accumulator) {
    const auto has_rows = [](const PairCounts& counts) { return rows_of(counts) > 0; };
    const State* sums = sums_of(accumulator);
    if (sums != nullptr && std::none_of(sums->counts.begin(), sums->counts.end(), has_rows)) reset(accumulator);
    return new squarely_state(std::move(accumulator), groups.made_for);
}

Accumulator overall(GroupedAccumulator& grouped) {
    const std::vector<std::uint32_t> zeros(grouped.groups);
    GroupedAccumulator one = merged_groups(grouped, zeros, 1);
    return accumulator_of(one, 0);
}

// Those of the rows, each once, and for every row the index of its own.
struct StatesOfRows {
    std::vector<Accumulator*> accumulators;
    std::vector<std::uint32_t> numbers;
};

void check_can_stand_beside(const squarely_state& state, const squarely_state& first) {
    check_same_configuration(state.accumulator, first.accumulator);
    check_made_alike(state.made_for, first.made_for);
    if (state.made_for.skips_nulls != first.made_for.skips_nulls) throw Refused(Reason::nan_policies_differ);
}

StatesOfRows states_of_rows(squarely_state* const* states, std::int64_t rows) {
    std::vector<std::uint64_t> addresses(static_cast<std::size_t>(rows));
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        check_not_null(states[i], "states[i]");
        addresses[i] = reinterpret_cast<std::uintptr_t>(states[i]);
    }
    NumberedKeys found = numbered(addresses);
    StatesOfRows own{{}, std::move(found.numbers)};
    for (const std::uint64_t address : found.keys) {
        auto* const state = reinterpret_cast<squarely_state*>(static_cast<std::uintptr_t>(address));
        check_can_stand_beside(*state, *states[0]);
        own.accumulators.push_back(&state->accumulator);
    }
    return own;
}

// Rows that wait take memory. A long chunk is summed state by state, but where they have few rows each: to join sums
// takes longer than these.
constexpr std::int64_t rows_of_a_short_chunk = 16'384;
constexpr std::size_t few_rows = 64;

std::vector<Accumulator*> accumulators_of_rows(squarely_state* const* states, std::int64_t rows) {
    std::vector<Accumulator*> own(static_cast<std::size_t>(rows));
    for (std::size_t i = 0; i < own.size(); ++i) {
        check_not_null(states[i], "states[i]");
        check_can_stand_beside(*states[i], *states[0]);
        own[i] = &states[i]->accumulator;
    }
    return own;
}

}  // namespace
}  // namespace squarely

using namespace squarely;

squarely_status squarely_states_update(squarely_state* const* states, const squarely_pairs* pairs,
                                       const squarely_column* weights, int64_t rows, squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(pairs, "pairs");
        check_rows(rows);
        if (rows == 0) return;
        check_not_null(states, "states");
        check_not_null(states[0], "states[i]");
        const GivenOutputs given = given_outputs(states[0]->made_for, pairs, 1, {weights, 1}, rows);
        const auto add_to_each = [&] { return add_rows_to_each(accumulators_of_rows(states, rows), given.pairs[0]); };
        if (rows <= rows_of_a_short_chunk && add_to_each()) return;
        const StatesOfRows own = states_of_rows(states, rows);
        const bool is_long = rows > rows_of_a_short_chunk;
        if (is_long && static_cast<std::size_t>(rows) / few_rows < own.accumulators.size() && add_to_each()) return;
        const Configuration& configuration = *own.accumulators[0]->configuration;
        naming_rows(given.pairs, rows, configuration.nan_policy, [&] {
            add(own.accumulators, grouped_pass(configuration, given.pairs, rows, own.numbers, own.accumulators.size()));
        });
    });
}

squarely_status squarely_groups_create(const squarely_state_options* options, squarely_groups** groups,
                                       squarely_error* error) {
    if (groups != nullptr) *groups = nullptr;
    return guarded(error, [&] {
        check_not_null(options, "options");
        check_not_null(groups, "groups");
        check_settings();
        const squarely_state_options asked = known_options(options);
        *groups = new squarely_groups(GroupedAccumulator(configuration_asked(asked)), made_for(asked));
    });
}

squarely_status squarely_groups_copy(const squarely_groups* groups, squarely_groups** copy, squarely_error* error) {
    if (copy != nullptr) *copy = nullptr;
    return guarded(error, [&] {
        check_not_null(groups, "groups");
        check_not_null(copy, "copy");
        *copy = new squarely_groups(copy_of(read(*groups)), groups->made_for);
    });
}

void squarely_groups_free(squarely_groups* groups) { delete groups; }

squarely_status squarely_groups_update(squarely_groups* groups, const squarely_pairs* pairs, size_t output_count,
                                       const squarely_column* weights, const uint32_t* numbers, size_t group_count,
                                       int64_t rows, squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(groups, "groups");
        check_not_null(pairs, "pairs");
        const GivenOutputs given = given_outputs(groups->made_for, pairs, output_count, {weights, 1}, rows);
        if (rows > 0) check_not_null(numbers, "numbers");
        check_group_count(group_count, output_count);
        const GroupNumbers of_rows(numbers, static_cast<std::size_t>(rows));
        check_numbers(of_rows, group_count);
        add_rows(*groups, given, rows, of_rows, group_count);
    });
}

squarely_status squarely_groups_update_sorted(squarely_groups* groups, const squarely_pairs* pairs, size_t output_count,
                                              const squarely_column* weights, size_t first_group,
                                              const int64_t* offsets, size_t list_count, squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(groups, "groups");
        check_not_null(pairs, "pairs");
        check_not_null(offsets, "offsets");
        check_group_count(list_count, 1);
        check_offsets(offsets, list_count);
        GivenOutputs given = given_outputs(groups->made_for, pairs, output_count, {weights, 1}, offsets[list_count]);
        check_group_count(first_group, 1);
        check_group_count(first_group + list_count, output_count);
        for (Pairs& one : given.pairs) one = pairs_from(one, offsets[0]);
        const std::vector<std::uint32_t> numbers = numbers_of_rows(offsets, list_count, first_group);
        add_rows(*groups, given, static_cast<std::int64_t>(numbers.size()), numbers, first_group + list_count);
    });
}

squarely_status squarely_groups_merge(squarely_groups* groups, const squarely_groups* other, const uint32_t* numbers,
                                      size_t group_count, squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(groups, "groups");
        check_not_null(other, "other");
        check_alike(*groups, *other);
        check_group_count(group_count, groups->made_for.outputs);
        const std::vector<std::uint32_t> here = numbers_here(*other, numbers, group_count);
        const std::size_t all = std::max(group_count, groups->grouped.groups);
        if (!other->grouped.state) return add_sums(*groups, no_rows(*groups, all), all);
        merge(groups->grouped, read(*other), here, all);
    });
}

squarely_status squarely_groups_subtract(squarely_groups* groups, const squarely_groups* other, const uint32_t* numbers,
                                         squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(groups, "groups");
        check_not_null(other, "other");
        check_alike(*groups, *other);
        subtract(groups->grouped, read(*other), numbers_here(*other, numbers, groups->grouped.groups));
    });
}

size_t squarely_groups_count(const squarely_groups* groups) { return groups == nullptr ? 0 : groups->grouped.groups; }

squarely_status squarely_groups_counts(const squarely_groups* groups, size_t group, size_t output,
                                       squarely_counts* counts, squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(groups, "groups");
        check_not_null(counts, "counts");
        check_group(*groups, group);
        check_output(groups->made_for, output);
        write_counts(counts, read(*groups).state->counts[group * groups->made_for.outputs + output]);
    });
}

squarely_status squarely_groups_values(const squarely_groups* groups, const char* metric, const double* parameter,
                                       size_t output, double* values, squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(groups, "groups");
        check_output(groups->made_for, output);
        const GroupedAccumulator& grouped = read(*groups);
        const AskedMetric found = asked_of(*grouped.configuration, metric, parameter);
        if (grouped.groups > 0) check_not_null(values, "values");
        for (std::size_t group = 0; group < grouped.groups; ++group) {
            const std::size_t place = group * groups->made_for.outputs + output;
            values[group] = found_of(*grouped.configuration, *grouped.state, place, found).value;
        }
    });
}

squarely_status squarely_groups_state(const squarely_groups* groups, size_t group, squarely_state** state,
                                      squarely_error* error) {
    if (state != nullptr) *state = nullptr;
    return guarded(error, [&] {
        check_not_null(groups, "groups");
        check_not_null(state, "state");
        check_group(*groups, group);
        *state = state_of(*groups, accumulator_of(read(*groups), group));
    });
}

squarely_status squarely_groups_overall(const squarely_groups* groups, squarely_state** state, squarely_error* error) {
    if (state != nullptr) *state = nullptr;
    return guarded(error, [&] {
        check_not_null(groups, "groups");
        check_not_null(state, "state");
        *state = state_of(*groups, overall(read(*groups)));
    });
}

squarely_status squarely_groups_to_bytes(const squarely_groups* groups, void* buffer, size_t capacity, size_t* size,
                                         squarely_error* error) {
    if (size != nullptr) *size = 0;
    return guarded(error, [&] {
        check_not_null(groups, "groups");
        check_not_null(size, "size");
        Accumulator all = accumulator_of(read(*groups));
        write_bytes(to_bytes(all), buffer, capacity, size);
    });
}

squarely_status squarely_groups_from_bytes(const void* bytes, size_t size, squarely_groups** groups,
                                           squarely_error* error) {
    if (groups != nullptr) *groups = nullptr;
    return guarded(error, [&] {
        check_not_null(bytes, "bytes");
        check_not_null(groups, "groups");
        check_settings();
        Accumulator read = from_bytes({static_cast<const unsigned char*>(bytes), size});
        if (read.shape.size() == 1) {
            throw Failure(SQUARELY_DAMAGED,
                          "These bytes are those of a state, not of groups, whose outputs have two "
                          "axes or more.");
        }
        GroupedAccumulator grouped = grouped_from(read);
        const MadeFor made{outputs_of(grouped.shape), grouped.state && grouped.state->weighted};
        *groups = new squarely_groups(std::move(grouped), made);
    });
}

squarely_status squarely_groups_digest(const squarely_groups* groups, char digest[65], squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(groups, "groups");
        check_not_null(digest, "digest");
        Accumulator all = accumulator_of(read(*groups));
        std::memcpy(digest, squarely::digest(all).c_str(), 65);
    });
}
