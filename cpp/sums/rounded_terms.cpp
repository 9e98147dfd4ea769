#include "sums/rounded_terms.hpp"

#include "blocks/misfits.hpp"

#include <algorithm>

namespace squarely {
namespace {

// Values of a block in the lanes in which they are added.
struct LaneValues {
    LaneValues() noexcept {}  // not left to the compiler, which would clear the values

    alignas(64) double values[block_length];
    std::ptrdiff_t length = 0;
};

// The words that no kernel has summed yet, in the order in which they are.
struct MoreWords {
    LaneValues words[most_words];
    int count = 0;
};

// Where more rows of a block have more words, it is faster to form those of all.
constexpr int most_picked = block_length / 5;

// A byte of as many bits as there are lanes.
Misfits as_words(const unsigned char* bytes, std::ptrdiff_t length, int lanes) {
    Misfits words{};
    for (std::ptrdiff_t first = 0; first < length; first += 64) {
        std::uint64_t word = 0;
        for (int i = 0; i < 64; i += lanes) word |= std::uint64_t{*bytes++} << i;
        words[static_cast<std::size_t>(first / 64)] = word;
    }
    return words;
}

std::ptrdiff_t padded(std::ptrdiff_t length) { return (length + block_multiple - 1) / block_multiple * block_multiple; }

void pick(const double* values, const MisfitRows& list, double* picked) {
    for (int i = 0; i < list.count; ++i) picked[i] = values[list.rows[i]];
    std::fill(picked + list.count, picked + padded(list.count), 0.0);
}

// Every value comes as early as its lane allows: zeros add nothing, and in a lane the order stays. Without branches,
// because it is as good as random which rows and words there are.
void put_into_lanes(const double* values, const MisfitRows& list, int lanes, LaneValues& target) {
    int depths[pairwise_lanes] = {};
    for (int i = 0; i < list.count; ++i) depths[list.rows[i] & (lanes - 1)] += values[i] != 0 ? 1 : 0;
    target.length = *std::max_element(depths, depths + lanes) * lanes;
    std::fill_n(target.values, target.length, 0.0);
    int next[pairwise_lanes] = {};
    for (int i = 0; i < list.count; ++i) {
        const int lane = list.rows[i] & (lanes - 1);
        double& place = target.values[next[lane] * lanes + lane];
        place = values[i];
        next[lane] += values[i] != 0 ? 1 : 0;
    }
}

// The third and the fourth word of the rows that may have them, and with weights their products, two each. False where
// words do not hold one of them, or there are too many.
bool add_last_words(const Kernels& kernels, const TermKernel& kernel, const Block& block, const double* weights,
                    const MisfitRows& list, int lanes, MoreWords& more) {
    if (list.count > most_picked) return false;
    const int count = weights == nullptr ? 2 : 4;
    LaneValues* const targets = more.words + more.count;
    more.count += count;
    if (list.count == 0) return true;
    BlockBuffers sides;
    pick(block.y_true, list, sides.y_true);
    pick(block.y_pred, list, sides.y_pred);
    const Block picked{sides.y_true, sides.y_pred, padded(list.count), {}};
    alignas(64) double formed[6][block_length];
    double* pointers[6];
    for (int i = 0; i < 6; ++i) pointers[i] = formed[i];
    Misfits out_of_range;
    if (!kernel.values(picked, 0, pointers, out_of_range.data())) return false;
    if (weights != nullptr) {
        alignas(64) double own_weights[block_length];
        pick(weights, list, own_weights);
        if (!kernels.weigh(own_weights, picked.length, 2, false, pointers + 2, out_of_range.data())) return false;
    }
    for (int i = 0; i < count; ++i) put_into_lanes(formed[2 + i], list, lanes, targets[i]);
    return true;
}

bool add_more(RunningRoundedSum& sum, Summation rounding, const Kernels& kernels, const MoreWords& more) {
    bool are_added = true;
    for (int i = 0; i < more.count; ++i) {
        const LaneValues& words = more.words[i];
        if (words.length > 0) {
            are_added = add_values(sum, rounding, kernels, words.values, words.length) && are_added;
        } else if (rounding == Summation::pairwise) {
            add_block(sum, 0.0);
        }
    }
    return are_added;
}

// Predictions are summed by the kernels of truths.
Term read_as_truth(Term term, Block& block) {
    if (facts_of(term).part != Part::prediction) return term;
    std::swap(block.y_true, block.y_pred);
    std::swap(block.ahead.y_true, block.ahead.y_pred);
    std::swap(block.ahead.y_true_step, block.ahead.y_pred_step);
    return term == Term::prediction ? Term::truth : Term::squared_truth;
}

// What a block makes of the sums before it, or adds to them, before anything is added.
struct BlockSums {
    explicit BlockSums(Summation how) noexcept : rounding(how) {}  // what sums are used is written first

