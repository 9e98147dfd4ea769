// All sums of one output while a stretch of rows is read, block by block.
#pragma once

#include "sums/moments.hpp"
#include "sums/term_sums.hpp"

#include <vector>

namespace squarely {

struct Extremes {
    bool of_truth = false;
    bool of_error = false;
    double least_truth;
    double greatest_truth;
    double largest_error = 0;
};

struct RunningSums {
    Summation summation;
    PairCounts counts;
    bool has_moments = false;  // polynomials of exact, unweighted sums: in one loop
    Moments moments;
    std::vector<TermSums> terms;  // all others
    int prover = -1;              // which of them fails where a number is not finite
    Extremes extremes;
};

// For one output of a state.
RunningSums running_sums(const State& state);

// Pairs have weights where the state is weighted.
void add_rows(RunningSums& sums, const Kernels& kernels, const Pairs& pairs, Rows rows, BlockBuffers& buffers);

WeightFaults weight_faults(const RunningSums& sums);

// Moves everything into an output of a state that has seen nothing.
void finish(RunningSums& sums, const Kernels& kernels, State& state, std::size_t output);

}  // namespace squarely
