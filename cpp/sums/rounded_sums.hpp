// The sums that round as they go, block by block: compensated, or along a binary tree.
#pragma once

#include "kernels/kernels.hpp"
#include "states/state.hpp"

namespace squarely {

struct RunningRoundedSum {
    RunningRoundedSum() noexcept {}  // not left to the compiler, which would clear the subtrees

    KahanSums kahan{};
    double subtrees[64];  // pairwise: subtrees[i] is the sum of 2^i blocks where bit i of blocks is set
    std::uint64_t blocks = 0;
    bool overflowed = false;  // a value, or a sum of them, is beyond the largest double
};

// Adds the values of one block. False, and nothing added, where the result is not finite.
bool add_values(RunningRoundedSum& sum, Summation summation, const Kernels& kernels, const double* values,
                std::ptrdiff_t length);

// Adds one block to the tree. False, and nothing added, where its sum is not finite.
bool add_block(RunningRoundedSum& sum, const PairwiseSums& block);
void add_block(RunningRoundedSum& sum, double block);

// Adds one value, compensated.
void add_value(RunningRoundedSum& sum, double value);

RoundedSum result(const RunningRoundedSum& sum);

// a + b, keeping what the addition rounded away.
RoundedSum joined(RoundedSum a, RoundedSum b);

}  // namespace squarely
