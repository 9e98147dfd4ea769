// The exact sum of doubles, block by block, on a window of two slices.
#pragma once

#include "kernels/kernels.hpp"
#include "states/state.hpp"

namespace squarely {

// Where a term of two finite numbers is none: NaN stands for what is outside its domain.
void count_not_finite(TermCounts& counted, double value);

struct ValueSums {
    ValueSums() noexcept {}  // not left to the compiler, which would clear window and lanes

    ValueWindow window;  // both are set by the first choice
    ValueLanes lanes;
    int exponent = 0;
    bool chosen = false;
    int blocks_without_search = 0;
};

// Adds the values of one block, and counts those that are no finite numbers. What is in the block afterwards is of no
// use.
void add_values(ValueSums& values, const Kernels& kernels, double* block, std::ptrdiff_t length, ExactSum& sum,
                TermCounts& counted);

// As large as a window's lanes may grow before the next block.
bool is_nearly_full(const ValueSums& values);

// Moves what is still in lanes into the sum.
void finish(ValueSums& values, const Kernels& kernels, ExactSum& sum);

}  // namespace squarely
