#include "sums/running_sums.hpp"

#include "states/summands.hpp"
#include "sums/exact_terms.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace squarely {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

bool is_of_moments(const State& state, Term term) {
    return state.summation == Summation::exact && !state.weighted && facts_of(term).part != Part::none;
}

void want_moment(MomentSet& set, Term term) {
    const Part part = facts_of(term).part;
    set.of_error |= part == Part::error;
    set.of_truth |= part == Part::truth;
    set.of_prediction |= part == Part::prediction;
}

struct RowBuffers {
    unsigned char kept[block_length];
    unsigned char weighed[block_length];
    alignas(64) double weights[block_length];
    BlockBuffers without_large;
};

// Ones for the rows of a short block, zeros for its padding.
const unsigned char* mark_padding(RowBuffers& buffers, std::ptrdiff_t rows, std::ptrdiff_t length) {
    std::fill(buffers.kept, buffers.kept + rows, static_cast<unsigned char>(1));
    std::fill(buffers.kept + rows, buffers.kept + length, static_cast<unsigned char>(0));
    return buffers.kept;
}

void count_left_out(PairCounts& counts, const LeftOut& left_out) {
    counts.missing_true += left_out.missing_true;
    counts.missing_pred += left_out.missing_pred;
    counts.infinite += left_out.infinite;
    counts.undefined += left_out.undefined;
    counts.pairs -= left_out.missing_true + left_out.missing_pred;
}

double rounded_error(const LargePair& pair) {
    return nearest(absolute(big_number(pair.y_true) - big_number(pair.y_pred)));
}

// Integers no double holds are added exactly to the moments, which get pairs of zeros instead.
bool add_moments(RunningSums& sums, const Kernels& kernels, const Block& block, const std::vector<LargePair>& large,
                 RowBuffers& buffers) {
    if (large.empty()) return add_block(sums.moments, kernels, block);
    BlockBuffers& rest = buffers.without_large;
    std::copy(block.y_true, block.y_true + block.length, rest.y_true);
    std::copy(block.y_pred, block.y_pred + block.length, rest.y_pred);
    for (const LargePair& pair : large) rest.y_true[pair.row] = rest.y_pred[pair.row] = 0;
    if (!add_block(sums.moments, kernels, {rest.y_true, rest.y_pred, block.length, block.ahead})) return false;
    for (const LargePair& pair : large) {
        add_pair(sums.moments, pair.y_true, pair.y_pred);
        double& largest = sums.moments.totals.largest_error;
        largest = std::max(largest, rounded_error(pair));
    }
    return true;
}

// Terms that are exact of any numbers leave those of large integers to exact arithmetic; the others see them rounded.
void add_terms_without_large(RunningSums& sums, TermSums& terms, const Kernels& kernels, const KeptBlock& block,
                             const std::vector<LargePair>& large, RowBuffers& buffers) {
    unsigned char kept[block_length];
    if (block.kept != nullptr) {
        std::copy(block.kept, block.kept + block.block.length, kept);
    } else {
        std::fill(kept, kept + block.block.length, static_cast<unsigned char>(1));
    }
    for (const LargePair& pair : large) {
        kept[pair.row] = 0;
        const double weight = block.weights == nullptr ? 1.0 : buffers.weights[pair.row];
        add_exactly(terms, sums.summation, big_number(pair.y_true), big_number(pair.y_pred), weight);
    }
    add_terms(terms, sums.summation, kernels, {block.block, kept, block.weights});
}

// A row whose weight is zero is as good as absent, also where nothing is multiplied with it. Those left out before have
// such a weight already. Null where every row has a weight.
const unsigned char* mark_weighed(const double* weights, std::ptrdiff_t length, RowBuffers& buffers) {
    unsigned char all = 1;
    for (std::ptrdiff_t i = 0; i < length; ++i) {
        buffers.weighed[i] = weights[i] != 0 ? 1 : 0;
        all &= buffers.weighed[i];
    }
    return all != 0 ? nullptr : buffers.weighed;
}

