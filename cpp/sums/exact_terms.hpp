// The terms whose value two doubles may not hold, as exact numbers: for pairs out of the kernels' range, and for
// integers no double holds.
#pragma once

#include "numbers/big_number.hpp"
#include "states/state.hpp"

namespace squarely {

// Whether the row of the term names an exact form: those of the terms of two words, and of the numbers themselves, do.
bool has_exact_term(Term term);

BigNumber exact_term(const Summand& summand, const BigNumber& y_true, const BigNumber& y_pred);

}  // namespace squarely
