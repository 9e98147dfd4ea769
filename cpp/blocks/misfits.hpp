// Pairs of a block that a kernel could not take, one bit a pair.
#pragma once

#include "kernels/kernels.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace squarely {

using Misfits = std::array<std::uint64_t, block_length / 64>;

// Without an instruction of its own, which the oldest processors do not have and others would call a function for.
constexpr int bits_in(std::uint64_t word) {
    word -= word >> 1 & 0x5555555555555555;
    word = (word & 0x3333333333333333) + (word >> 2 & 0x3333333333333333);
    word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0f;
    return static_cast<int>(word * 0x0101010101010101 >> 56);
}

// The words of a block: behind its length nothing is set.
inline bool any_of(const Misfits& misfits, std::ptrdiff_t length) {
    return std::any_of(misfits.begin(), misfits.begin() + length / 64, [](std::uint64_t word) { return word != 0; });
}

inline void add(Misfits& misfits, const Misfits& more) {
    for (std::size_t i = 0; i < misfits.size(); ++i) misfits[i] |= more[i];
}

struct MisfitRows {
    std::int16_t rows[block_length + 64];
    int count = 0;

    const std::int16_t* begin() const { return rows; }
    const std::int16_t* end() const { return rows + count; }
};

constexpr int misfits_found_at_once = 4;

// One after another. At least four of a word are written, whether it has as many or not: that is as good as random, and
// to branch on it took longer than what is done with a pair.
inline void find_rows(const Misfits& misfits, std::ptrdiff_t length, MisfitRows& found) {
    found.count = 0;
    for (std::ptrdiff_t first = 0; first < length; first += 64) {
        std::uint64_t left = misfits[static_cast<std::size_t>(first / 64)];
        const int end = found.count + bits_in(left);
        int next = found.count;
        do {
            for (int i = 0; i < misfits_found_at_once; ++i, left &= left - 1) {
                found.rows[next++] = static_cast<std::int16_t>(first + std::countr_zero(left));
            }
        } while (next < end);
        found.count = end;
    }
}

template <class Visit>
void for_each(const Misfits& misfits, std::ptrdiff_t length, Visit visit) {
    MisfitRows found;
    find_rows(misfits, length, found);
    for (const std::ptrdiff_t row : found) visit(row);
}

}  // namespace squarely
