// Order: values of a block as numbers of their own, which are compared rather than summed. A NaN is no value.
#pragma once

#include "kernels/lanes.hpp"

namespace squarely {
namespace {

// |y_true - y_pred|, and whether all of them are finite.
bool absolute_differences(const Block& block, double* values) {
    Ahead ahead = block.ahead;
    Bits special{};
    for (std::ptrdiff_t i = 0; i < block.length; i += lanes) {
        if (i % 8 == 0) prefetch_next(ahead);
        const Vector size = absolute(load<Vector>(block.y_true + i) - load<Vector>(block.y_pred + i));
        store(values + i, size);
        special |= bits(size - size);  // zero, or NaN
    }
    return !any(special);
}

// Copies the sizes |y_true - y_pred| from low to high, both included, and counts those below. Negative where not all of
// them are finite. Behind what is copied there is room for a vector.
std::ptrdiff_t absolute_differences_between(const Block& block, double low, double high, double* inside,
                                            std::uint64_t* below) {
    Ahead ahead = block.ahead;
    Bits special{};
    Bits under{};
    std::ptrdiff_t found = 0;
    for (std::ptrdiff_t i = 0; i < block.length; i += lanes) {
        if (i % 8 == 0) prefetch_next(ahead);
        const Vector size = absolute(load<Vector>(block.y_true + i) - load<Vector>(block.y_pred + i));
        special |= bits(size - size);  // zero, or NaN
        under -= mask(size < low);     // a set mask is -1
        found += store_set(inside + found, lanes_set(mask(size >= low) & mask(size <= high)), size);
    }
    for (int j = 0; j < lanes; ++j) *below += lane(under, j);
    return any(special) ? -1 : found;
}

void widen_extremes(const double* values, std::ptrdiff_t count, double* smallest, double* largest) {
    Vector low = broadcast(*smallest);
    Vector high = broadcast(*largest);
    std::ptrdiff_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        const Vector value = load<Vector>(values + i);
        low = value < low ? value : low;
        high = value > high ? value : high;
    }
    for (int j = 0; j < lanes; ++j) {
        *smallest = lane(low, j) < *smallest ? lane(low, j) : *smallest;
        *largest = lane(high, j) > *largest ? lane(high, j) : *largest;
    }
    for (; i < count; ++i) {
        *smallest = values[i] < *smallest ? values[i] : *smallest;
        *largest = values[i] > *largest ? values[i] : *largest;
    }
}

// Copies the values from low to high, both included, and counts those below. Most vectors of a narrow range have none.
std::ptrdiff_t values_between(const double* values, std::ptrdiff_t count, double low, double high, double* inside,
                              std::uint64_t* below) {
    std::ptrdiff_t found = 0;
    Bits under{};
    std::ptrdiff_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        const Vector value = load<Vector>(values + i);
        under -= mask(value < low);  // a set mask is -1
        for (std::uint64_t left = lanes_set(mask(value >= low) & mask(value <= high)); left != 0; left &= left - 1) {
            inside[found++] = values[i + __builtin_ctzll(left)];
        }
    }
    for (int j = 0; j < lanes; ++j) *below += lane(under, j);
    for (; i < count; ++i) {
        *below += values[i] < low;
        if (values[i] >= low && values[i] <= high) inside[found++] = values[i];
    }
    return found;
}

}  // namespace
}  // namespace squarely
