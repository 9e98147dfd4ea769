// The short way of terms whose sums round, for blocks in which every row counts.
#pragma once

#include "sums/term_sums.hpp"

namespace squarely {

// False, and nothing added, where it does not work: then the long way is to be taken, which has the same bits.
bool add_rounded_terms_at_once(TermSums& sums, Summation summation, const Kernels& kernels, const Block& block,
                               const double* weights);

}  // namespace squarely
