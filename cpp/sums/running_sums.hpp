// All sums of one output while a stretch of rows is read, block by block.
#pragma once

#include "states/formulas.hpp"
#include "sums/moments.hpp"
#include "sums/running_counts.hpp"
#include "sums/term_sums.hpp"

#include <limits>
#include <span>
#include <vector>

namespace squarely {

struct Extremes {
    bool of_truth = false;
    bool of_error = false;
    ExtremeValue least_truth{std::numeric_limits<double>::infinity()};
    ExtremeValue greatest_truth{-std::numeric_limits<double>::infinity()};
    double largest_error = 0;
};

struct RunningSums {
    RunningSums(Summation how, bool are_weighted) : summation(how), weighted(are_weighted) {}

    Summation summation;
    bool weighted;
    PairCounts counts;
    bool has_moments = false;  // polynomials of exact, unweighted sums: in one loop
    Moments moments;
    std::vector<TermSums> terms;  // all others
    int prover = -1;              // which of them fails where a number is not finite
    Extremes extremes;
    RunningCounts* by_size = nullptr;  // of whoever adds rows, where there is something to count
};

// For one output of a state.
RunningSums running_sums(const State& state);

// For one metric or several, of which some may want the same. Where their pairs have weights, these are summed too.
RunningSums running_sums(Summation summation, bool weighted, std::span<const Summand> summands);

// When finished: where the sums of these are.
OutputSums sums_of_output(const RunningSums& sums, const SummandList& summands);

// Pairs have weights where the state is weighted.
void add_rows(RunningSums& sums, const Kernels& kernels, const Pairs& pairs, Rows rows, BlockBuffers& buffers);

// A stretch short enough for one thread, from the first block to the finished sums.
void sum_stretch(RunningSums& sums, const Pairs& pairs, std::ptrdiff_t rows);

WeightFaults weight_faults(const RunningSums& sums);

// Moves what is still in lanes into the sums.
void finish(RunningSums& sums, const Kernels& kernels);

// And adds everything to an output of a state. Sums that round are set: the output has seen nothing.
void finish(RunningSums& sums, const Kernels& kernels, State& state, std::size_t output);

}  // namespace squarely
