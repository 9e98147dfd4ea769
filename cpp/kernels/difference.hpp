// The difference of truth and prediction in two doubles: what everything exact begins with.
#pragma once

#include "kernels/lanes.hpp"

namespace squarely {
namespace {

// y_true - y_pred = difference + error, exactly: TwoDiff (Knuth, Dekker).
struct Difference {
    Vector rounded;
    Vector error;
};

SQUARELY_INLINE Difference difference_of(Vector y_true, Vector y_pred) {
    const Vector rounded = y_true - y_pred;
    const Vector back = rounded - y_true;
    return {rounded,
            added_by_multiplier(y_true - added_by_multiplier(rounded, -back), -added_by_multiplier(y_pred, back))};
}

}  // namespace
}  // namespace squarely
