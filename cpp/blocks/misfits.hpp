// Pairs of a block that a kernel could not take, one bit a pair.
#pragma once

#include "kernels/kernels.hpp"

#include <array>
#include <bit>

namespace squarely {

using Misfits = std::array<std::uint64_t, block_length / 64>;

inline int number_of(const Misfits& misfits, std::ptrdiff_t length) {
    int number = 0;
    for (std::ptrdiff_t i = 0; i < (length + 63) / 64; ++i)
        number += std::popcount(misfits[static_cast<std::size_t>(i)]);
    return number;
}

constexpr int misfits_found_at_once = 4;

// Their rows, one after another, and how many there are. At least four of a word are written, whether it has as many or
// not: that is as good as random, and to branch on it took longer than what is done with a pair.
inline int find_rows(const Misfits& misfits, std::ptrdiff_t length, std::int16_t (&rows)[block_length + 64]) {
    int count = 0;
    for (std::ptrdiff_t first = 0; first < length; first += 64) {
        std::uint64_t left = misfits[static_cast<std::size_t>(first / 64)];
        const int end = count + std::popcount(left);
        int next = count;
        do {
            for (int i = 0; i < misfits_found_at_once; ++i, left &= left - 1) {
                rows[next++] = static_cast<std::int16_t>(first + std::countr_zero(left));
            }
        } while (next < end);
        count = end;
    }
    return count;
}

template <class Visit>
void for_each(const Misfits& misfits, std::ptrdiff_t length, Visit visit) {
    std::int16_t rows[block_length + 64];
    const int count = find_rows(misfits, length, rows);
    for (int i = 0; i < count; ++i) visit(std::ptrdiff_t{rows[i]});
}

}  // namespace squarely
