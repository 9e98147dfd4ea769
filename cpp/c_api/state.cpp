// States of squarely.h: what Python's Accumulator does, for compiled code.
#include "c_api/library.hpp"

#include "accumulator/sha256.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <memory>

namespace squarely {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

void check_finite(const State& state, squarely_nan_policy policy) {
    if (policy == SQUARELY_NAN_PROPAGATE) return;
    for (const PairCounts& counts : state.counts) {
        const bool refuses_truth = policy == SQUARELY_NAN_RAISE && counts.missing_true > 0;
        const bool refuses_prediction = policy != SQUARELY_NAN_OMIT && counts.missing_pred > 0;
        if (refuses_truth || refuses_prediction) {
            throw Failure(SQUARELY_NOT_FINITE, "The data contain NaN: " + std::to_string(counts.missing_true) +
                                                   " values of y_true and, where y_true is a number, " +
                                                   std::to_string(counts.missing_pred) +
                                                   " of y_pred are NaN or missing, which the NaN policy refuses.");
        }
        if (counts.infinite + counts.undefined > 0) {
            throw Failure(SQUARELY_NOT_FINITE, "The data contain infinities in " +
                                                   std::to_string(counts.infinite + counts.undefined) +
                                                   " pairs. Only SQUARELY_NAN_PROPAGATE lets them through.");
        }
    }
}

// Every name that says nothing about fewer than two pairs.
bool needs_two_pairs(std::string_view name) {
    constexpr std::string_view names[] = {"r2_score",
                                          "d2_tweedie_score",
                                          "pearson_correlation",
                                          "concordance_correlation",
                                          "nash_sutcliffe_efficiency",
                                          "kling_gupta_efficiency"};
    return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

double weight_of(const State& state, std::size_t output) {
    const Sums& weights = *find(state, {Term::sample_weight});
    return weights.exact.empty() ? weights.rounded[output].high : to_double(weights.exact[output]);
}

bool is_outside(const State& state, const std::vector<Summand>& summands, std::size_t output) {
    return std::any_of(summands.begin(), summands.end(), [&](const Summand& summand) {
        const Sums* sums = find(state, summand);
        return !sums->counted.empty() && sums->counted[output].outside > 0;
    });
}

// Why a metric has no value, or null.
const char* reason_of_none(const squarely_state& state, const Metric& metric, const std::vector<Summand>& summands,
                           std::size_t output) {
    const PairCounts& counts = state.sums.counts[output];
    if (counts.pairs == 0) return "there is no pair of two numbers";
    if (is_outside(state.sums, summands, output)) return "some numbers are outside its domain";
    if (needs_two_pairs(metric.name) && counts.pairs < 2) return "it needs two pairs";
    if (state.sums.weighted && weight_of(state.sums, output) == 0) return "the weights sum to zero";
    return nullptr;
}

void check_output(const squarely_state& state, std::size_t output) {
    if (output < state.sums.counts.size()) return;
    throw Failure(SQUARELY_INVALID_ARGUMENT, "There is no output " + std::to_string(output) + ": the state has " +
                                                 std::to_string(state.sums.counts.size()) + ".");
}

// Structures that may grow. A caller's may be older than this library, from the first size on, or newer.
constexpr std::size_t first_options_size = 4 * sizeof(void*) + 4 * sizeof(std::int32_t);
constexpr std::size_t first_counts_size = sizeof(std::size_t) + 6 * sizeof(std::uint64_t);
static_assert(sizeof(void*) != 8 || (first_options_size == 48 && first_counts_size == 56));

// What no structure will ever have: a size that was never set is not read from.
constexpr std::size_t most_size = 4096;

void check_size(std::size_t size, const std::string& name, std::size_t least) {
    if (size >= least && size <= most_size) return;
    throw Failure(SQUARELY_INVALID_ARGUMENT, "The member struct_size of " + name + " must be sizeof(" + name +
                                                 "), at least " + std::to_string(least) + ". Got " +
                                                 std::to_string(size) + ".");
}

// Members the caller's header has not are zero. Those this library has not must be: what they ask for is not known.
squarely_state_options known_options(const squarely_state_options* given) {
    const std::size_t size = given->struct_size;
    check_size(size, "squarely_state_options", first_options_size);
    squarely_state_options known{};
    std::memcpy(&known, given, std::min(size, sizeof known));
    const auto* bytes = reinterpret_cast<const unsigned char*>(given);
    const bool is_known =
        std::all_of(bytes + std::min(size, sizeof known), bytes + size, [](unsigned char byte) { return byte == 0; });
    if (is_known && known.unused == 0) return known;
    throw Failure(SQUARELY_INVALID_ARGUMENT, "The options ask for something that squarely " SQUARELY_VERSION
                                             " does not know. Set the members it does not have to zero.");
}

void write_counts(squarely_counts* counts, const PairCounts& own) {
    const std::size_t size = counts->struct_size;
    check_size(size, "squarely_counts", first_counts_size);
    const squarely_counts known = {
        size, own.pairs, own.infinite, own.undefined, own.missing_true, own.missing_pred, own.masked};
    std::memset(counts, 0, size);
    std::memcpy(counts, &known, std::min(size, sizeof known));
}

std::vector<squarely_state::Asked> metrics_asked(const squarely_metric* metrics, std::size_t count) {
    constexpr squarely_metric of_squares[] = {
        {"mean_squared_error", nullptr}, {"root_mean_squared_error", nullptr}, {"sum_squared_error", nullptr}};
    if (count == 0) return metrics_asked(of_squares, std::size(of_squares));
    check_not_null(metrics, "options->metrics");
    std::vector<squarely_state::Asked> asked;
    for (std::size_t i = 0; i < count; ++i) {
        const Metric& metric = metric_asked(metrics[i].name);
        const squarely_state::Asked one{&metric, parameter_asked(metric, metrics[i].parameter)};
        if (std::find(asked.begin(), asked.end(), one) == asked.end()) asked.push_back(one);
    }
    return asked;
}

squarely_state created(const squarely_state_options& options) {
    check_policy(options.nan_policy);
    if (options.outputs == 0) throw Failure(SQUARELY_INVALID_ARGUMENT, "The state must have 1 output or more.");
    if (options.summation < SQUARELY_EXACT || options.summation > SQUARELY_PAIRWISE) {
        throw Failure(SQUARELY_INVALID_ARGUMENT,
                      "The summation must be SQUARELY_EXACT, SQUARELY_KAHAN or "
                      "SQUARELY_PAIRWISE. Got " +
                          std::to_string(options.summation) + ".");
    }
    if (options.weighted != 0 && options.weighted != 1) {
        throw Failure(SQUARELY_INVALID_ARGUMENT,
                      "The member weighted must be 0 or 1. Got " + std::to_string(options.weighted) + ".");
    }
    return new_state(options.outputs, static_cast<Summation>(options.summation),
                     metrics_asked(options.metrics, options.metric_count), options.weighted != 0, options.nan_policy);
}

void check_same_configuration(const squarely_state& state, const squarely_state& other) {
    if (state.nan_policy != other.nan_policy) throw Failure(SQUARELY_MISMATCH, "The states differ in the NaN policy.");
    if (state.metrics != other.metrics) throw Failure(SQUARELY_MISMATCH, "The states differ in their metrics.");
}

}  // namespace

void check_policy(squarely_nan_policy policy) {
    if (policy >= SQUARELY_NAN_RAISE && policy <= SQUARELY_NAN_OMIT_TRUE) return;
    throw Failure(SQUARELY_INVALID_ARGUMENT,
                  "The NaN policy must be one of squarely_nan_policy. Got " + std::to_string(policy) + ".");
}

void check_rows(std::int64_t rows) {
    if (rows >= 0) return;
    throw Failure(SQUARELY_INVALID_ARGUMENT,
                  "The number of rows must not be negative. Got " + std::to_string(rows) + ".");
}

Column checked_column(const squarely_column& column, std::int64_t rows, const std::string& argument) {
    if (rows > 0) check_not_null(column.data, (argument + ".data").c_str());
    if (column.dtype < 0 || column.dtype >= dtype_count) {
        throw Failure(SQUARELY_INVALID_ARGUMENT, "The dtype of " + argument + " must be one of squarely_dtype. Got " +
                                                     std::to_string(column.dtype) + ".");
    }
    if (column.swapped != 0 && column.swapped != 1) {
        throw Failure(SQUARELY_INVALID_ARGUMENT, "The member swapped of " + argument + " must be 0 or 1. Got " +
                                                     std::to_string(column.swapped) + ".");
    }
    if (column.validity_offset < 0 || (column.validity != nullptr && column.missing != nullptr)) {
        throw Failure(
            SQUARELY_INVALID_ARGUMENT,
            "What is missing of " + argument +
                " must be told by validity, from an offset that is not negative, or by missing, not by both.");
    }
    return {column.data,         column.stride,        static_cast<DType>(column.dtype),
            column.swapped != 0, column.validity,      column.validity_offset,
            column.missing,      column.missing_stride};
}

Pairs checked_pairs(const squarely_pairs& pairs, std::int64_t rows) {
    return {checked_column(pairs.y_true, rows, "y_true"), checked_column(pairs.y_pred, rows, "y_pred"), pairs.where,
            pairs.where_stride};
}

squarely_state new_state(std::size_t outputs, Summation summation, std::vector<squarely_state::Asked> metrics,
                         bool weighted, squarely_nan_policy nan_policy) {
    std::vector<Summand> summands;
    for (const auto& [metric, parameter] : metrics) {
        for (const Summand& summand : metric->summands(parameter)) summands.push_back(summand);
    }
    squarely_state state;
    state.sums = make_state(outputs, summation, summands, weighted);
    state.metrics = std::move(metrics);
    state.nan_policy = nan_policy;
    return state;
}

void update_checked(squarely_state& state, std::span<const Pairs> outputs, const Column* weights, std::int64_t rows) {
    // What is refused is seen on the way, and must leave the state as it was.
    State more = empty_like(state.sums, state.sums.counts.size());
    refusing_with(SQUARELY_NOT_FINITE, [&] { update(more, outputs, weights, rows); });
    check_finite(more, state.nan_policy);
    if (state.is_new) {
        state.sums = std::move(more);
    } else {
        merge(state.sums, more);
    }
    state.is_new = false;
}

double value_of(const squarely_state& state, const Metric& metric, double parameter, std::size_t output) {
    const std::vector<Summand> summands = metric.summands(parameter);
    for (const Summand& summand : summands) {
        if (find(state.sums, summand) != nullptr) continue;
        throw Failure(SQUARELY_INVALID_ARGUMENT, "The state has no sums of the metric " + std::string(metric.name) +
                                                     ". Name it in the options of squarely_state_create.");
    }
    const PairCounts& counts = state.sums.counts[output];
    const bool propagates = state.nan_policy == SQUARELY_NAN_PROPAGATE;
    if (propagates && counts.missing_true + counts.missing_pred > 0) return not_a_number;
    const char* reason = reason_of_none(state, metric, summands, output);
    const double value = reason == nullptr ? metric.value(state.sums, output, parameter) : not_a_number;
    const bool is_let_through = propagates && counts.infinite + counts.undefined > 0;
    if (!std::isnan(value) || (reason == nullptr && is_let_through)) return value;
    throw Failure(SQUARELY_UNDEFINED, "The metric " + std::string(metric.name) + " has no value for output " +
                                          std::to_string(output) + ": " +
                                          (reason == nullptr ? "it is zero divided by zero" : reason) + ".");
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
        *state = new squarely_state(created(known_options(options)));
    });
}

