// One pair at a time, exactly: the path of the pairs no window fits, and the oracle of the sliced kernels.
#pragma once

#include "numbers/binary_number.hpp"
#include "states/state.hpp"

namespace squarely {

enum class PairKind { finite, infinite, undefined, missing_true, missing_pred };

PairKind kind_of(double y_true, double y_pred);
void count(PairCounts& counts, PairKind kind);

// Adds (y_true - y_pred)^2 without rounding.
// The double nearest to y_true - y_pred.
double nearest_difference(const BinaryNumber& y_true, const BinaryNumber& y_pred);

void add_square(ExactSum& sum, const BinaryNumber& y_true, const BinaryNumber& y_pred);

}  // namespace squarely
