// Fields: many outputs, of which few rows come at a time.
#pragma once

#include "states/state.hpp"

#include <cstddef>
#include <span>

namespace squarely {

// From so many outputs and up to so many rows this is the shorter way.
constexpr std::ptrdiff_t least_wide_outputs = 64;
constexpr std::ptrdiff_t most_wide_rows = 64;

// Many outputs of few rows, as of a field that comes day by day: a row is pairs of as many groups. False, and nothing
// done, where they do not lie so, or this is not the shorter way.
bool add_wide_rows(State& state, std::span<const Pairs> outputs, std::ptrdiff_t rows);

}  // namespace squarely
