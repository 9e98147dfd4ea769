// The exact sum of squared errors of one output, block by block. Which path a block takes changes speed, never the sum.
#pragma once

#include "blocks/block.hpp"
#include "states/state.hpp"
#include "sums/misfit_sums.hpp"
#include "sums/sliced_squares.hpp"

namespace squarely {

struct ExactSquares {
    ExactSquares() noexcept {}  // not left to the compiler, which would clear windows and lanes

    ExactSum sum;
    PairCounts counts;
    SlicedSquares wide;
    SlicedSquares narrow;
    int blocks_by_parts = 0;        // pairs were outside the window lately: do not try that many blocks as a whole
    int blocks_with_missing = 0;    // there was a NaN lately: look for more in this many blocks
    int blocks_without_search = 0;  // no window fits many pairs: do not look for a better one for this many blocks
    MisfitSums misfits;
    int blocks_without_narrow = 0;  // float32 blocks fail: widen them for this many blocks
    int blocks_without_grid = 0;    // numbers have too many bits: try this many blocks by three slices at once
};

// Whether they are all that is summed for a state, exactly and without weights.
bool sums_squares_alone(const State& state);

void add_rows(ExactSquares& squares, const Kernels& kernels, const Pairs& pairs, Rows rows, BlockBuffers& buffers);

// A block of count pairs that is loaded already.
void add_block(ExactSquares& squares, const Kernels& kernels, const Block& block, std::ptrdiff_t count,
               BlockBuffers& buffers);

// Rows first to last of one output, block after block.
void add_stretch(ExactSquares& squares, const Kernels& kernels, const Pairs& pairs, std::ptrdiff_t first,
                 std::ptrdiff_t last, BlockBuffers& buffers);

// A stretch short enough for one thread, from the first block to the finished sum.
void sum_stretch(ExactSquares& squares, const Pairs& pairs, std::ptrdiff_t rows);

// Before they are copied.
void empty_buckets(ExactSquares& squares);

// Moves what is still in lanes and buckets into the sum.
void finish(ExactSquares& squares, const Kernels& kernels);

// And adds everything to an output of a state of squared errors alone.
void finish(ExactSquares& squares, const Kernels& kernels, State& state, std::size_t output);

}  // namespace squarely
