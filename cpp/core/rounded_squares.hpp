// The Kahan and pairwise sums of squared errors of one output, block by block.
#pragma once

#include "block.hpp"
#include "squarely/state.hpp"

namespace squarely {

struct RoundedSquares {
    PairCounts counts;
    bool overflowed = false;  // a square, or a sum of them, is beyond the largest double
    KahanSums kahan{};
    double subtrees[64] = {};  // pairwise: subtrees[i] is the sum of 2^i blocks where bit i of blocks is set
    std::uint64_t blocks = 0;
};

void add_rows(RoundedSquares& squares, Summation summation, const Kernels& kernels, const Pairs& pairs, Rows rows,
              BlockBuffers& buffers);

RoundedSum result(const RoundedSquares& squares, Summation summation);

// a + b, keeping what the addition rounded away.
RoundedSum joined(RoundedSum a, RoundedSum b);

}  // namespace squarely
