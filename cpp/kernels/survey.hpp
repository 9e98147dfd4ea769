// Survey: what a block holds, before it is summed.
#pragma once

#include "kernels/lanes.hpp"

namespace squarely {
namespace {

double largest_difference(const Block& block) {
    Vector largest{};
    for (std::ptrdiff_t i = 0; i < block.length; i += lanes) {
        const Vector size = absolute(load<Vector>(block.y_true + i) - load<Vector>(block.y_pred + i));
        largest = size > largest ? size : largest;  // false for NaN
    }
    double all = 0;
    for (int i = 0; i < lanes; ++i) all = lane(largest, i) > all ? lane(largest, i) : all;
    return all;
}

double largest_value(const double* values, std::ptrdiff_t length) {
    Vector largest{};
    for (std::ptrdiff_t i = 0; i < length; i += lanes) largest = larger(absolute(load<Vector>(values + i)), largest);
    double all = 0;
    for (int i = 0; i < lanes; ++i) all = lane(largest, i) > all ? lane(largest, i) : all;
    return all;
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
