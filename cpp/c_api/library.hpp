// What the functions of squarely.h share: no exception leaves them, and every refusal has a code and a sentence.
#pragma once

#include "machine/floating_point.hpp"
#include "squarely/squarely.h"
#include "states/state.hpp"
#include "tables/metrics.hpp"

#include <stdexcept>
#include <string>
#include <vector>

struct squarely_state {
    struct Asked {
        const squarely::Metric* metric;
        double parameter;

        bool operator==(const Asked&) const = default;
    };

    squarely::State sums;
    std::vector<Asked> metrics;  // each once
    squarely_nan_policy nan_policy = SQUARELY_NAN_RAISE;
    bool is_new = true;  // nothing has been seen
    // Python averages outputs and knows their shape. Here they are kept, as JSON, for whoever reads the bytes.
    std::string multioutput = "\"uniform_average\"";
    std::string output_shape;
};

namespace squarely {

struct Failure : std::runtime_error {
    Failure(squarely_status code, const std::string& message) : std::runtime_error(message), status(code) {}
    squarely_status status;
};

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

// Gives what the core refuses inside another code.
template <class Body>
auto refusing_with(squarely_status status, Body body) {
    try {
        return body();
    } catch (const std::invalid_argument& refusal) {
        throw Failure(status, refusal.what());
    }
}

void check_not_null(const void* pointer, const char* argument);

// A metric of sums that is one of Python's. Its parameter is the default where it is not given.
const Metric& metric_asked(const char* name);
double parameter_asked(const Metric& metric, const double* parameter);

// Whether a metric is one of those users know: others only serve these.
bool is_public(const Metric& metric);

void check_settings();  // the environment variables, before anything depends on them

void check_policy(squarely_nan_policy policy);
void check_rows(std::int64_t rows);
Column checked_column(const squarely_column& column, std::int64_t rows, const std::string& argument);
Pairs checked_pairs(const squarely_pairs& pairs, std::int64_t rows);

// Adds rows as the policy of the state says.
void update_checked(squarely_state& state, std::span<const Pairs> outputs, const Column* weights, std::int64_t rows);

squarely_state new_state(std::size_t outputs, Summation summation, std::vector<squarely_state::Asked> metrics,
                         bool weighted, squarely_nan_policy nan_policy);

double value_of(const squarely_state& state, const Metric& metric, double parameter, std::size_t output);

// The bytes of Python's Accumulator.
std::vector<unsigned char> accumulator_bytes(const squarely_state& state);
squarely_state from_accumulator_bytes(std::span<const unsigned char> bytes);

}  // namespace squarely
