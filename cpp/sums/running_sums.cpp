#include "sums/running_sums.hpp"

#include "blocks/weights.hpp"
#include "machine/floating_point.hpp"
#include "machine/targets.hpp"
#include "states/summands.hpp"
#include "sums/exact_terms.hpp"
#include "sums/pair.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace squarely {
namespace {

bool is_of_moments(const RunningSums& sums, Term term) {
    return sums.summation == Summation::exact && !sums.weighted && facts_of(term).part != Part::none;
}

// Before the first rows.
void want(RunningSums& sums, const Summand& summand) {
    const Term term = summand.term;
    if (is_of_moments(sums, term)) {
        sums.has_moments = true;
        want(sums.moments, term);
    } else if (is_extreme(term)) {
        sums.extremes.of_error |= term == Term::largest_error;
        sums.extremes.of_truth |= term != Term::largest_error;
    } else if (is_summed(term)) {
        const bool reads_pairs = term != Term::sample_weight;
        if (sums.prover < 0 && reads_pairs) sums.prover = static_cast<int>(sums.terms.size());
        sums.terms.emplace_back(summand, sums.summation);
    }
}

struct RowBuffers {
    unsigned char kept[block_length];
    alignas(64) double weights[block_length];
    BlockBuffers without_large;
};

// Ones for the rows of a short block, zeros for its padding.
const unsigned char* mark_padding(RowBuffers& buffers, std::ptrdiff_t rows, std::ptrdiff_t length) {
    std::fill(buffers.kept, buffers.kept + rows, static_cast<unsigned char>(1));
    std::fill(buffers.kept + rows, buffers.kept + length, static_cast<unsigned char>(0));
    return buffers.kept;
}

double rounded_error(const LargePair& pair) { return std::fabs(nearest_difference(pair.y_true, pair.y_pred)); }

// Integers no double holds are added exactly to the moments, which get pairs of zeros instead.
bool add_moments(RunningSums& sums, const Kernels& kernels, const Block& block, const std::vector<LargePair>& large,
                 RowBuffers& buffers) {
    if (large.empty()) return add_block(sums.moments, kernels, block, nullptr);
    BlockBuffers& rest = buffers.without_large;
    std::copy(block.y_true, block.y_true + block.length, rest.y_true);
    std::copy(block.y_pred, block.y_pred + block.length, rest.y_pred);
    for (const LargePair& pair : large) rest.y_true[pair.row] = rest.y_pred[pair.row] = 0;
    if (!add_block(sums.moments, kernels, {rest.y_true, rest.y_pred, block.length, block.ahead}, nullptr)) return false;
    for (const LargePair& pair : large) {
        add_pair(sums.moments, pair.y_true, pair.y_pred);
        double& largest = sums.moments.totals.largest_error;
        largest = std::max(largest, rounded_error(pair));
    }
    return true;
}

void copy_kept(const KeptBlock& block, unsigned char* kept) {
    if (block.kept != nullptr) {
        std::copy(block.kept, block.kept + block.block.length, kept);
    } else {
        std::fill(kept, kept + block.block.length, static_cast<unsigned char>(1));
    }
}

// In place of large integers zero and their difference, which is all that such terms see.
void add_terms_of_differences(RunningSums& sums, TermSums& terms, const Kernels& kernels, const KeptBlock& block,
                              const std::vector<LargePair>& large, RowBuffers& buffers) {
    BlockBuffers& changed = buffers.without_large;
    std::copy(block.block.y_true, block.block.y_true + block.block.length, changed.y_true);
    std::copy(block.block.y_pred, block.block.y_pred + block.block.length, changed.y_pred);
    for (const LargePair& pair : large) {
        changed.y_true[pair.row] = 0;
        changed.y_pred[pair.row] = nearest_difference(pair.y_pred, pair.y_true);
    }
    const Block differences{changed.y_true, changed.y_pred, block.block.length, block.block.ahead};
    add_terms(terms, sums.summation, kernels, {differences, block.kept, block.weights});
}

// The kernels see the nearest doubles of large integers: of two of them the difference would be lost.
void add_terms_with_large(RunningSums& sums, TermSums& terms, const Kernels& kernels, const KeptBlock& block,
                          const std::vector<LargePair>& large, RowBuffers& buffers) {
    const Term term = terms.summand.term;
    if (facts_of(term).is_of_difference) {
        return add_terms_of_differences(sums, terms, kernels, block, large, buffers);
    }
    unsigned char kept[block_length];
    copy_kept(block, kept);
    for (const LargePair& pair : large) {
        if (kept[pair.row] == 0) continue;
        const double weight = block.weights == nullptr ? 1.0 : buffers.weights[pair.row];
        const BigNumber y_true = big_number(pair.y_true);
        kept[pair.row] = !add_exactly(terms, sums.summation, y_true, big_number(pair.y_pred), weight);
    }
    add_terms(terms, sums.summation, kernels, {block.block, kept, block.weights});
}

void add_truths(Extremes& extremes, const Kernels& kernels, const KeptBlock& block,
                const std::vector<LargePair>& large) {
    unsigned char without_large[block_length];
    const unsigned char* kept = block.kept;
    if (!large.empty()) {
        copy_kept(block, without_large);
        for (const LargePair& pair : large) without_large[pair.row] = 0;
        kept = without_large;
    }
    ExtremeValue least{std::numeric_limits<double>::infinity()};
    ExtremeValue greatest{-std::numeric_limits<double>::infinity()};
    kernels.find_extremes(block.block.y_true, block.block.length, kept, &least.nearest, &greatest.nearest);
    for (const LargePair& pair : large) {
        if (block.kept != nullptr && block.kept[pair.row] == 0) continue;
        const ExtremeValue truth = extreme_value(pair.y_true);
        least = std::min(least, truth);
        greatest = std::max(greatest, truth);
    }
    extremes.least_truth = std::min(extremes.least_truth, least);
    extremes.greatest_truth = std::max(extremes.greatest_truth, greatest);
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
    if (extremes.of_truth) add_truths(extremes, kernels, kept, large);
    if (extremes.of_error) {
        extremes.largest_error =
            std::max(extremes.largest_error, largest_error(kernels, block, kept.kept, large, buffers));
    }
}

void add_counts(const RunningSums& sums, const Kernels& kernels, const KeptBlock& kept,
                const std::vector<LargePair>& large) {
    if (sums.by_size != nullptr) sums.by_size->add_block(kernels, kept.block, kept.kept, large);
}

const TermSums& terms_of(const RunningSums& sums, const Summand& summand) {
    const auto is_own = [&](const TermSums& terms) { return terms.summand == summand; };
    return *std::find_if(sums.terms.begin(), sums.terms.end(), is_own);
}

SumOfOutput sum_of(const RunningSums& sums, const Summand& summand) {
    const Term term = summand.term;
    if (is_by_size(term)) return {summand, {}, nullptr, {}, nullptr};
    if (term == Term::largest_error) {
        const bool is_moment = is_of_moments(sums, term);
        const double largest = is_moment ? sums.moments.totals.largest_error : sums.extremes.largest_error;
        return {summand, {}, nullptr, ExtremeValue{largest}, nullptr};
    }
    if (is_extreme(term)) {
        const bool is_least = facts_of(term).extreme == Extreme::least;
        return {summand, {}, nullptr, is_least ? sums.extremes.least_truth : sums.extremes.greatest_truth, nullptr};
    }
    if (is_of_moments(sums, term)) return {summand, total_of(sums.moments, term), nullptr, {}, nullptr};
    const TermSums& terms = terms_of(sums, summand);
    const TermCounts* counted = may_be_no_number(term, sums.weighted) ? &terms.counted : nullptr;
    if (terms.rounded) return {summand, {}, &terms.rounded->total, {}, counted};
    return {summand, terms.sum, nullptr, {}, counted};
}

// Whether the block was found to have finite numbers only, and was added to what found that out.
bool add_to_prover(RunningSums& sums, const Kernels& kernels, const Block& block, const double* weights) {
    if (sums.has_moments) return add_block(sums.moments, kernels, block, nullptr);
    if (sums.prover < 0) return kernels.all_finite(block);
    return add_terms_at_once(sums.terms[static_cast<std::size_t>(sums.prover)], sums.summation, kernels, block,
                             weights);
}

// Then a block that was added to the prover is added to all.
bool sums_one_kind(const RunningSums& sums) {
    return sums.terms.size() + (sums.has_moments ? 1 : 0) == 1 && !sums.extremes.of_truth && !sums.extremes.of_error &&
           sums.by_size == nullptr && (sums.has_moments || sums.prover >= 0);
}

// The short way, of a full block in which every row counts. False, and nothing added, where it does not work.
bool add_whole_block(RunningSums& sums, const Kernels& kernels, const Block& block, const double* weights,
                     RowBuffers& buffers) {
    if (!add_to_prover(sums, kernels, block, weights)) return false;
    if (sums_one_kind(sums)) return true;
    const Block seen = without_prefetch(block);
    const KeptBlock kept{seen, nullptr, weights};
    add_extremes(sums.extremes, kernels, kept, {}, buffers);
    add_counts(sums, kernels, kept, {});
    for (std::size_t i = 0; i < sums.terms.size(); ++i) {
        if (!sums.has_moments && static_cast<int>(i) == sums.prover) continue;
        TermSums& terms = sums.terms[i];
        if (add_terms_at_once(terms, sums.summation, kernels, seen, weights)) continue;
        add_terms(terms, sums.summation, kernels, kept);
    }
    return true;
}

// Then nobody else need know which pairs are not two finite numbers.
bool sums_moments_alone(const RunningSums& sums) { return sums.has_moments && sums_one_kind(sums); }

}  // namespace

