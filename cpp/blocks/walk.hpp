// Arrays of one shape, walked together block by block, whatever their layouts.
#pragma once

#include "blocks/column.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace squarely {

constexpr std::size_t most_arrays = 4;
using Strides = std::array<std::ptrdiff_t, most_arrays>;  // bytes, one an array

struct Axis {
    std::ptrdiff_t length;
    Strides strides;
};

// Elements that lie at one stride in each array.
struct Run {
    Strides offsets;
    std::ptrdiff_t length;  // at most block_length
};

struct Walk {
    std::vector<Axis> axes;  // the fastest last; one of them is cut into blocks, and counts those
    std::size_t cut;
    std::ptrdiff_t length;  // of the axis that is cut, in elements
    Strides strides;        // along it
    Strides start;
    std::ptrdiff_t blocks;
};

// The axes are those of the arrays, in any order, none of length 0.
Walk walk_along(std::vector<Axis> axes);

Run run_at(const Walk& walk, std::ptrdiff_t block);

}  // namespace squarely
