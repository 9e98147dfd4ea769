// Terms: what is summed, for the sums that round as they go. (The exact sum never forms the square of a difference
// before slicing it, so its squared error is written beside its slices, in sums/exact.hpp.)
#pragma once

#include "lanes.hpp"

namespace squarely {
namespace {

struct SquaredError {
    static SQUARELY_INLINE Vector value(Vector y_true, Vector y_pred) {
        const Vector residual = y_true - y_pred;
        return residual * residual;
    }
};

}  // namespace
}  // namespace squarely