double largest_error(const Kernels& kernels, const Block& block, const unsigned char* counts,
                     const std::vector<LargePair>& large, RowBuffers& buffers) {
    if (counts == nullptr && large.empty()) return kernels.largest_difference(block);
    BlockBuffers& rest = buffers.without_large;
    std::copy(block.y_true, block.y_true + block.length, rest.y_true);
    std::copy(block.y_pred, block.y_pred + block.length, rest.y_pred);
    for (double* side : {rest.y_true, rest.y_pred}) {
        if (counts != nullptr) kernels.keep_rows(side, block.length, counts);
        for (const LargePair& pair : large) side[pair.row] = 0;
    }
    double largest = kernels.largest_difference({rest.y_true, rest.y_pred, block.length, block.ahead});
    for (const LargePair& pair : large) {
        if (counts == nullptr || counts[pair.row] != 0) largest = std::max(largest, rounded_error(pair));
    }
    return largest;
}

void add_extremes(Extremes& extremes, const Kernels& kernels, const KeptBlock& kept,
                  const std::vector<LargePair>& large, RowBuffers& buffers) {
    if (!extremes.of_truth && !extremes.of_error) return;
    const Block& block = kept.block;
    const unsigned char* counts =
        kept.weights == nullptr ? kept.kept : mark_weighed(kept.weights, block.length, buffers);
    if (extremes.of_truth) {
        kernels.find_extremes(block.y_true, block.length, counts, &extremes.least_truth, &extremes.greatest_truth);
    }
    if (extremes.of_error) {
        extremes.largest_error =
            std::max(extremes.largest_error, largest_error(kernels, block, counts, large, buffers));
    }
}

double extreme_of(const Extremes& extremes, Term term) {
    if (term == Term::largest_error) return extremes.largest_error;
    // Plus zero, because of zeros of two signs either may have come first.
    return (facts_of(term).extreme == Extreme::least ? extremes.least_truth : extremes.greatest_truth) + 0.0;
}

void store_moments(const MomentTotals& totals, Sums& sums, std::size_t output) {
    if (is_extreme(sums.summand.term)) {
        sums.extreme[output] = totals.largest_error;
    } else {
        sums.exact[output] = totals.*total_of(sums.summand.term);
    }
}

void store_terms(const TermSums& terms, Sums& sums, std::size_t output) {
    if (!sums.exact.empty()) sums.exact[output] = terms.sum;
    if (!sums.rounded.empty()) sums.rounded[output] = joined(result(terms.rounded[0]), result(terms.rounded[1]));
    if (!sums.counted.empty()) sums.counted[output] = terms.counted;
}

// Whether the block was found to have finite numbers only, and was added to what found that out.
bool add_to_prover(RunningSums& sums, const Kernels& kernels, const Block& block, const double* weights) {
    if (sums.has_moments) return add_block(sums.moments, kernels, block);
    if (sums.prover < 0) return kernels.all_finite(block);
    return add_terms_at_once(sums.terms[static_cast<std::size_t>(sums.prover)], kernels, block, weights);
}

// The short way, of a full block in which every row counts. False, and nothing added, where it does not work.
bool add_whole_block(RunningSums& sums, const Kernels& kernels, const Block& block, const double* weights,
                     RowBuffers& buffers) {
    if (sums.summation != Summation::exact || !add_to_prover(sums, kernels, block, weights)) return false;
    Block seen = block;
    seen.ahead = {0, 0, 0, 0};  // prefetched once
    const KeptBlock kept{seen, nullptr, weights};
    add_extremes(sums.extremes, kernels, kept, {}, buffers);
    for (std::size_t i = 0; i < sums.terms.size(); ++i) {
        if (!sums.has_moments && static_cast<int>(i) == sums.prover) continue;
        TermSums& terms = sums.terms[i];
        if (!add_terms_at_once(terms, kernels, seen, weights)) add_terms(terms, sums.summation, kernels, kept);
    }
    return true;
}

// In place where they lie so.
const double* weights_of(const Kernels& kernels, const Column& weights, Rows rows, RowBuffers& buffers) {
    const bool may_view = weights.dtype == DType::float64 && !weights.swapped && weights.stride == 8 &&
                          reinterpret_cast<std::uintptr_t>(weights.data) % 8 == 0;
    if (may_view) return static_cast<const double*>(weights.data) + rows.first;
    load_weights(kernels, weights, rows, buffers.weights);
    return buffers.weights;
}

}  // namespace

