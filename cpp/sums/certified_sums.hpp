// The sums of a call that keeps no state: where they are known well enough for the nearest double, they need not be
// exact. Ends between which each sum lies are exact numbers, and if a metric has one value for the worst and for the
// best of them, it is the value (the strategy of Ziv, "Fast evaluation of elementary mathematical functions with
// correctly rounded last bit", 1991). Where it has two, or anything is unusual, all is summed again, exactly.
#pragma once

#include "blocks/column.hpp"
#include "kernels/kernels.hpp"
#include "states/formulas.hpp"

#include <optional>

namespace squarely {

// Of which such sums a metric can be made, or none.
std::optional<CertifiedSet> certified_set(const SummandList& summands);

// A sum lies between these.
struct Ends {
    ExactSum low;
    ExactSum high;
};

struct CertifiedEnds {
    Ends squared_error, absolute_error, error, squared_truth, truth;
    PairCounts counts;
};

// False where they are not to be had this way.
bool certified_ends(const Pairs& pairs, std::ptrdiff_t rows, CertifiedSet set, CertifiedEnds& ends);

// The larger the errors and the smaller the variance of the truth, the worse.
OutputSums worst_of(const CertifiedEnds& ends, const SummandList& summands);
OutputSums best_of(const CertifiedEnds& ends, const SummandList& summands);

}  // namespace squarely
