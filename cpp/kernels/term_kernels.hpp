// The kernels of every term, by its row.
#pragma once

#include "kernels/sums/exact_terms.hpp"
#include "kernels/sums/rounded_terms.hpp"

#include <type_traits>

namespace squarely {
namespace {

// What is compared or counted, and not summed, has none.
struct Compared {};
struct Counted {};

// Polynomials of truth and prediction take no longer than their sums. What is subtracted is never summed pairwise, and
// predictions are summed as truths are.
template <Term row>
constexpr void set_rounded_sums(TermKernel& kernels) {
    constexpr TermFacts facts = term_rows::facts[static_cast<int>(row)];
    if constexpr (facts.part != Part::prediction) {
        kernels.kahan[0] = rounded_terms<row, KahanLane, false>;
        kernels.kahan[1] = rounded_terms<row, KahanLane, true>;
        if constexpr (!facts.is_subtracted) {
            kernels.pairwise[0] = rounded_terms<row, PairwiseLane, false>;
            kernels.pairwise[1] = rounded_terms<row, PairwiseLane, true>;
        }
    }
}

template <class Kernel, Term row>
constexpr TermKernel term_kernel() {
    TermKernel kernels{};
    if constexpr (is_summed(row) && row != Term::sample_weight) {  // which is what it is
        constexpr TermFacts facts = term_rows::facts[static_cast<int>(row)];
        kernels.values = term_values<Kernel, facts.words>;
        kernels.sum[1] = sum_terms<Kernel, row, true>;
        if constexpr (facts.part == Part::none) {
            kernels.sum[0] = sum_terms<Kernel, row, false>;  // of others the loop over moments sums it
        } else {
            set_rounded_sums<row>(kernels);
        }
    }
    return kernels;
}

}  // namespace
}  // namespace squarely
