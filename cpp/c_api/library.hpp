// What the functions of squarely.h share: no exception leaves them, and every refusal has a code and a sentence.
#pragma once

#include "accumulator/accumulator.hpp"
#include "machine/floating_point.hpp"
#include "squarely/squarely.h"

#include <mutex>
#include <stdexcept>
#include <string>

// The accumulator, and what a state is made for before it has seen anything. Many threads may read it at once, and
// whoever looks first finishes what was open.
struct squarely_state {
    squarely_state(squarely::Accumulator own, std::size_t output_count, bool has_weights)
        : accumulator(std::move(own)), outputs(output_count), weighted(has_weights) {}

    squarely::Accumulator accumulator;
    std::size_t outputs;
    bool weighted;
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

void check_not_null(const void* pointer, const char* argument);

// A metric of sums that is one of Python's, by its name or in short. Its parameter is the default where it is not
// given.
const Metric& metric_asked(const char* name);
AskedMetric asked(const char* name, const double* parameter);

void check_settings();  // the environment variables, before anything depends on them

NanPolicy checked_policy(squarely_nan_policy policy);
void check_rows(std::int64_t rows);
Column checked_column(const squarely_column& column, std::int64_t rows, const std::string& argument);
Pairs checked_pairs(const squarely_pairs& pairs, std::int64_t rows);

// Throws Failure, with the metric's name and the reason, where there is no value.
double value_or_failure(Accumulator& accumulator, const AskedMetric& asked, std::size_t output);

}  // namespace squarely