RunningSums running_sums(const State& state) {
    RunningSums running(state.summation, state.weighted);
    running.terms.reserve(state.sums.size());
    for (const Sums& sums : state.sums) want(running, sums.summand);
    return running;
}

RunningSums running_sums(Summation summation, bool weighted, std::span<const Summand> summands) {
    RunningSums running(summation, weighted);
    for (auto own = summands.begin(); own != summands.end(); ++own) {
        if (std::find(summands.begin(), own, *own) == own) want(running, *own);
    }
    if (weighted) want(running, {Term::sample_weight});
    return running;
}

void add_rows(RunningSums& sums, const Kernels& kernels, const Pairs& pairs, Rows rows, BlockBuffers& buffers) {
    RowBuffers own;
    const double* weights = weights_of(kernels, pairs, rows, own.weights);
    const RowsKept kept_rows = with_weight(kernels, rows_kept(kernels, pairs, rows, buffers), weights, rows, buffers);
    sums.counts.masked += static_cast<std::uint64_t>(rows.count - kept_rows.count);
    if (kept_rows.count == 0) return;
    std::vector<LargePair> large;
    const Block loaded = load_block(kernels, pairs, rows, kept_rows, buffers, large);
    sums.counts.pairs += static_cast<std::uint64_t>(kept_rows.count);
    KeptBlock kept{with_nulls(kernels, loaded, kept_rows, buffers), kept_rows.where, nullptr};
    Block& block = kept.block;
    const bool is_padded = rows.count < block.length;
    if (is_padded) expect_zeros(sums.moments);
    if (large.empty() && sums_moments_alone(sums)) {
        add_block(sums.moments, kernels, with_where(kernels, block, kept_rows, buffers), &sums.counts);
        return;
    }
    if (kept.kept == nullptr && !kept_rows.has_nulls && !is_padded && large.empty()) {
        if (add_whole_block(sums, kernels, block, weights, own)) return;
    }
    if (kept.kept == nullptr && is_padded) kept.kept = mark_padding(own, rows.count, block.length);

    bool is_added = false;
    if (kept_rows.where == nullptr) {
        is_added = sums.has_moments ? add_moments(sums, kernels, block, large, own) : kernels.all_finite(block);
    }
    if (!is_added) {
        LeftOut left_out{};
        kernels.keep_finite(block, kept.kept, buffers.y_true, buffers.y_pred, own.kept, left_out);
        add(sums.counts, left_out);
        block = {buffers.y_true, buffers.y_pred, block.length, block.ahead};
        kept.kept = own.kept;
        if (sums.has_moments) add_moments(sums, kernels, block, large, own);
    }
    if (weights != nullptr) {
        if (weights != own.weights) std::copy(weights, weights + block.length, own.weights);
        if (kept.kept != nullptr) kernels.keep_rows(own.weights, block.length, kept.kept);
        kept.weights = own.weights;
    }
    add_extremes(sums.extremes, kernels, kept, large, own);
    add_counts(sums, kernels, kept, large);
    for (TermSums& terms : sums.terms) {
        if (large.empty() || terms.summand.term == Term::sample_weight) {
            add_terms(terms, sums.summation, kernels, kept);
        } else {
            add_terms_with_large(sums, terms, kernels, kept, large, own);
        }
    }
}

