#include "accumulator/accumulator.hpp"

#include "accumulator/waiting_rows.hpp"
#include "machine/targets.hpp"

#include <functional>
#include <numeric>

namespace squarely {
namespace {

// A chunk of no more rows is added in the time it takes to make a state of its own.
constexpr std::ptrdiff_t rows_of_a_short_chunk = 16384;

// Tables of counts by size take as long to make and to read as to count these.
constexpr std::ptrdiff_t rows_of_a_short_counted_chunk = 131072;

void check_outputs(const Accumulator& accumulator, const Shape& shape) {
    if (!accumulator.shape.empty() && accumulator.shape != shape) throw Refused(Reason::outputs_differ);
    check_output_weights(*accumulator.configuration, outputs_of(shape));
}

void check_weighting(const Accumulator& accumulator, bool weighted) {
    if (accumulator.state && accumulator.state->weighted != weighted) throw Refused(Reason::weighting_differs);
}

bool can_stay_open(const Accumulator& accumulator) {
    const Configuration& configuration = *accumulator.configuration;
    return configuration.summation == Summation::exact && !configuration.complex_values &&
           accumulator.shape.size() == 1 && accumulator.shape[0] == 1 && accumulator.has_seen &&
           has_room_for_open_rows(*accumulator.state);
}

bool can_outputs_stay_open(const Accumulator& accumulator, const Shape& shape) {
    const Configuration& configuration = *accumulator.configuration;
    if (configuration.complex_values || configuration.averaging == Averaging::weights) return false;
    if (!accumulator.has_seen) return sums_grouped_moments_alone(empty_state(configuration, 0, false));
    if (accumulator.shape != shape || accumulator.state->weighted) return false;
    if (accumulator.open_outputs) return true;
    return sums_grouped_moments_alone(*accumulator.state) && has_room_for_open_rows(*accumulator.state);
}

bool has_rows(const State& state) {
    return std::any_of(state.counts.begin(), state.counts.end(),
                       [](const auto& counts) { return rows_of(counts) > 0; });
}

}  // namespace

bool has_room_for_open_rows(const State& state) {
    constexpr std::uint64_t most_rows = std::uint64_t{1} << 62;
    return std::all_of(state.counts.begin(), state.counts.end(),
                       [](const PairCounts& counts) { return rows_of(counts) <= most_rows; });
}

std::size_t outputs_of(std::span<const std::size_t> shape) {
    return std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>());
}

const State* sums_of(Accumulator& accumulator) {
    sum_waiting_rows(accumulator);
    if (accumulator.open) close(*accumulator.open, *accumulator.state);
    if (accumulator.open_outputs) {
        accumulator.open_outputs->moments.close(*accumulator.state);
        accumulator.open_outputs.reset();
    }
    return accumulator.state && accumulator.has_seen ? &*accumulator.state : nullptr;
}

State pass_over(const Configuration& configuration, std::span<const Pairs> outputs, std::ptrdiff_t rows) {
    State sums = empty_state(configuration, outputs.size(), are_weighted(outputs[0]));
    const WeightFaults faults = update(sums, outputs, rows);
    if (faults.has_nan) throw Refused(Reason::weight_is_nan);
    if (faults.has_infinite) throw Refused(Reason::weight_is_infinite);
    return sums;
}

void add(Accumulator& accumulator, State&& sums, const Shape& shape) {
    check_outputs(accumulator, shape);
    check_weighting(accumulator, sums.weighted);
    check_policy(accumulator.configuration->nan_policy, sums);
    if (!has_rows(sums)) return;
    Shape own = shape;
    if (accumulator.has_seen) {
        merge(*accumulator.state, sums);
    } else {
        // A sum that rounds is not joined with nothing: the bits are those of the chunk.
        accumulator.state = std::move(sums);
    }
    accumulator.shape = std::move(own);
    accumulator.has_seen = true;
}

