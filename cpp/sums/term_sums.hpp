// The sum of one term of one output, block by block: terms by a kernel, times weights, summed as values.
#pragma once

#include "blocks/block.hpp"
#include "numbers/big_number.hpp"
#include "states/state.hpp"
#include "sums/rounded_sums.hpp"
#include "sums/value_sums.hpp"

#include <optional>

namespace squarely {

struct RoundedWords {
    RunningRoundedSum first;
    RunningRoundedSum others;
    RoundedSum total;  // when finished
};

struct TermSums {
    TermSums(const Summand& own, Summation summation) : summand(own) {
        if (summation != Summation::exact) rounded.emplace();
    }

    Summand summand;
    ExactSum sum;
    TermCounts counted;
    int blocks_without_short_way = 0;
    int blocks_after_next_failure = 0;
    WeightFaults weight_faults;
    ValueSums words[most_words];  // where the summation is exact, else
    std::optional<RoundedWords> rounded;
};

// A pairwise sum of squares is too rough to be taken from another, as the metrics of variance do.
Summation rounding_of(Summation summation, Term term);

// A block of finite pairs. Rows whose byte of kept is zero do not count; all do where it is null. Weights are null
// where there are none.
struct KeptBlock {
    Block block;
    const unsigned char* kept;
    const double* weights;
};

// The short way, for blocks in which every row counts. False, and nothing added, where it does not work: then the long
// way is to be taken.
bool add_terms_at_once(TermSums& sums, Summation summation, const Kernels& kernels, const Block& block,
                       const double* weights);

void add_terms(TermSums& sums, Summation summation, const Kernels& kernels, const KeptBlock& block);

// A pair of numbers no double holds, with its weight. False, and nothing added, where the nearest doubles do as well.
bool add_exactly(TermSums& sums, Summation summation, const BigNumber& y_true, const BigNumber& y_pred, double weight);

void finish(TermSums& sums, const Kernels& kernels);

}  // namespace squarely
