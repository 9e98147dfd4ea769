// States of squarely.h: what Python's Accumulator does, for compiled code.
#include "c_api/library.hpp"

#include "accumulator/frame.hpp"
#include "accumulator/scores.hpp"
#include "accumulator/waiting_rows.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>

namespace squarely {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// Of states that have seen nothing, too.
void check_same_kind(const squarely_state& state, const squarely_state& other) {
    check_same_configuration(state.accumulator, other.accumulator);
    if (state.made_for.is_known && other.made_for.is_known) check_made_alike(state.made_for, other.made_for);
}

// What a state has seen, for who may read it. Only what was open is finished by that.
class Reading {
  public:
    explicit Reading(const squarely_state& state) : state_(const_cast<squarely_state&>(state)), lock_(state_.reading) {}
    Accumulator& accumulator() { return state_.accumulator; }

  private:
    squarely_state& state_;
    std::lock_guard<std::mutex> lock_;
};

void add_given(squarely_state& state, const GivenOutputs& given, std::int64_t rows) {
    Accumulator& accumulator = state.accumulator;
    const bool is_of_one = given.pairs.size() == 1;
    if (is_of_one && rows <= rows_that_wait && add_few_rows(accumulator, given.pairs[0], rows)) return;
    if (is_of_one && add_short_chunk(accumulator, given.pairs[0], rows)) return;
    const Shape shape = accumulator.shape.empty() ? Shape{state.made_for.outputs} : accumulator.shape;
    const Configuration& configuration = *accumulator.configuration;
    naming_rows(given.pairs, rows, configuration.nan_policy,
                [&] { add(accumulator, pass_over(configuration, given.pairs, rows), shape); });
}

void update_state(squarely_state& state, const squarely_pairs* pairs, std::size_t output_count,
                  const GivenWeights& weights, std::int64_t rows) {
    const GivenOutputs given = given_outputs(state.made_for, pairs, output_count, weights, rows);
    if (rows == 0) return;
    add_given(state, given, rows);
    state.made_for.is_known = true;
}

}  // namespace

Found found_of(const Configuration& configuration, const State& state, std::size_t output, const AskedMetric& asked) {
    const PairCounts counts = state.counts[output];
    const bool propagates = configuration.nan_policy == NanPolicy::propagate;
    if (propagates && counts.missing_true + counts.missing_pred > 0) return {};
    const Reason reason = why_no_value(state, output, asked);
    if (reason != Reason::none) return {reason};
    const double value = value_of(*asked.metric, state, output, asked.parameter);
    const bool is_let_through = propagates && counts.infinite + counts.undefined > 0;
    return {std::isnan(value) && !is_let_through ? Reason::zero_by_zero : Reason::none, value};
}

double value_or_failure(Accumulator& accumulator, const AskedMetric& asked, std::size_t output) {
    const State* sums = sums_of(accumulator);
    const Found found =
        sums == nullptr ? Found{Reason::no_pairs} : found_of(*accumulator.configuration, *sums, output, asked);
    if (found.reason == Reason::none) return found.value;
    const Failure why = failure_of({found.reason, output});
    throw Failure(why.status, "The metric " + std::string(asked.metric->name) + " has no value for output " +
                                  std::to_string(output) + ": " + why.what() + ".");
}

namespace {

void check_has_sums_of(const Configuration& configuration, const AskedMetric& asked) {
    for (const Summand& summand : asked.metric->summands(asked.parameter)) {
        if (has_summand(configuration, summand)) continue;
        throw Failure(SQUARELY_INVALID_ARGUMENT, "The state has no sums of the metric " +
                                                     std::string(asked.metric->name) +
                                                     ". Name it in the options of squarely_state_create.");
    }
}

std::string with_parameter(const AskedMetric& one) {
    char value[32];
    std::snprintf(value, sizeof value, "%.15g", one.parameter);
    return std::string(one.metric->name) + "(" + std::string(one.metric->parameter->name) + "=" + value + ")";
}

// Who created a state with a parameter and asks without would be told the value of another, the default.
void check_is_not_of_another_parameter(const Configuration& configuration, const AskedMetric& asked) {
    std::string others;
    for (const AskedMetric& one : configuration.metrics) {
        if (one == asked) return;
        if (one.metric == asked.metric) others += (others.empty() ? "" : ", ") + with_parameter(one);
    }
    if (others.empty()) return;
    throw Failure(SQUARELY_INVALID_ARGUMENT, "The state was not created with " + with_parameter(asked) +
                                                 ", the default, but with " + others + ". Pass the parameter.");
}

}  // namespace

AskedMetric asked_of(const Configuration& configuration, const char* name, const double* parameter) {
    const AskedMetric found = asked(name, parameter);
    if (parameter == nullptr) check_is_not_of_another_parameter(configuration, found);
    check_has_sums_of(configuration, found);
    return found;
}

}  // namespace squarely

using namespace squarely;