squarely_status squarely_state_copy(const squarely_state* state, squarely_state** copy, squarely_error* error) {
    if (copy != nullptr) *copy = nullptr;
    return guarded(error, [&] {
        check_not_null(state, "state");
        check_not_null(copy, "copy");
        *copy = new squarely_state(*state);
    });
}

void squarely_state_free(squarely_state* state) { delete state; }

squarely_status squarely_state_update(squarely_state* state, const squarely_pairs* pairs, size_t output_count,
                                      const squarely_column* weights, int64_t rows, squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(state, "state");
        check_not_null(pairs, "pairs");
        check_rows(rows);
        if (output_count != state->sums.counts.size()) {
            throw Failure(SQUARELY_INVALID_ARGUMENT, "There are pairs of " + std::to_string(output_count) +
                                                         " outputs, and the state has " +
                                                         std::to_string(state->sums.counts.size()) + ".");
        }
        if ((weights != nullptr) != state->sums.weighted) {
            throw Failure(SQUARELY_INVALID_ARGUMENT,
                          "A state that was created as weighted is updated with weights, any other with NULL.");
        }
        std::vector<Pairs> outputs;
        outputs.reserve(output_count);
        for (std::size_t i = 0; i < output_count; ++i) outputs.push_back(checked_pairs(pairs[i], rows));
        const Column column = weights == nullptr ? Column{} : checked_column(*weights, rows, "weights");
        if (rows > 0) update_checked(*state, outputs, weights == nullptr ? nullptr : &column, rows);
    });
}

