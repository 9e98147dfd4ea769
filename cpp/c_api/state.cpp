// States of squarely.h: what Python's Accumulator does, for compiled code.
#include "c_api/library.hpp"

#include "accumulator/frame.hpp"
#include "accumulator/scores.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <memory>

namespace squarely {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

void check_output(const squarely_state& state, std::size_t output) {
    if (output < state.outputs) return;
    throw Failure(SQUARELY_INVALID_ARGUMENT, "There is no output " + std::to_string(output) + ": the state has " +
                                                 std::to_string(state.outputs) + ".");
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

void check_metric_count(std::size_t count) {
    if (count <= most_metrics) return;
    throw Failure(SQUARELY_INVALID_ARGUMENT,
                  "A state has at most " + std::to_string(most_metrics) + " metrics. Make several.");
}

std::vector<AskedMetric> metrics_asked(const squarely_metric* metrics, std::size_t count) {
    std::vector<AskedMetric> all;
    if (count == 0) {
        for (const Metric& metric : all_metrics()) {
            if (metric.is_everyday) all.push_back({&metric, metric.default_parameter});
        }
        return all;
    }
    check_not_null(metrics, "options->metrics");
    for (std::size_t i = 0; i < count; ++i) {
        const AskedMetric one = asked(metrics[i].name, metrics[i].parameter);
        if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
        check_metric_count(all.size());
    }
    return all;
}

squarely_state* created(const squarely_state_options& options) {
    auto configuration = std::make_shared<Configuration>();
    configuration->nan_policy = checked_policy(options.nan_policy);
    if (options.outputs == 0) throw Failure(SQUARELY_INVALID_ARGUMENT, "The state must have 1 output or more.");
    if (options.summation < 0 || static_cast<std::size_t>(options.summation) >= std::size(summation_names)) {
        throw Failure(SQUARELY_INVALID_ARGUMENT,
                      "The summation must be SQUARELY_EXACT, SQUARELY_KAHAN or SQUARELY_PAIRWISE. Got " +
                          std::to_string(options.summation) + ".");
    }
    if (options.weighted != 0 && options.weighted != 1) {
        throw Failure(SQUARELY_INVALID_ARGUMENT,
                      "The member weighted must be 0 or 1. Got " + std::to_string(options.weighted) + ".");
    }
    configuration->summation = static_cast<Summation>(options.summation);
    configuration->metrics = metrics_asked(options.metrics, options.metric_count);
    return new squarely_state(Accumulator(std::move(configuration)), options.outputs, options.weighted != 0);
}

// Of states that have seen nothing, too.
void check_same_kind(const squarely_state& state, const squarely_state& other) {
    check_same_configuration(state.accumulator, other.accumulator);
    if (state.weighted != other.weighted) throw Refused(Reason::weighting_differs);
    if (state.outputs != other.outputs) throw Refused(Reason::outputs_differ);
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

std::vector<Pairs> checked_outputs(const squarely_state& state, const squarely_pairs* pairs,
                                   const squarely_column* weights, std::size_t weight_count, std::int64_t rows) {
    std::vector<Pairs> outputs;
    outputs.reserve(state.outputs);
    for (std::size_t i = 0; i < state.outputs; ++i) {
        outputs.push_back(checked_pairs(pairs[i], rows));
        if (weights != nullptr) {
            outputs[i].weights = checked_column(weights[weight_count == 1 ? 0 : i], rows, "weights");
        }
    }
    return outputs;
}

void update_state(squarely_state& state, const squarely_pairs* pairs, std::size_t output_count,
                  const squarely_column* weights, std::size_t weight_count, std::int64_t rows) {
    check_rows(rows);
    if (output_count != state.outputs) {
        throw Failure(SQUARELY_INVALID_ARGUMENT, "There are pairs of " + std::to_string(output_count) +
                                                     " outputs, and the state has " + std::to_string(state.outputs) +
                                                     ".");
    }
    if ((weights != nullptr) != state.weighted) {
        throw Failure(SQUARELY_INVALID_ARGUMENT,
                      "A state that was created as weighted is updated with weights, any other with NULL.");
    }
    if (weights != nullptr && weight_count != 1 && weight_count != state.outputs) {
        throw Failure(SQUARELY_INVALID_ARGUMENT, "There must be one column of weights, or one an output. Got " +
                                                     std::to_string(weight_count) + ".");
    }
    const std::vector<Pairs> outputs = checked_outputs(state, pairs, weights, weight_count, rows);
    if (rows == 0) return;
    Accumulator& accumulator = state.accumulator;
    if (outputs.size() == 1 && add_short_chunk(accumulator, outputs[0], rows)) return;
    const Shape shape = accumulator.shape.empty() ? Shape{state.outputs} : accumulator.shape;
    add(accumulator, pass_over(*accumulator.configuration, outputs, rows), shape);
}

}  // namespace

NanPolicy checked_policy(squarely_nan_policy policy) {
    if (policy >= 0 && static_cast<std::size_t>(policy) < std::size(nan_policy_names)) {
        return static_cast<NanPolicy>(policy);
    }
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

double value_or_failure(Accumulator& accumulator, const AskedMetric& asked, std::size_t output) {
    const std::string metric(asked.metric->name);
    const auto fail = [&](Reason reason) {
        const Failure why = failure_of({reason, output});
        throw Failure(why.status, "The metric " + metric + " has no value for output " + std::to_string(output) + ": " +
                                      why.what() + ".");
    };
    const State* sums = sums_of(accumulator);
    if (sums == nullptr) fail(Reason::no_pairs);
    const PairCounts counts = sums->counts[output];
    const bool propagates = accumulator.configuration->nan_policy == NanPolicy::propagate;
    if (propagates && counts.missing_true + counts.missing_pred > 0) return not_a_number;
    const Reason reason = why_no_value(*sums, output, asked);
    if (reason != Reason::none) fail(reason);
    const double value = value_of(*asked.metric, *sums, output, asked.parameter);
    const bool is_let_through = propagates && counts.infinite + counts.undefined > 0;
    if (std::isnan(value) && !is_let_through) fail(Reason::zero_by_zero);
    return value;
}

void check_has_sums_of(const squarely_state& state, const AskedMetric& asked) {
    for (const Summand& summand : asked.metric->summands(asked.parameter)) {
        if (has_summand(*state.accumulator.configuration, summand)) continue;
        throw Failure(SQUARELY_INVALID_ARGUMENT, "The state has no sums of the metric " +
                                                     std::string(asked.metric->name) +
                                                     ". Name it in the options of squarely_state_create.");
    }
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
        *state = created(known_options(options));
    });
}

squarely_status squarely_state_copy(const squarely_state* state, squarely_state** copy, squarely_error* error) {
    if (copy != nullptr) *copy = nullptr;
    return guarded(error, [&] {
        check_not_null(state, "state");
        check_not_null(copy, "copy");
        Reading seen(*state);
        *copy = new squarely_state(copy_of(seen.accumulator()), state->outputs, state->weighted);
    });
}

void squarely_state_free(squarely_state* state) { delete state; }

squarely_status squarely_state_update(squarely_state* state, const squarely_pairs* pairs, size_t output_count,
                                      const squarely_column* weights, int64_t rows, squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(state, "state");
        check_not_null(pairs, "pairs");
        update_state(*state, pairs, output_count, weights, 1, rows);
    });
}

