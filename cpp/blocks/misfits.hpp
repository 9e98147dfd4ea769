// Pairs of a block that a kernel could not take, one bit a pair.
#pragma once

#include "kernels/kernels.hpp"

#include <array>
#include <bit>

namespace squarely {

using Misfits = std::array<std::uint64_t, block_length / 64>;

template <class Visit>
void for_each(const Misfits& misfits, std::ptrdiff_t length, Visit visit) {
    for (std::ptrdiff_t first = 0; first < length; first += 64) {
        for (std::uint64_t left = misfits[static_cast<std::size_t>(first / 64)]; left != 0; left &= left - 1) {
            visit(first + std::countr_zero(left));
        }
    }
}

inline int number_of(const Misfits& misfits, std::ptrdiff_t length) {
    int number = 0;
    for (std::ptrdiff_t i = 0; i < (length + 63) / 64; ++i)
        number += std::popcount(misfits[static_cast<std::size_t>(i)]);
    return number;
}

}  // namespace squarely
