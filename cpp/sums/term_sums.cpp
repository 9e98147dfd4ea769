#include "sums/term_sums.hpp"

#include "blocks/misfits.hpp"
#include "states/summands.hpp"
#include "sums/exact_terms.hpp"
#include "sums/rounded_terms.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace squarely {
namespace {

struct Words {
    alignas(64) double words[most_words][block_length];
    int count;  // of the words in use
};

std::array<double*, most_words> pointers_to(Words& words) {
    std::array<double*, most_words> pointers;
    for (int i = 0; i < most_words; ++i) pointers[static_cast<std::size_t>(i)] = words.words[i];
    return pointers;
}

bool is_exact(Summation summation) { return summation == Summation::exact; }

void add_number(TermSums& sums, Summation summation, const BigNumber& number) {
    if (is_exact(summation)) {
        if (!add(sums.sum, number)) ++sums.counted.infinite;
        return;
    }
    // Two words, which is as much as the rounded sum keeps.
    const double high = nearest(number);
    add_value(sums.rounded->first, high);
    if (std::isfinite(high)) add_value(sums.rounded->first, nearest(number - big_number(high)));
}

BigNumber weighed(const BigNumber& number, const KeptBlock& block, std::ptrdiff_t row) {
    return block.weights == nullptr ? number : number * big_number(block.weights[row]);
}

// By the kernel, and by exact arithmetic where words do not hold a term.
void make_words(TermSums& sums, Summation summation, const Kernels& kernels, const KeptBlock& kept, Words& words) {
    const Block& block = kept.block;
    const TermKernel& term = kernels.terms[static_cast<int>(sums.summand.term)];
    Misfits out_of_range;
    const bool all = term.values(block, sums.summand.parameter, pointers_to(words).data(), out_of_range.data());
    words.count = words_at_most(sums.summand.term);
    if (kept.kept != nullptr) {
        for (int i = 0; i < words.count; ++i) kernels.keep_rows(words.words[i], block.length, kept.kept);
    }
    if (all) return;
    for_each(out_of_range, block.length, [&](std::ptrdiff_t i) {
        if (kept.kept != nullptr && kept.kept[i] == 0) return;
        const auto value = exact_term(sums.summand, big_number(block.y_true[i]), big_number(block.y_pred[i]));
        add_number(sums, summation, weighed(*value, kept, i));
    });
}

// One row out of the range of the weights' kernel, as every weight is that is no finite number.
void weigh_exactly(TermSums& sums, Summation summation, const KeptBlock& kept, std::ptrdiff_t row, Words& words) {
    const double high = words.words[0][row];
    const double weight = kept.weights[row];
    if (!std::isfinite(weight)) {
        (std::isnan(weight) ? sums.weight_faults.has_nan : sums.weight_faults.has_infinite) = true;
    } else if (std::isfinite(high)) {
        BigNumber value = big_number(high);
        for (int word = 1; word < words.count; ++word) value = value + big_number(words.words[word][row]);
        add_number(sums, summation, weighed(value, kept, row));
    } else if (std::isnan(high) || weight != 0) {  // none of a term beyond the largest double is nothing
        count_not_finite(sums.counted, high);
    }
    for (auto& word : words.words) word[row] = 0;
}

void weigh(TermSums& sums, Summation summation, const Kernels& kernels, const KeptBlock& kept, Words& words) {
    if (kept.weights == nullptr) return;
    Misfits out_of_range;
    const auto pointers = pointers_to(words);
    const bool is_rounded = facts_of(sums.summand.term).is_rounded;
    const bool all =
        kernels.weigh(kept.weights, kept.block.length, words.count, is_rounded, pointers.data(), out_of_range.data());
    if (!is_rounded) words.count *= 2;
    if (all) return;
    for_each(out_of_range, kept.block.length,
             [&](std::ptrdiff_t i) { weigh_exactly(sums, summation, kept, i, words); });
}

void sum_rounding(TermSums& sums, Summation summation, const Kernels& kernels, std::ptrdiff_t length, Words& words) {
    const Summation rounding = rounding_of(summation, sums.summand.term);
    for (int word = 0; word < words.count; ++word) {
        RunningRoundedSum& rounded = word == 0 ? sums.rounded->first : sums.rounded->others;
        double* values = words.words[word];
        if (add_values(rounded, rounding, kernels, values, length)) continue;
        for (std::ptrdiff_t i = 0; i < length; ++i) {
            if (std::isfinite(values[i])) continue;
            count_not_finite(sums.counted, values[i]);
            values[i] = 0;
        }
        if (!add_values(rounded, rounding, kernels, values, length)) rounded.overflowed = true;
    }
}

// After blocks in a row that did not go the short way, as many are not tried: none after one, which is chance.
constexpr int most_blocks_without_short_way = 8;

void note_way(TermSums& sums, bool was_short) {
    if (!was_short) sums.blocks_without_short_way = sums.blocks_after_next_failure;
    sums.blocks_after_next_failure =
        was_short ? 0 : std::min(2 * sums.blocks_after_next_failure + 2, most_blocks_without_short_way);
}

// Weights may be all that is summed, beside largest and least values: then nothing is multiplied with them.
void note_faults(TermSums& weights) {
    weights.weight_faults.has_nan |= weights.counted.outside > 0;
    weights.weight_faults.has_infinite |= weights.counted.infinite > 0;
}

bool sum_weights(TermSums& sums, const Kernels& kernels, const double* weights, std::ptrdiff_t length) {
    ValueSums& values = sums.words[0];
    return kernels.exact_values(weights, length, values.window, values.lanes);
}

// In how many words a term is summed at once.
int words_at_once(const TermSums& sums, bool weighted) {
    return sums.summand.term == Term::sample_weight ? 1 : words_to_sum(sums.summand.term, weighted);
}

bool have_windows(const TermSums& sums, bool weighted) {
    const int words = words_at_once(sums, weighted);
    return std::all_of(sums.words, sums.words + words, [](const ValueSums& word) { return word.chosen; });
}

bool add_exact_terms_at_once(TermSums& sums, const Kernels& kernels, const Block& block, const double* weights) {
    const bool are_weights = sums.summand.term == Term::sample_weight;
    const TermKernel& kernel = kernels.terms[static_cast<int>(sums.summand.term)];
    const int words = words_at_once(sums, weights != nullptr);
    ValueWindow windows[most_words];
    ValueLanes lanes[most_words];
    for (int i = 0; i < words; ++i) {
        windows[i] = sums.words[i].window;
        lanes[i] = sums.words[i].lanes;
    }
    const bool is_added = are_weights
                              ? sum_weights(sums, kernels, weights, block.length)
                              : kernel.sum[weights != nullptr](block, weights, sums.summand.parameter, windows, lanes);
    if (!is_added) return false;
    for (int i = 0; i < words; ++i) {
        if (!are_weights) sums.words[i].lanes = lanes[i];
        if (is_nearly_full(sums.words[i])) finish(sums.words[i], kernels, sums.sum);
    }
    return true;
}

}  // namespace

