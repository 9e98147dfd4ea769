// The exact sums that are polynomials of truth and prediction, without weights: all of them in one loop over a block.
#pragma once

#include "blocks/block.hpp"
#include "numbers/binary_number.hpp"
#include "numbers/exact_sum.hpp"

namespace squarely {

struct MomentTotals {
    ExactSum squared_error;
    ExactSum error;  // y_pred - y_true
    ExactSum absolute_error;
    ExactSum truth;
    ExactSum squared_truth;
    ExactSum prediction;
    ExactSum squared_prediction;
    double largest_error = 0;
};

// Where the total of a term is that the loop sums.
ExactSum MomentTotals::* total_of(Term term);

struct Moments {
    MomentSet set;
    MomentTotals totals;
    MomentWindows windows;
    MomentSums lanes;
    int exponents[3];  // of the windows: difference, truth, prediction
    bool chosen = false;
    int blocks_not_by_size = 0;     // zeros, or very small numbers: use the kernel that looks at every bit
    int blocks_without_search = 0;  // no windows fit many pairs: do not look for better ones for this many blocks
};

// False, and nothing added, where some pair is not two finite numbers.
bool add_block(Moments& moments, const Kernels& kernels, const Block& block);

// One pair, of any numbers: also of integers that no double holds.
void add_pair(Moments& moments, const BinaryNumber& y_true, const BinaryNumber& y_pred);

// Moves what is still in lanes into the totals.
void finish(Moments& moments, const Kernels& kernels);

}  // namespace squarely
