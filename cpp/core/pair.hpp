// One pair at a time, exactly: the path of the pairs no window fits, and the oracle of the sliced kernels.
#pragma once

#include "squarely/state.hpp"

namespace squarely {

enum class PairKind { finite, infinite, undefined, missing_true, missing_pred };

PairKind kind_of(double y_true, double y_pred);
void count(PairCounts& counts, PairKind kind);

// Adds (y_true - y_pred)^2 without rounding. Both are finite.
void add_square(ExactSum& sum, double y_true, double y_pred);

}  // namespace squarely
