// Fields: many outputs, of which few rows come at a time.
#pragma once

#include "states/state.hpp"

#include <span>

namespace squarely {

// Many outputs of few rows, as of a field that comes day by day: a row is pairs of as many groups. False, and nothing
// done, where they do not lie so, or this is not the shorter way.
bool add_wide_rows(State& state, std::span<const Pairs> outputs, std::ptrdiff_t rows);

}  // namespace squarely
