// Polynomials of truth and prediction, and the largest and least values, of every group: the short way of sums without
// weights, which adds a pair to its group in a few nanoseconds.
#pragma once

#include "blocks/block.hpp"
#include "groups/grouped_quantities.hpp"

#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace squarely {

// Whether a state sums nothing else.
bool sums_grouped_moments_alone(const State& state);

// A state of one output a group, of rows whose groups are below so many.
State moments_by_group(const State& kind, const Pairs& pairs, std::ptrdiff_t rows,
                       std::span<const std::uint32_t> groups, std::size_t count);

// Many outputs of few rows, as of a field that comes day by day: a row is pairs of as many groups. False, and nothing
// done, where they do not lie so, or this is not the shorter way.
bool add_wide_rows(State& state, std::span<const Pairs> outputs, std::ptrdiff_t rows);

}  // namespace squarely
