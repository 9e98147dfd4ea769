// Survey: what a block holds, before it is summed.
#pragma once

#include "kernels/lanes.hpp"

namespace squarely {
namespace {

SQUARELY_INLINE double largest_lane(Vector values) {
    double all = 0;
    for (int i = 0; i < lanes; ++i) all = lane(values, i) > all ? lane(values, i) : all;
    return all;
}

SQUARELY_INLINE Vector difference_at(const Block& block, std::ptrdiff_t row) {
    return load<Vector>(block.y_true + row) - load<Vector>(block.y_pred + row);
}

// In two chains, because each of them waits for its own last maximum. NaN is passed over.
double largest_difference(const Block& block) {
    Vector largest = {};
    Vector other = {};
    for (std::ptrdiff_t i = 0; i < block.length; i += 2 * lanes) {
        largest = larger_size(difference_at(block, i), largest);
        other = larger_size(difference_at(block, i + lanes), other);
    }
    return largest_lane(larger_size(largest, other));
}

bool has_zero(const double* values, std::ptrdiff_t length) {
    Bits found{};
    for (std::ptrdiff_t i = 0; i < length; i += lanes) found |= mask(load<Vector>(values + i) == Vector{});
    return any(found);
}

double largest_value(const double* values, std::ptrdiff_t length) {
    Vector largest{};
    for (std::ptrdiff_t i = 0; i < length; i += lanes) largest = larger(absolute(load<Vector>(values + i)), largest);
    return largest_lane(largest);
}

// Prefetches what comes next, because nothing else reads the memory of a block that is surveyed.
bool all_finite(const Block& block) {
    Ahead ahead = block.ahead;
    Bits found{};
    for (std::ptrdiff_t i = 0; i < block.length; i += lanes) {
        if (i % 8 == 0) prefetch_next(ahead);
        const Vector y_true = load<Vector>(block.y_true + i);
        const Vector y_pred = load<Vector>(block.y_pred + i);
        found |= bits(y_true - y_true) | bits(y_pred - y_pred);  // infinity - infinity is NaN, as NaN - NaN is
    }
    return !any(found);
}

}  // namespace
}  // namespace squarely