squarely_status squarely_state_create(const squarely_state_options* options, squarely_state** state,
                                      squarely_error* error) {
    if (state != nullptr) *state = nullptr;
    return guarded(error, [&] {
        check_not_null(options, "options");
        check_not_null(state, "state");
        check_settings();
        const squarely_state_options asked = known_options(options);
        *state = new squarely_state(Accumulator(configuration_asked(asked)), made_for(asked));
    });
}

squarely_status squarely_state_copy(const squarely_state* state, squarely_state** copy, squarely_error* error) {
    if (copy != nullptr) *copy = nullptr;
    return guarded(error, [&] {
        check_not_null(state, "state");
        check_not_null(copy, "copy");
        Reading seen(*state);
        *copy = new squarely_state(copy_of(seen.accumulator()), state->made_for);
    });
}

void squarely_state_free(squarely_state* state) { delete state; }

squarely_status squarely_state_update(squarely_state* state, const squarely_pairs* pairs, size_t output_count,
                                      const squarely_column* weights, int64_t rows, squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(state, "state");
        check_not_null(pairs, "pairs");
        update_state(*state, pairs, output_count, {weights, 1}, rows);
    });
}

squarely_status squarely_state_update_weighted(squarely_state* state, const squarely_pairs* pairs, size_t output_count,
                                               const squarely_column* weights, size_t weight_count, int64_t rows,
                                               squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(state, "state");
        check_not_null(pairs, "pairs");
        check_not_null(weights, "weights");
        update_state(*state, pairs, output_count, {weights, weight_count}, rows);
    });
}

squarely_status squarely_state_merge(squarely_state* state, const squarely_state* other, squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(state, "state");
        check_not_null(other, "other");
        check_same_kind(*state, *other);
        Reading seen(*other);
        merge(state->accumulator, seen.accumulator());
        MadeFor& made = state->made_for;
        if (made.is_known) return;
        const bool skips_nulls = made.skips_nulls;
        made = other->made_for;
        made.skips_nulls = skips_nulls;
    });
}

squarely_status squarely_state_subtract(squarely_state* state, const squarely_state* other, squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(state, "state");
        check_not_null(other, "other");
        check_same_kind(*state, *other);
        Reading seen(*other);
        subtract(state->accumulator, seen.accumulator());
    });
}

squarely_status squarely_state_reset(squarely_state* state, squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(state, "state");
        reset(state->accumulator);
    });
}

size_t squarely_state_outputs(const squarely_state* state) { return state == nullptr ? 0 : state->made_for.outputs; }

squarely_status squarely_state_counts(const squarely_state* state, size_t output, squarely_counts* counts,
                                      squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(state, "state");
        check_not_null(counts, "counts");
        check_output(state->made_for, output);
        Reading seen(*state);
        const State* sums = sums_of(seen.accumulator());
        write_counts(counts, sums == nullptr ? PairCounts{} : sums->counts[output]);
    });
}

squarely_status squarely_state_value(const squarely_state* state, const char* metric, const double* parameter,
                                     size_t output, double* value, squarely_error* error) {
    if (value != nullptr) *value = not_a_number;
    return guarded(error, [&] {
        check_not_null(state, "state");
        check_not_null(value, "value");
        check_output(state->made_for, output);
        const AskedMetric found = asked_of(*state->accumulator.configuration, metric, parameter);
        Reading seen(*state);
        *value = value_or_failure(seen.accumulator(), found, output);
    });
}

squarely_status squarely_state_to_bytes(const squarely_state* state, void* buffer, size_t capacity, size_t* size,
                                        squarely_error* error) {
    if (size != nullptr) *size = 0;
    return guarded(error, [&] {
        check_not_null(state, "state");
        check_not_null(size, "size");
        write_bytes(to_bytes(Reading(*state).accumulator()), buffer, capacity, size);
    });
}

squarely_status squarely_state_from_bytes(const void* bytes, size_t size, squarely_state** state,
                                          squarely_error* error) {
    if (state != nullptr) *state = nullptr;
    return guarded(error, [&] {
        check_not_null(bytes, "bytes");
        check_not_null(state, "state");
        check_settings();
        Accumulator read = from_bytes({static_cast<const unsigned char*>(bytes), size});
        const std::size_t averaged = read.configuration->output_weights.size();
        const std::size_t outputs = read.shape.empty() && averaged > 0 ? averaged : outputs_of(read.shape);
        const bool weighted = read.state && read.state->weighted;
        const bool is_known = read.has_seen;
        *state = new squarely_state(std::move(read), MadeFor{outputs, weighted, false, is_known});
    });
}

squarely_status squarely_state_digest(const squarely_state* state, char digest[65], squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(state, "state");
        check_not_null(digest, "digest");
        const std::string hexadecimal = squarely::digest(Reading(*state).accumulator());
        std::memcpy(digest, hexadecimal.c_str(), 65);
    });
}
