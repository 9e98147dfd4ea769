// What some data could have given. Nothing else is read from bytes, and no difference is anything else.
#pragma once

#include "states/state.hpp"

namespace squarely {

bool is_possible(const PairCounts& counts);

// Of an output whose counts are possible.
bool is_possible(const State& state, const Sums& sums, std::size_t output);

// Whether the sums of an output, each of them possible, could be those of the same pairs. Weights may be of any sign,
// and roundings hide the rest: nothing is known of the sums of either.
bool are_possible_together(const State& state, std::size_t output);

// Pairs of two finite numbers: of no others is anything summed or compared.
std::uint64_t finite_pairs(const PairCounts& counts);

// Those whose term is in the sum. Its own counts must not be more than those of the pairs.
std::uint64_t summed_pairs(const State& state, const Sums& sums, std::size_t output);

// Whether no sum of these terms is below zero.
bool must_not_be_negative(const State& state, const Sums& sums);

}  // namespace squarely