bool add_short_chunk(Accumulator& accumulator, const Pairs& pairs, std::ptrdiff_t rows) {
    if (rows > rows_of_a_short_counted_chunk || !can_stay_open(accumulator)) return false;
    if (rows > rows_of_a_short_chunk && !has_counts_by_size(*accumulator.state)) return false;
    if (are_weighted(pairs) != accumulator.state->weighted) return false;
    if (rows <= rows_that_wait && add_few_rows(accumulator, pairs, rows)) return true;
    if (!accumulator.open) {
        accumulator.open =
            std::make_unique<OpenSums>(open_sums(*accumulator.state, accumulator.configuration->nan_policy));
    }
    if (add_chunk(*accumulator.open, pairs, rows)) return true;
    // Lanes of another target than the current one are finished first.
    if (accumulator.open->kernels != nullptr && accumulator.open->kernels != current_target().kernels) {
        close(*accumulator.open, *accumulator.state);
        return add_chunk(*accumulator.open, pairs, rows);
    }
    return false;
}

OpenOutputs::OpenOutputs(const State& state) : moments(state), groups(state.counts.size()) {
    std::iota(groups.begin(), groups.end(), 0U);
}

bool add_wide_rows(Accumulator& accumulator, std::span<const Pairs> rows, const Shape& shape) {
    if (!can_outputs_stay_open(accumulator, shape)) return false;
    const std::size_t outputs = outputs_of(shape);
    PairCounts all;
    for (const Pairs& row : rows) {
        const std::optional<PairCounts> counts = counts_of(row, static_cast<std::ptrdiff_t>(outputs));
        if (!counts || !lets_through(accumulator.configuration->nan_policy, *counts)) return false;
        add(all, *counts);
    }
    Accumulator first(accumulator.configuration);
    if (!accumulator.has_seen) {
        first.state = empty_state(*accumulator.configuration, outputs, false);
        first.shape = shape;
        first.has_seen = true;
    }
    Accumulator& own = accumulator.has_seen ? accumulator : first;
    if (!own.open_outputs) own.open_outputs.emplace(*own.state);
    OpenOutputs& open = *own.open_outputs;
    open.moments.add(*own.state, rows, static_cast<std::ptrdiff_t>(outputs), open.groups, outputs, all);
    if (!accumulator.has_seen) accumulator = std::move(first);
    return true;
}

void check_same_configuration(const Accumulator& accumulator, const Accumulator& other) {
    const Reason reason = difference_of(*accumulator.configuration, *other.configuration);
    if (reason != Reason::none) throw Refused(reason);
}

void merge(Accumulator& accumulator, Accumulator& other) {
    check_same_configuration(accumulator, other);
    const State* theirs = sums_of(other);
    if (theirs == nullptr) return;
    check_outputs(accumulator, other.shape);
    check_weighting(accumulator, theirs->weighted);
    Shape shape = other.shape;
    if (sums_of(accumulator) == nullptr) {
        accumulator.state = State(*theirs);
    } else if (&accumulator == &other) {
        merge(*accumulator.state, State(*theirs));
    } else {
        merge(*accumulator.state, *theirs);
    }
    accumulator.shape = std::move(shape);
    accumulator.has_seen = true;
}

void subtract(Accumulator& accumulator, Accumulator& other) {
    check_same_configuration(accumulator, other);
    const State* theirs = sums_of(other);
    if (theirs == nullptr) return;
    if (sums_of(accumulator) == nullptr) throw Refused(Reason::nothing_to_take_from);
    check_outputs(accumulator, other.shape);
    check_weighting(accumulator, theirs->weighted);
    subtract(*accumulator.state, *theirs);
}

void reset(Accumulator& accumulator) { accumulator = Accumulator(accumulator.configuration); }

Accumulator copy_of(Accumulator& accumulator) {
    (void)sums_of(accumulator);
    return copy_of_closed(accumulator);
}

Accumulator copy_of_closed(const Accumulator& accumulator) {
    Accumulator copy(accumulator.configuration);
    copy.shape = accumulator.shape;
    copy.state = accumulator.state;
    copy.has_seen = accumulator.has_seen;
    return copy;
}

}  // namespace squarely