Summation rounding_of(Summation summation, Term term) {
    return facts_of(term).is_subtracted ? Summation::kahan : summation;
}

bool add_terms_at_once(TermSums& sums, Summation summation, const Kernels& kernels, const Block& block,
                       const double* weights) {
    if (is_exact(summation) && !have_windows(sums, weights != nullptr)) return false;
    if (sums.blocks_without_short_way > 0 && --sums.blocks_without_short_way > 0) return false;
    const bool is_added = is_exact(summation) ? add_exact_terms_at_once(sums, kernels, block, weights)
                                              : add_rounded_terms_at_once(sums, summation, kernels, block, weights);
    note_way(sums, is_added);
    return is_added;
}

void add(WeightFaults& faults, const WeightFaults& more) {
    faults.has_nan = faults.has_nan || more.has_nan;
    faults.has_infinite = faults.has_infinite || more.has_infinite;
}

void add_terms(TermSums& sums, Summation summation, const Kernels& kernels, const KeptBlock& block) {
    Words words;
    if (sums.summand.term == Term::sample_weight) {
        std::copy(block.weights, block.weights + block.block.length, words.words[0]);
        words.count = 1;
    } else {
        make_words(sums, summation, kernels, block, words);
        weigh(sums, summation, kernels, block, words);
    }
    if (is_exact(summation)) {
        for (int i = 0; i < words.count; ++i) {
            add_values(sums.words[i], kernels, words.words[i], block.block.length, sums.sum, sums.counted);
        }
    } else {
        sum_rounding(sums, summation, kernels, block.block.length, words);
    }
    if (sums.summand.term == Term::sample_weight) note_faults(sums);
}

bool add_exactly(TermSums& sums, Summation summation, const BigNumber& y_true, const BigNumber& y_pred, double weight) {
    const std::optional<BigNumber> value = exact_term(sums.summand, y_true, y_pred);
    if (value) add_number(sums, summation, *value * big_number(weight));
    return value.has_value();
}

void finish(TermSums& sums, const Kernels& kernels) {
    for (ValueSums& words : sums.words) finish(words, kernels, sums.sum);
    if (sums.rounded) sums.rounded->total = joined(result(sums.rounded->first), result(sums.rounded->others));
}

}  // namespace squarely
