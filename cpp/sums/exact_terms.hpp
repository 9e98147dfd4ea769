// The terms of pairs out of the kernels' range, and of integers no double holds, as exact numbers where they are
// algebra, else rounded once their difference is exact.
#pragma once

#include "numbers/big_number.hpp"
#include "states/state.hpp"

#include <optional>

namespace squarely {

// None where the nearest doubles of the pair give it as well. All terms of several words have one.
std::optional<BigNumber> exact_term(const Summand& summand, const BigNumber& y_true, const BigNumber& y_pred);

}  // namespace squarely