squarely_status squarely_state_merge(squarely_state* state, const squarely_state* other, squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(state, "state");
        check_not_null(other, "other");
        check_same_configuration(*state, *other);
        refusing_with(SQUARELY_MISMATCH, [&] {
            // A sum that rounds is not joined with nothing, as in Python: the bits are then those of the other.
            if (state->is_new && state->sums.counts.size() == other->sums.counts.size() &&
                state->sums.summation == other->sums.summation && state->sums.weighted == other->sums.weighted) {
                state->sums = other->sums;
            } else if (state == other) {
                merge(state->sums, State(other->sums));
            } else {
                merge(state->sums, other->sums);
            }
        });
        state->is_new = state->is_new && other->is_new;
    });
}

squarely_status squarely_state_subtract(squarely_state* state, const squarely_state* other, squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(state, "state");
        check_not_null(other, "other");
        check_same_configuration(*state, *other);
        refusing_with(SQUARELY_MISMATCH, [&] { subtract(state->sums, other->sums); });
    });
}

squarely_status squarely_state_reset(squarely_state* state, squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(state, "state");
        state->sums = empty_like(state->sums, state->sums.counts.size());
        state->is_new = true;
    });
}

size_t squarely_state_outputs(const squarely_state* state) { return state == nullptr ? 0 : state->sums.counts.size(); }