WeightFaults weight_faults(const RunningSums& sums) {
    WeightFaults faults;
    for (const TermSums& terms : sums.terms) add(faults, terms.weight_faults);
    return faults;
}

void finish(RunningSums& sums, const Kernels& kernels) {
    if (sums.has_moments) finish(sums.moments, kernels);
    for (TermSums& terms : sums.terms) finish(terms, kernels);
    // Plus zero, because of zeros of two signs either may have come first.
    sums.extremes.least_truth.nearest += 0.0;
    sums.extremes.greatest_truth.nearest += 0.0;
}

void sum_stretch(RunningSums& sums, const Pairs& pairs, std::ptrdiff_t rows) {
    const Kernels& kernels = *current_target().kernels;
    const FloatingPointEnvironment environment;
    BlockBuffers buffers;
    for (std::ptrdiff_t first = 0; first < rows; first += block_length) {
        add_rows(sums, kernels, pairs, {first, std::min<std::ptrdiff_t>(block_length, rows - first)}, buffers);
    }
    finish(sums, kernels);
    // As a state of nothing takes sums that round.
    for (TermSums& terms : sums.terms) {
        if (terms.rounded) terms.rounded->total = joined({}, terms.rounded->total);
    }
}

OutputSums sums_of_output(const RunningSums& sums, const SummandList& summands) {
    OutputSums output(sums.summation, sums.weighted, sums.counts);
    for (const Summand& summand : summands) append(output, sum_of(sums, summand));
    if (sums.weighted) append(output, sum_of(sums, {Term::sample_weight}));
    return output;
}

void finish(RunningSums& sums, const Kernels& kernels, State& state, std::size_t output) {
    finish(sums, kernels);
    state.counts.add(output, sums.counts);
    for (Sums& all : state.sums) add_to_output(all, output, sum_of(sums, all.summand));
}

}  // namespace squarely
