// The named sums of every output of a score: what update fills, what merges, and what metrics are computed from.
#pragma once

#include "squarely/column.hpp"
#include "squarely/exact_sum.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace squarely {

enum class Summation : std::uint8_t { exact, kahan, pairwise };

// Counted, never added. Nothing is decided here: what a missing value (NaN, or null) means is the reader's policy.
struct PairCounts {
    std::uint64_t pairs = 0;         // pairs of two numbers; their squared errors are in the sum, or counted below
    std::uint64_t infinite = 0;      // of these: one side infinite, or both with opposite signs
    std::uint64_t undefined = 0;     // of these: infinity against the same infinity
    std::uint64_t missing_true = 0;  // pairs left out because the truth is NaN
    std::uint64_t missing_pred = 0;  // pairs left out because only the prediction is NaN
    std::uint64_t masked = 0;        // pairs left out because their row does not count

    bool operator==(const PairCounts&) const = default;
};

// The sum of the kahan and pairwise modes: high + low. Sixteen bytes where an exact sum takes 544.
struct RoundedSum {
    double high = 0;
    double low = 0;
};

struct State {
    Summation summation = Summation::exact;
    std::vector<PairCounts> counts;                 // one an output
    std::vector<ExactSum> squared_error;            // one an output where the summation is exact, else empty
    std::vector<RoundedSum> rounded_squared_error;  // the other way round
};

void add(PairCounts& counts, const PairCounts& more);

State make_state(std::size_t outputs, Summation summation);

// Adds rows pairs to every output. Exact states do not depend on how rows are split over
// calls, on their order, or on threads. Kahan and pairwise states depend on the split, never on threads or target.
void update(State& state, std::span<const Pairs> outputs, std::ptrdiff_t rows);

// Both throw std::invalid_argument, and change nothing, where the states differ in summation or number of outputs;
// subtract also where the other state is no part of this one.
void merge(State& state, const State& other);
void subtract(State& state, const State& other);

// The byte form: "sqst", version, summation, outputs, then for each output its counts and its sum, then a CRC-32.
// Equal exact states have equal bytes, and unequal ones different bytes. Little-endian on every machine.
std::vector<unsigned char> to_bytes(const State& state);
State from_bytes(std::span<const unsigned char> bytes);  // throws std::invalid_argument

}  // namespace squarely