squarely_status squarely_state_counts(const squarely_state* state, size_t output, squarely_counts* counts,
                                      squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(state, "state");
        check_not_null(counts, "counts");
        check_output(*state, output);
        write_counts(counts, state->sums.counts[output]);
    });
}

squarely_status squarely_state_value(const squarely_state* state, const char* metric, const double* parameter,
                                     size_t output, double* value, squarely_error* error) {
    if (value != nullptr) *value = not_a_number;
    return guarded(error, [&] {
        check_not_null(state, "state");
        check_not_null(value, "value");
        check_output(*state, output);
        const Metric& found = metric_asked(metric);
        *value = value_of(*state, found, parameter_asked(found, parameter), output);
    });
}

squarely_status squarely_state_to_bytes(const squarely_state* state, void* buffer, size_t capacity, size_t* size,
                                        squarely_error* error) {
    if (size != nullptr) *size = 0;
    return guarded(error, [&] {
        check_not_null(state, "state");
        check_not_null(size, "size");
        const std::vector<unsigned char> bytes = accumulator_bytes(*state);
        *size = bytes.size();
        if (buffer == nullptr) return;
        if (capacity < bytes.size()) {
            throw Failure(SQUARELY_BUFFER_TOO_SMALL, "The buffer has " + std::to_string(capacity) +
                                                         " bytes, and the state needs " + std::to_string(bytes.size()) +
                                                         ".");
        }
        std::memcpy(buffer, bytes.data(), bytes.size());
    });
}

squarely_status squarely_state_from_bytes(const void* bytes, size_t size, squarely_state** state,
                                          squarely_error* error) {
    if (state != nullptr) *state = nullptr;
    return guarded(error, [&] {
        check_not_null(bytes, "bytes");
        check_not_null(state, "state");
        check_settings();
        refusing_with(SQUARELY_DAMAGED, [&] {
            *state = new squarely_state(from_accumulator_bytes({static_cast<const unsigned char*>(bytes), size}));
        });
    });
}

squarely_status squarely_state_digest(const squarely_state* state, char digest[65], squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(state, "state");
        check_not_null(digest, "digest");
        const std::string hexadecimal = sha256(accumulator_bytes(*state));
        std::memcpy(digest, hexadecimal.c_str(), 65);
    });
}