    Summation rounding;
    KahanSums kahan[2];        // of the first words and of the others
    PairwiseSums pairwise[3];  // of the first words, and one for each of the others
    int others = 0;            // of the latter
    MoreWords more;

    double* lanes(int i) { return rounding == Summation::kahan ? kahan[std::min(i, 1)].lanes : pairwise[i].lanes; }
};

bool any(const unsigned char* bytes, std::ptrdiff_t count) {
    unsigned char all = 0;
    for (std::ptrdiff_t i = 0; i < count; ++i) all |= bytes[i];
    return all != 0;
}

bool sum_block(BlockSums& sums, const RoundedWords& before, Term term, const Kernels& kernels, const Block& block, const double* weights) {
    const TermKernel& kernel = kernels.terms[static_cast<int>(term)];
    const bool is_kahan = sums.rounding == Summation::kahan;
    const TermKernel::RoundedSum sum = (is_kahan ? kernel.kahan : kernel.pairwise)[weights != nullptr];
    MoreWords& more = sums.more;
    double* const middles = more.words[0].values;
    unsigned char has_more[block_length];
    const double* const lanes_before[] = {before.first.kahan.lanes, before.others.kahan.lanes};
    double* const lanes_after[] = {sums.lanes(0), sums.lanes(1)};
    if (sum == nullptr || !sum(block, weights, lanes_before, lanes_after, middles, has_more)) return false;
    const int words = facts_of(term).words;
    sums.others = weights != nullptr || words > 1 ? 1 : 0;
    if (weights != nullptr && words > 1) {
        (is_kahan ? kernels.kahan_products : kernels.pairwise_products)(weights, middles, block.length, sums.lanes(2));
        sums.others = 2;
        more.words[0].length = block.length;  // errors of the products
        more.count = 1;
    }
    if (words < 3) return true;
    MisfitRows list;
    if (any(has_more, block.length / kernels.lanes)) {
        find_rows(as_words(has_more, block.length, kernels.lanes), block.length, list);
    }
    return add_last_words(kernels, kernel, block, weights, list, is_kahan ? kahan_lanes : pairwise_lanes, more);
}

bool add(RoundedWords& sums, const BlockSums& block, const Kernels& kernels) {
    if (block.rounding == Summation::kahan) {
        sums.first.kahan = block.kahan[0];
        if (block.others > 0) sums.others.kahan = block.kahan[1];
        return add_more(sums.others, block.rounding, kernels, block.more);
    }
    bool are_added = add_block(sums.first, block.pairwise[0]);
    for (int i = 1; i <= block.others; ++i) are_added = add_block(sums.others, block.pairwise[i]) && are_added;
    return add_more(sums.others, block.rounding, kernels, block.more) && are_added;
}

}  // namespace

bool add_rounded_terms_at_once(TermSums& sums, Summation summation, const Kernels& kernels, const Block& block,
                               const double* weights) {
    const Summation rounding = rounding_of(summation, sums.summand.term);
    RoundedWords& rounded = *sums.rounded;
    if (sums.summand.term == Term::sample_weight) {
        return add_values(rounded.first, rounding, kernels, weights, block.length);
    }
    Block read = block;
    const Term term = read_as_truth(sums.summand.term, read);
    BlockSums of_block(rounding);
    if (!sum_block(of_block, rounded, term, kernels, read, weights)) return false;
    if (!add(rounded, of_block, kernels)) rounded.others.overflowed = true;
    return true;
}

}  // namespace squarely
