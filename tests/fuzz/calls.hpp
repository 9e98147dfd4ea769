// The library as a caller sees it: states that are freed, and what a call has found.
#pragma once

#include "metrics.hpp"

#include <squarely/squarely.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace fuzz {

struct Freed {
    void operator()(squarely_state* state) const { squarely_state_free(state); }
};
using State = std::unique_ptr<squarely_state, Freed>;

// What must not fail.
inline void expect(squarely_status status, const squarely_error& error, const char* what) {
    if (status == SQUARELY_OK) return;
    std::printf("%s: %s\n", what, error.message);
    std::exit(1);
}

struct Asked {
    std::vector<squarely_metric> metrics;
    squarely_nan_policy policy = SQUARELY_NAN_RAISE;
    bool weighted = false;
};

inline State made(const Asked& asked) {
    squarely_state_options options{};
    options.struct_size = sizeof options;
    options.outputs = 1;
    options.metrics = asked.metrics.data();
    options.metric_count = asked.metrics.size();
    options.nan_policy = asked.policy;
    options.weighted = asked.weighted ? 1 : 0;
    squarely_state* state = nullptr;
    squarely_error error;
    expect(squarely_state_create(&options, &state, &error), error, "create");
    return State(state);
}

inline squarely_status update(squarely_state* state, const Rows& rows, int first, int count) {
    const squarely_pairs pairs = rows.pairs(first);
    const squarely_column weights = rows.weights ? rows.weights_from(first) : squarely_column{};
    return squarely_state_update(state, &pairs, 1, rows.weights ? &weights : nullptr, count, nullptr);
}

inline std::vector<unsigned char> bytes_of(const squarely_state* state) {
    std::size_t size = 0;
    squarely_error error;
    expect(squarely_state_to_bytes(state, nullptr, 0, &size, &error), error, "size of bytes");
    std::vector<unsigned char> bytes(size);
    expect(squarely_state_to_bytes(state, bytes.data(), size, &size, &error), error, "bytes");
    return bytes;
}

inline State read(const std::vector<unsigned char>& bytes) {
    squarely_state* state = nullptr;
    return squarely_state_from_bytes(bytes.data(), bytes.size(), &state, nullptr) == SQUARELY_OK ? State(state)
                                                                                                 : State();
}

inline State copied(const squarely_state* state) {
    squarely_state* copy = nullptr;
    squarely_error error;
    expect(squarely_state_copy(state, &copy, &error), error, "copy");
    return State(copy);
}

struct FreedGroups {
    void operator()(squarely_groups* groups) const { squarely_groups_free(groups); }
};
using Groups = std::unique_ptr<squarely_groups, FreedGroups>;

inline std::vector<unsigned char> bytes_of(const squarely_groups* groups) {
    std::size_t size = 0;
    squarely_error error;
    expect(squarely_groups_to_bytes(groups, nullptr, 0, &size, &error), error, "size of bytes of groups");
    std::vector<unsigned char> bytes(size);
    expect(squarely_groups_to_bytes(groups, bytes.data(), size, &size, &error), error, "bytes of groups");
    return bytes;
}

struct RowsOfGroups {
    const Rows& rows;
    std::vector<std::uint32_t> numbers;
    std::size_t count;
};

inline squarely_status update(squarely_groups* groups, const RowsOfGroups& given) {
    const squarely_pairs pairs = given.rows.pairs(0);
    const squarely_column weights = given.rows.weights ? given.rows.weights_from(0) : squarely_column{};
    return squarely_groups_update(groups, &pairs, 1, given.rows.weights ? &weights : nullptr, given.numbers.data(),
                                  given.count, given.rows.count, nullptr);
}

inline Found found_in(const squarely_state* state, const char* metric) {
    Found found{};
    found.status = squarely_state_value(state, metric, nullptr, 0, &found.value, nullptr);
    return found;
}

inline Found scored(const char* metric, const Rows& rows, squarely_nan_policy policy) {
    const squarely_metric asked{metric, nullptr};
    const squarely_pairs pairs = rows.pairs();
    const squarely_column* weights = rows.weights ? &rows.weights->column : nullptr;
    Found found{};
    found.status = squarely_score(&asked, &pairs, weights, rows.count, policy, &found.value, nullptr);
    return found;
}

inline Counts counts_in(const squarely_state* state) {
    squarely_counts counts{};
    counts.struct_size = sizeof counts;
    squarely_error error;
    expect(squarely_state_counts(state, 0, &counts, &error), error, "counts");
    return {counts.pairs, counts.infinite, counts.undefined, counts.missing_true, counts.missing_pred, counts.masked};
}

// The targets of this library that this machine has.
inline std::vector<std::string> targets_here() {
    std::vector<std::string> here;
    for (const char* name : {"plain", "x86-64", "x86-64-v3", "x86-64-v4", "aarch64"}) {
        if (squarely_set_target(name, nullptr) == SQUARELY_OK) here.push_back(name);
    }
    squarely_set_target("", nullptr);
    return here;
}

}  // namespace fuzz
