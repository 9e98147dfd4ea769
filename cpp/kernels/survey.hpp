// Survey: what a block holds, before it is summed.
#pragma once

#include "lanes.hpp"

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

}  // namespace
}  // namespace squarely
