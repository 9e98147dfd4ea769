// What is known of each term before any data is seen.
#pragma once

#include "states/state.hpp"

#include <vector>

namespace squarely {

const char* name_of(Term term);

// The largest or least of all pairs, which is not summed.
bool is_extreme(Term term);

// A polynomial of truth and prediction, whose sum without weights is exact to the last bit.
bool is_moment(Term term);

// May be infinite, or undefined, for two finite numbers; the square of a large one times a large weight, for example.
bool may_be_no_number(Term term, bool weighted);

// Whatever the data are, unless weights are negative.
bool is_never_negative(Term term);

// A weighted sum keeps every bit of these, so that a constant truth is recognised.
bool is_kept_whole(Term term);

// In the order of their numbers, each once.
std::vector<Summand> in_order(std::vector<Summand> summands);

}  // namespace squarely
