// The rows one thread takes at a time. They are cut by their number alone, never by threads: that keeps the kahan and
// pairwise sums the same on any number of them.
#pragma once

#include "kernels/kernels.hpp"

#include <algorithm>
#include <cstddef>

namespace squarely {

struct Stretch {
    std::ptrdiff_t first;
    std::ptrdiff_t last;
};

constexpr std::ptrdiff_t smallest_stretch = 128 * block_length;  // up to so many rows there is work for one thread
constexpr std::ptrdiff_t most_stretches = 64;

inline std::ptrdiff_t length_of_stretches(std::ptrdiff_t rows) {
    const std::ptrdiff_t even = (rows + most_stretches - 1) / most_stretches;
    return std::max(smallest_stretch, (even + block_length - 1) / block_length * block_length);
}

inline std::ptrdiff_t number_of_stretches(std::ptrdiff_t rows) {
    const std::ptrdiff_t length = length_of_stretches(rows);
    return (rows + length - 1) / length;
}

inline Stretch stretch_at(std::ptrdiff_t rows, std::ptrdiff_t index) {
    const std::ptrdiff_t length = length_of_stretches(rows);
    return {index * length, std::min(rows, (index + 1) * length)};
}

// Whether a long loop over the blocks of a stretch is to look at its call before this one.
inline bool begins_a_piece(const Stretch& stretch, std::ptrdiff_t first) {
    return first > stretch.first && (first - stretch.first) % smallest_stretch == 0;
}

}  // namespace squarely