squarely_status squarely_state_update_weighted(squarely_state* state, const squarely_pairs* pairs, size_t output_count,
                                               const squarely_column* weights, size_t weight_count, int64_t rows,
                                               squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(state, "state");
        check_not_null(pairs, "pairs");
        check_not_null(weights, "weights");
        update_state(*state, pairs, output_count, weights, weight_count, rows);
    });
}

squarely_status squarely_state_merge(squarely_state* state, const squarely_state* other, squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(state, "state");
        check_not_null(other, "other");
        check_same_kind(*state, *other);
        Reading seen(*other);
        merge(state->accumulator, seen.accumulator());
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

size_t squarely_state_outputs(const squarely_state* state) { return state == nullptr ? 0 : state->outputs; }

squarely_status squarely_state_counts(const squarely_state* state, size_t output, squarely_counts* counts,
                                      squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(state, "state");
        check_not_null(counts, "counts");
        check_output(*state, output);
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
        check_output(*state, output);
        const AskedMetric found = asked(metric, parameter);
        check_has_sums_of(*state, found);
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
        const std::vector<unsigned char> bytes = to_bytes(Reading(*state).accumulator());
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
        Accumulator read = from_bytes({static_cast<const unsigned char*>(bytes), size});
        const std::size_t averaged = read.configuration->output_weights.size();
        const std::size_t outputs = read.shape.empty() && averaged > 0 ? averaged : outputs_of(read.shape);
        const bool weighted = read.state && read.state->weighted;
        *state = new squarely_state(std::move(read), outputs, weighted);
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
