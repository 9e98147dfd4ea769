// Terms with their parameters, in the one order that states have them in.
#pragma once

#include "states/state.hpp"

#include <vector>

namespace squarely {

// In the order of their numbers, each once.
std::vector<Summand> in_order(std::vector<Summand> summands);

}  // namespace squarely
