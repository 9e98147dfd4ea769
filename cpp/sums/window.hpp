// The window of the sliced kernels: which exponent fits the pairs at hand. A choice changes speed, never the sum.
#pragma once

#include "blocks/block.hpp"
#include "blocks/misfits.hpp"

namespace squarely {

// The grids of a window E lie at 2^(E-24), 2^(E-49) and 2^(E-73).
constexpr int grid1 = -24;
constexpr int grid2 = -49;
constexpr int grid3 = -73;

// The six products of slices, by the grids of their factors.
constexpr int product_grids[6][2] = {{grid1, grid1}, {grid1, grid2}, {grid2, grid2},
                                     {grid1, grid3}, {grid2, grid3}, {grid3, grid3}};

// Outside these the products leave the range of doubles, or lose bits among the subnormals.
constexpr int smallest_window = -380;
constexpr int largest_window = 480;

inline bool is_window(int exponent) { return smallest_window <= exponent && exponent <= largest_window; }

// Further out, blocks are multiplied by a power of two first. The last grid of the smallest one is the unit of all
// doubles.
constexpr int smallest_scaled_window = -1001;
constexpr int largest_scaled_window = 1025;

// The exponent of the power, zero where there is no need for one.
int scale_for(int window);

// By bits: the functions of the C library take ten times as long. The exponent of a normal number; subnormal ones and
// zero have -1023.
int exponent_of(double value);
double power_of_two(int exponent);

// 1.5 * 2^52 * 2^exponent.
double rounding_constant(int exponent);

Window window_of(int exponent);

// For a first block: twice its largest difference, so that a slightly larger one does not leave the window.
int first_exponent(const Kernels& kernels, const Block& block);

struct BestWindow {
    int exponent;
    int pairs;  // that fit, not counting those without a difference, which fit any
};

// A copy of the block times 2^scale, without the pairs that are lost in it.
struct ScaledBlock {
    BlockBuffers values;
    Misfits lost;
};

Block scaled(const Kernels& kernels, const Block& block, int scale, ScaledBlock& copy);

// The window that fits the most pairs of the block, infinities and NaN aside.
BestWindow best_window(const Block& block);

}  // namespace squarely
