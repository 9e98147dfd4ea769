// The exact sums that are polynomials of truth and prediction, without weights: all of them in one loop over a block.
#pragma once

#include "blocks/block.hpp"
#include "numbers/binary_number.hpp"
#include "numbers/exact_sum.hpp"
#include "states/state.hpp"
#include "sums/misfit_sums.hpp"

#include <optional>

namespace squarely {

// There are those that are wanted: to clear and copy the others would take longer than to sum a short chunk.
struct MomentTotals {
    std::optional<ExactSum> squared_error;
    std::optional<ExactSum> error;  // y_pred - y_true
    std::optional<ExactSum> absolute_error;
    std::optional<ExactSum> truth;
    std::optional<ExactSum> squared_truth;
    std::optional<ExactSum> prediction;
    std::optional<ExactSum> squared_prediction;
    double largest_error = 0;
};

struct Moments {
    Moments() noexcept {}  // not left to the compiler, which would clear windows and lanes

    MomentSet set{};
    MomentTotals totals;
    MomentWindows windows;  // these are set by the first choice of windows
    MomentSums lanes;
    int exponents[3];  // of the windows: difference, truth, prediction
    int scale;         // the kernels get blocks times 2^scale, and their windows are of these
    bool chosen = false;
    int blocks_by_parts = 0;        // there were misfits lately, or zeros: do not try that many blocks as a whole
    int blocks_without_search = 0;  // no windows fit many pairs: do not look for better ones for this many blocks
    MisfitSums misfits;
};

// Before anything is added. The term has a part in the loop.
void want(Moments& moments, Term term);

// Of a term that is wanted, and is not the largest error.
const ExactSum& total_of(const Moments& moments, Term term);

// Pairs that are not two finite numbers are left out, and moved in the counts, in whose pairs they are. Without counts
// false, and nothing added, where there is one.
bool add_block(Moments& moments, const Kernels& kernels, const Block& block, PairCounts* counts);

// In the next block.
void expect_zeros(Moments& moments);

// One pair, of any numbers: also of integers that no double holds.
void add_pair(Moments& moments, const BinaryNumber& y_true, const BinaryNumber& y_pred);

// Before they are copied.
void empty_buckets(Moments& moments);

// Moves what is still in lanes and buckets into the totals.
void finish(Moments& moments, const Kernels& kernels);

}  // namespace squarely
