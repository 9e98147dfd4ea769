// What the functions of squarely.h share: no exception leaves them, and every refusal has a code and a sentence.
#pragma once

#include "accumulator/accumulator.hpp"
#include "machine/floating_point.hpp"
#include "squarely/squarely.h"

#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace squarely {

// What is known before anything was seen.
struct MadeFor {
    std::size_t outputs = 1;
    bool weighted = false;
    bool skips_nulls = false;
    bool is_known = true;  // false of bytes that saw no rows, which do not say
};

}  // namespace squarely

// The accumulator, and what a state is made for. Many threads may read it at once, and
// whoever looks first finishes what was open.
struct squarely_state {
    squarely_state(squarely::Accumulator own, const squarely::MadeFor& made)
        : accumulator(std::move(own)), made_for(made) {}

    squarely::Accumulator accumulator;
    squarely::MadeFor made_for;
    std::mutex reading;
};

namespace squarely {

struct Failure : std::runtime_error {
    Failure(squarely_status code, const std::string& message) : std::runtime_error(message), status(code) {}
    squarely_status status;
};

Failure failure_of(const Refusal& refusal);

// Of the exception that is being handled.
squarely_status reported(squarely_error* error) noexcept;

template <class Body>
squarely_status guarded(squarely_error* error, Body body) noexcept {
    try {
        const FloatingPointEnvironment environment;  // numbers are compared here too, and some hosts have no subnormals
        body();
        return SQUARELY_OK;
    } catch (...) {
        return reported(error);
    }
}

// What the NaN policy refuses of some pairs, with the first row of it. Others are left as they are.
[[noreturn]] void refuse_row(const Refused& refused, std::span<const Pairs> outputs, std::int64_t rows,
                             NanPolicy policy);

template <class Body>
void naming_rows(std::span<const Pairs> outputs, std::int64_t rows, NanPolicy policy, Body body) {
    try {
        body();
    } catch (const Refused& refused) {
        refuse_row(refused, outputs, rows, policy);
    }
}

void check_not_null(const void* pointer, const char* argument);

// A metric of sums that is one of Python's, by its name or in short. Its parameter is the default where it is not
// given.
const Metric& metric_asked(const char* name);
AskedMetric asked(const char* name, const double* parameter);
AskedMetric asked(const Metric& metric, const double* parameter);

// One of these, or what is kept beside them and has no value.
AskedMetric asked_to_keep(const char* name, const double* parameter);

void check_settings();  // the environment variables, before anything depends on them

// Of a structure that may grow, as its caller has set it.
void check_size(std::size_t size, const std::string& name, std::size_t least);

squarely_state_options known_options(const squarely_state_options* given);
std::shared_ptr<const Configuration> configuration_asked(const squarely_state_options& options);
MadeFor made_for(const squarely_state_options& options);
void check_made_alike(const MadeFor& one, const MadeFor& other);
void check_output(const MadeFor& made, std::size_t output);

// Of SQUARELY_NAN_SKIP_NULLS that of the rows that stay.
NanPolicy checked_policy(squarely_nan_policy policy);
void check_rows(std::int64_t rows);
Column checked_column(const squarely_column& column, std::int64_t rows, const std::string& argument);
Pairs checked_pairs(const squarely_pairs& pairs, std::int64_t rows);

// One column of weights for all outputs, or one an output. Null where there are none.
struct GivenWeights {
    const squarely_column* columns;
    std::size_t count;
};

struct GivenOutputs {
    std::vector<Pairs> pairs;
    std::vector<std::vector<std::uint8_t>> masks;  // of some of them: which rows are no null
};

GivenOutputs given_outputs(const MadeFor& made, const squarely_pairs* pairs, std::size_t output_count,
                           const GivenWeights& weights, std::int64_t rows);
void leave_out_nulls(GivenOutputs& given, std::int64_t rows);

void write_counts(squarely_counts* counts, const PairCounts& own);
void write_bytes(const std::vector<unsigned char>& bytes, void* buffer, std::size_t capacity, std::size_t* size);

// Of a state, which must have its sums. Without a parameter refused where the state was created with others than the
// default.
AskedMetric asked_of(const Configuration& configuration, const char* name, const double* parameter);

// Why there is no value, or the value: NaN where the policy propagates what is missing.
struct Found {
    Reason reason = Reason::none;
    double value = std::numeric_limits<double>::quiet_NaN();
};

Found found_of(const Configuration& configuration, const State& state, std::size_t output, const AskedMetric& asked);

// Throws Failure, with the metric's name and the reason, where there is no value.
double value_or_failure(Accumulator& accumulator, const AskedMetric& asked, std::size_t output);

}  // namespace squarely
