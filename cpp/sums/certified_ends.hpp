// What the lanes of certified kernels say of a sum: units, how large they are, and ends between which it lies.
#pragma once

#include "blocks/block.hpp"
#include "numbers/binary_number.hpp"
#include "sums/certified_sums.hpp"
#include "sums/window.hpp"

#include <optional>

namespace squarely {

// Units below the largest number of a block times 2^4, for squares and for numbers: a lane takes 512 numbers of 22
// times that size, or of 65,000 times that, before it leaves its range.
constexpr int above_block = 4;
constexpr int square_unit = -42;
constexpr int value_unit = -35;
constexpr int most_steps = 512;  // of a lane, between two looks at its range

// Where neither units nor squares leave the doubles. Other blocks are scaled, as for windows.
constexpr int smallest_unscaled = -300;
constexpr int largest_unscaled = 400;
constexpr int smallest_exponent = -1018;  // of subnormal numbers, and of zeros

// Of 2^51 units each at most, which a word holds.
constexpr std::ptrdiff_t most_rows = 1024 * block_length;

inline int exponent_above(double largest) {
    return largest > 0 ? exponent_of(largest) + 1 + above_block : smallest_exponent;
}

struct Lanes {
    int first;
    int last;
};

// What so many rows have added to these lanes, in units of 2^unit, of blocks times 2^scale.
void add_ends(const CertifiedLanes& sum, Lanes own, int unit, int scale, std::ptrdiff_t rows,
              std::optional<Ends>& ends);

// The same of predictions less truths, where the kernel sums truths less predictions.
void add_negated_ends(const CertifiedLanes& sum, Lanes own, int unit, int scale, std::ptrdiff_t rows,
                      std::optional<Ends>& ends);

}  // namespace squarely