RunningSums running_sums(const State& state) {
    RunningSums running{state.summation, {}, false, {}, {}, -1, {}};
    MomentSet set{};
    for (const Sums& sums : state.sums) {
        const Term term = sums.summand.term;
        if (is_of_moments(state, term)) {
            running.has_moments = true;
            want_moment(set, term);
        } else if (is_extreme(term)) {
            running.extremes.of_error |= term == Term::largest_error;
            running.extremes.of_truth |= term != Term::largest_error;
        } else {
            running.terms.push_back({});
            running.terms.back().summand = sums.summand;
        }
    }
    running.moments.set = set;
    for (std::size_t i = 0; i < running.terms.size() && running.prover < 0; ++i) {
        const Term term = running.terms[i].summand.term;
        if (facts_of(term).proves_finite) running.prover = static_cast<int>(i);
    }
    running.extremes.least_truth = infinity;
    running.extremes.greatest_truth = -infinity;
    return running;
}

void add_rows(RunningSums& sums, const Kernels& kernels, const Pairs& pairs, Rows rows, BlockBuffers& buffers) {
    const RowsKept kept_rows = rows_kept(kernels, pairs, rows, buffers);
    sums.counts.masked += static_cast<std::uint64_t>(rows.count - kept_rows.count);
    if (kept_rows.count == 0) return;
    sums.counts.pairs += static_cast<std::uint64_t>(kept_rows.count);
    RowBuffers own;
    std::vector<LargePair> large;
    const Block loaded = load_block(kernels, pairs, rows, kept_rows, buffers, large);
    KeptBlock kept{with_nulls(kernels, loaded, kept_rows, buffers), kept_rows.where, nullptr};
    Block& block = kept.block;
    const bool is_padded = rows.count < block.length;
    if (kept.kept == nullptr && !kept_rows.has_nulls && !is_padded && large.empty()) {
        const double* in_place = are_weighted(pairs) ? weights_of(kernels, pairs.weights, rows, own) : nullptr;
        if (add_whole_block(sums, kernels, block, in_place, own)) return;
    }
    if (kept.kept == nullptr && is_padded) kept.kept = mark_padding(own, rows.count, block.length);

    bool is_added = false;
    if (kept_rows.where == nullptr) {
        is_added = sums.has_moments ? add_moments(sums, kernels, block, large, own) : kernels.all_finite(block);
    }
    if (!is_added) {
        LeftOut left_out{};
        kernels.keep_finite(block, kept.kept, buffers.y_true, buffers.y_pred, own.kept, left_out);
        count_left_out(sums.counts, left_out);
        block = {buffers.y_true, buffers.y_pred, block.length, block.ahead};
        kept.kept = own.kept;
        if (sums.has_moments) add_moments(sums, kernels, block, large, own);
    }
    if (are_weighted(pairs)) {
        load_weights(kernels, pairs.weights, rows, own.weights);
        std::fill(own.weights + rows.count, own.weights + block.length, 0.0);
        if (kept.kept != nullptr) kernels.keep_rows(own.weights, block.length, kept.kept);
        kept.weights = own.weights;
    }
    add_extremes(sums.extremes, kernels, kept, large, own);
    for (TermSums& terms : sums.terms) {
        if (large.empty() || !has_exact_term(terms.summand.term)) {
            add_terms(terms, sums.summation, kernels, kept);
        } else {
            add_terms_without_large(sums, terms, kernels, kept, large, own);
        }
    }
}

WeightFaults weight_faults(const RunningSums& sums) {
    WeightFaults faults;
    for (const TermSums& terms : sums.terms) add(faults, terms.weight_faults);
    return faults;
}

void finish(RunningSums& sums, const Kernels& kernels, State& state, std::size_t output) {
    state.counts[output] = sums.counts;
    if (sums.has_moments) finish(sums.moments, kernels);
    for (TermSums& terms : sums.terms) finish(terms, kernels);
    auto terms = sums.terms.begin();
    for (Sums& stored : state.sums) {
        if (is_of_moments(state, stored.summand.term)) {
            store_moments(sums.moments.totals, stored, output);
        } else if (is_extreme(stored.summand.term)) {
            stored.extreme[output] = extreme_of(sums.extremes, stored.summand.term);
        } else {
            store_terms(*terms++, stored, output);
        }
    }
}

}  // namespace squarely
