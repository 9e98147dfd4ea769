// What the sliced kernels have summed on one window, until it goes into a long integer.
#pragma once

#include "kernels/kernels.hpp"
#include "numbers/exact_sum.hpp"

namespace squarely {

__extension__ typedef __int128 int128;

// Lane sums stay in machine words, and go into the long integer when the window moves or they could fill up.
struct SlicedSquares {
    int exponent = 0;  // differences up to 2^exponent fit
    bool chosen = false;
    int scale = 0;  // the kernels get blocks times 2^scale, and the window is of these
    Window window;  // both are set by the first choice: clearing them would cost a tenth of a short score
    SlicedSums sums;
};

constexpr int wide_products = 6;    // of three slices
constexpr int narrow_products = 3;  // of two

// Every difference of 32-bit integers fits it, and is a multiple of its second grid. Their kernels check nothing, so
// that they must not run in a window that floats have chosen before them.
constexpr int integer_window = 33;

// What lanes have gathered in so many groups, without the constant that each of them gathered with it. Lanes beyond
// count are empty. A group adds less than 2^52 units to a lane.
int128 units_in(const std::uint64_t (&lanes)[max_lanes], int count, std::uint64_t constant, std::int64_t groups);
void add_units(ExactSum& sum, int128 units, int exponent);

// The products of one window, which together are squares: as one number, because one by one those below zero would
// borrow from every limb above.
void add_products(ExactSum& sum, const int128 (&units)[wide_products], int products, int window);

bool is_nearly_full(const SlicedSquares& sliced);

// Adds the lanes to the sum. A window has to be chosen again before there is more.
void finish(SlicedSquares& sliced, const Kernels& kernels, int products, ExactSum& sum);

// Empties the lanes into one sum.
void flush(SlicedSquares& sliced, const Kernels& kernels, int products, ExactSum& sum);

// Adds one lane to a sum of its own, with its products from this one on.
void add_lane(const SlicedSquares& sliced, int first_product, int products, int lane, ExactSum& sum);

// The lanes are empty. False where there is no such window: one for blocks as they are, or perhaps scaled.
bool set_window(SlicedSquares& sliced, int exponent);
bool set_scaled_window(SlicedSquares& sliced, int exponent);

}  // namespace squarely
