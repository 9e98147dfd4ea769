// What the functions of squarely.h are given, checked: options, columns, weights, places for results.
#include "c_api/library.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

namespace squarely {
namespace {

// Structures that may grow. A caller's may be older than this library, from the first size on, or newer.
constexpr std::size_t first_options_size = 4 * sizeof(void*) + 4 * sizeof(std::int32_t);
constexpr std::size_t first_counts_size = sizeof(std::size_t) + 6 * sizeof(std::uint64_t);
static_assert(sizeof(void*) != 8 || (first_options_size == 48 && first_counts_size == 56));

// What no structure will ever have: a size that was never set is not read from.
constexpr std::size_t most_size = 4096;

}  // namespace

void check_size(std::size_t size, const std::string& name, std::size_t least) {
    if (size >= least && size <= most_size) return;
    throw Failure(SQUARELY_INVALID_ARGUMENT, "The member struct_size of " + name + " must be sizeof(" + name +
                                                 "), at least " + std::to_string(least) + ". Got " +
                                                 std::to_string(size) + ".");
}

namespace {

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
        const AskedMetric one = asked_to_keep(metrics[i].name, metrics[i].parameter);
        if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
        check_metric_count(all.size());
    }
    return all;
}

}  // namespace

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

namespace {

// States that a thread creates alike, one after another, have one together: an engine has one a group.
std::shared_ptr<const Configuration> shared(std::shared_ptr<Configuration>&& own) {
    thread_local std::weak_ptr<const Configuration> last;
    std::shared_ptr<const Configuration> known = last.lock();
    if (known != nullptr && difference_of(*known, *own) == Reason::none) return known;
    last = own;
    return std::move(own);
}

}  // namespace

std::shared_ptr<const Configuration> configuration_asked(const squarely_state_options& options) {
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
    return shared(std::move(configuration));
}

MadeFor made_for(const squarely_state_options& options) {
    return {options.outputs, options.weighted != 0, options.nan_policy == SQUARELY_NAN_SKIP_NULLS};
}

void check_made_alike(const MadeFor& one, const MadeFor& other) {
    if (one.weighted != other.weighted) throw Refused(Reason::weighting_differs);
    if (one.outputs != other.outputs) throw Refused(Reason::outputs_differ);
}

void check_output(const MadeFor& made, std::size_t output) {
    if (output < made.outputs) return;
    throw Failure(SQUARELY_INVALID_ARGUMENT, "There is no output " + std::to_string(output) + ": the state has " +
                                                 std::to_string(made.outputs) + ".");
}

void write_counts(squarely_counts* counts, const PairCounts& own) {
    const std::size_t size = counts->struct_size;
    check_size(size, "squarely_counts", first_counts_size);
    const squarely_counts known = {
        size, own.pairs, own.infinite, own.undefined, own.missing_true, own.missing_pred, own.masked};
    std::memset(counts, 0, size);
    std::memcpy(counts, &known, std::min(size, sizeof known));
}

NanPolicy checked_policy(squarely_nan_policy policy) {
    if (policy == SQUARELY_NAN_SKIP_NULLS) return NanPolicy::propagate;
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

namespace {

bool is_null(const Column& column, std::ptrdiff_t row) {
    if (column.missing != nullptr) return column.missing[row * column.missing_stride] != 0;
    if (column.validity == nullptr) return false;
    const std::ptrdiff_t bit = column.validity_offset + row;
    return (column.validity[bit / 8] >> bit % 8 & 1) == 0;
}

Column without_nulls(const Column& column) { return {column.data, column.stride, column.dtype, column.swapped}; }

}  // namespace

void leave_out_nulls(GivenOutputs& given, std::int64_t rows) {
    for (Pairs& pairs : given.pairs) {
        const Column sides[] = {pairs.y_true, pairs.y_pred, pairs.weights};
        if (std::none_of(std::begin(sides), std::end(sides), may_have_nulls)) continue;
        std::vector<std::uint8_t>& counts = given.masks.emplace_back(static_cast<std::size_t>(rows));
        for (std::ptrdiff_t row = 0; row < rows; ++row) {
            const bool is_masked = pairs.where != nullptr && pairs.where[row * pairs.where_stride] == 0;
            const auto is_null_here = [row](const Column& column) { return is_null(column, row); };
            counts[static_cast<std::size_t>(row)] =
                !is_masked && std::none_of(std::begin(sides), std::end(sides), is_null_here);
        }
        pairs.where = counts.data();
        pairs.where_stride = 1;
        for (auto side : {&Pairs::y_true, &Pairs::y_pred, &Pairs::weights}) pairs.*side = without_nulls(pairs.*side);
    }
}

GivenOutputs given_outputs(const MadeFor& made, const squarely_pairs* pairs, std::size_t output_count,
                           const GivenWeights& weights, std::int64_t rows) {
    check_rows(rows);
    if (output_count != made.outputs) {
        throw Failure(SQUARELY_INVALID_ARGUMENT, "There are pairs of " + std::to_string(output_count) +
                                                     " outputs, and the state has " + std::to_string(made.outputs) +
                                                     ".");
    }
    if ((weights.columns != nullptr) != made.weighted) {
        throw Failure(SQUARELY_INVALID_ARGUMENT,
                      "A state that was created as weighted is updated with weights, any other with NULL.");
    }
    if (weights.columns != nullptr && weights.count != 1 && weights.count != made.outputs) {
        throw Failure(SQUARELY_INVALID_ARGUMENT, "There must be one column of weights, or one an output. Got " +
                                                     std::to_string(weights.count) + ".");
    }
    GivenOutputs given;
    given.pairs.reserve(made.outputs);
    for (std::size_t i = 0; i < made.outputs; ++i) {
        given.pairs.push_back(checked_pairs(pairs[i], rows));
        if (weights.columns == nullptr) continue;
        given.pairs[i].weights = checked_column(weights.columns[weights.count == 1 ? 0 : i], rows, "weights");
    }
    if (made.skips_nulls) leave_out_nulls(given, rows);
    return given;
}

void write_bytes(const std::vector<unsigned char>& bytes, void* buffer, std::size_t capacity, std::size_t* size) {
    *size = bytes.size();
    if (buffer == nullptr) return;
    if (capacity < bytes.size()) {
        throw Failure(SQUARELY_BUFFER_TOO_SMALL, "The buffer has " + std::to_string(capacity) +
                                                     " bytes, and the state needs " + std::to_string(bytes.size()) +
                                                     ".");
    }
    std::memcpy(buffer, bytes.data(), bytes.size());
}

}  // namespace squarely
