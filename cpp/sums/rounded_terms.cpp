#include "sums/rounded_terms.hpp"

#include "blocks/misfits.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace squarely {
namespace {

// Where more rows of a block have more words, it is faster to form those of all.
constexpr int most_picked = block_length / 5;

// A byte of as many bits as there are lanes.
Misfits as_words(const unsigned char* bytes, std::ptrdiff_t length, int lanes) {
    Misfits words{};
    if (lanes == 8) {  // of processors alone whose lowest byte comes first
        std::memcpy(words.data(), bytes, static_cast<std::size_t>(length / 8));
        return words;
    }
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

// Values of some rows in their lanes, one after another: in a lane the order is that of the rows.
void add_compensated(const double* values, const MisfitRows& list, double* lanes) {
    for (int i = 0; i < list.count; ++i) {
        const int lane = list.rows[i] & (kahan_lanes - 1);
        const double before = lanes[lane];
        const double sum = before + values[i];
        const double back = sum - before;
        lanes[lane] = sum;
        lanes[kahan_lanes + lane] += (before - (sum - back)) + (values[i] - back);
    }
}

void add_plainly(const double* values, const MisfitRows& list, double* lanes) {
    std::fill(lanes, lanes + pairwise_lanes, 0.0);
    for (int i = 0; i < list.count; ++i) lanes[list.rows[i] & (pairwise_lanes - 1)] += values[i];
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
    KahanSums kahan[2];                     // of the first words and of the others
    PairwiseSums pairwise[1 + most_words];  // of the first words, and one for each of the others
    int others = 0;                         // of the latter
    int others_of_zeros = 0;                // and after them

    bool is_kahan() const { return rounding == Summation::kahan; }
    double* lanes(int i) { return is_kahan() ? kahan[std::min(i, 1)].lanes : pairwise[i].lanes; }
};

bool any(const unsigned char* bytes, std::ptrdiff_t count) {
    unsigned char all = 0;
    for (std::ptrdiff_t i = 0; i < count; ++i) all |= bytes[i];
    return all != 0;
}

// The second word times its weight, as two.
bool add_weighed_words(BlockSums& sums, const Kernels& kernels, const double* weights, double* middles,
                       std::ptrdiff_t length) {
    sums.others = 3;
    if (sums.is_kahan()) {
        kernels.kahan_products(weights, middles, length, sums.lanes(2));
        return kernels.kahan_values(middles, length, sums.kahan[1]);
    }
    kernels.pairwise_products(weights, middles, length, sums.lanes(2));
    kernels.pairwise_values(middles, length, sums.pairwise[3]);
    return true;
}

// The third and the fourth word of the rows that may have them, and with weights their products, two each. False where
// words do not hold one of them, or there are too many.
bool add_last_words(BlockSums& sums, const Kernels& kernels, const TermKernel& kernel, const Block& block,
                    const double* weights, const MisfitRows& list) {
    if (list.count > most_picked) return false;
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
    for (int i = 2; i < (weights == nullptr ? 4 : 6); ++i) {
        (sums.is_kahan() ? add_compensated : add_plainly)(formed[i], list, sums.lanes(++sums.others));
    }
    return true;
}

bool sum_block(BlockSums& sums, const RoundedWords& before, Term term, const Kernels& kernels, const Block& block,
               const double* weights) {
    const TermKernel& kernel = kernels.terms[static_cast<int>(term)];
    const TermKernel::RoundedSum sum = (sums.is_kahan() ? kernel.kahan : kernel.pairwise)[weights != nullptr];
    alignas(64) double middles[block_length];
    unsigned char has_more[block_length];
    const double* const lanes_before[] = {before.first.kahan.lanes, before.others.kahan.lanes};
    double* const lanes_after[] = {sums.lanes(0), sums.lanes(1)};
    if (sum == nullptr || !sum(block, weights, lanes_before, lanes_after, middles, has_more)) return false;
    const int words = facts_of(term).words;
    sums.others = weights != nullptr || words > 1 ? 1 : 0;
    if (weights != nullptr && words > 1 && !add_weighed_words(sums, kernels, weights, middles, block.length)) {
        return false;
    }
    if (words < 3) return true;
    if (!any(has_more, block.length >> std::countr_zero(static_cast<unsigned>(kernels.lanes)))) {
        sums.others_of_zeros = weights == nullptr ? 2 : 4;
        return true;
    }
    MisfitRows list;
    find_rows(as_words(has_more, block.length, kernels.lanes), block.length, list);
    return add_last_words(sums, kernels, kernel, block, weights, list);
}

bool add(RoundedWords& sums, const BlockSums& block) {
    if (block.is_kahan()) {
        sums.first.kahan = block.kahan[0];
        if (block.others > 0) sums.others.kahan = block.kahan[1];
        return true;
    }
    bool are_added = add_block(sums.first, block.pairwise[0]);
    for (int i = 1; i <= block.others; ++i) are_added = add_block(sums.others, block.pairwise[i]) && are_added;
    for (int i = 0; i < block.others_of_zeros; ++i) add_block(sums.others, 0.0);
    return are_added;
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
    if (!add(rounded, of_block)) rounded.others.overflowed = true;
    return true;
}

}  // namespace squarely
