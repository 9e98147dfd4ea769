// The blocks of the arrays of a loss: where they lie, and how they are loaded.
#pragma once

#include "blocks/block.hpp"
#include "blocks/walk.hpp"
#include "losses/losses.hpp"
#include "machine/floating_point.hpp"
#include "machine/threads.hpp"

#include <algorithm>

namespace squarely {

struct LossBuffers {
    BlockBuffers pairs;
    alignas(64) double weights[block_length];
    alignas(64) double results[block_length];
};

// Where one run of each array lies.
struct LossRun {
    Pairs pairs;
    Column weights;
    Column results;
    std::ptrdiff_t length;
};

bool is_empty(const LossArrays& arrays);

Walk walk_of(const LossArrays& arrays);
LossRun loss_run_at(const LossArrays& arrays, const Walk& walk, std::ptrdiff_t block);

Block load_pairs(const Kernels& kernels, const LossRun& run, LossBuffers& buffers);

// Null where there are no weights. NaN for integers no double holds.
const double* load_weights(const Kernels& kernels, const LossRun& run, LossBuffers& buffers);

// Calls visit(first, last) with stretches of the blocks, over threads.
template <class Visit>
void for_each_stretch(const Walk& walk, Visit visit) {
    constexpr std::ptrdiff_t blocks_in_stretch = 128;
    parallel_for((walk.blocks + blocks_in_stretch - 1) / blocks_in_stretch, [&](std::ptrdiff_t stretch) {
        const FloatingPointEnvironment environment;
        visit(stretch * blocks_in_stretch, std::min(walk.blocks, (stretch + 1) * blocks_in_stretch));
    });
}

}  // namespace squarely
