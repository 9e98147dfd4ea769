// A term, its weight and its exact sum in one loop, for blocks in which every row counts. All or nothing: what stands
// in the way (a value out of its window or range, NaN, infinity) is found out by the longer way, term by term in
// buffers.
#pragma once

#include "kernels/sums/exact_values.hpp"
#include "kernels/weights.hpp"

namespace squarely {
namespace {

constexpr int group_of_terms = 2 * lanes > 8 ? 2 * lanes : 8;  // a cache line at least

// The sizes of all numbers of a kind that are not zero: one test a block instead of one a number.
struct Sizes {
    Vector least = broadcast(__builtin_inf());
    Vector greatest{};
};

SQUARELY_INLINE void see(Vector value, Sizes& sizes) {
    const Vector unless_zero = chosen(mask(value == Vector{}), broadcast(__builtin_inf()), value);
    sizes.least = smaller_size(unless_zero, sizes.least);
    sizes.greatest = larger_size(value, sizes.greatest);
}

SQUARELY_INLINE Bits are_outside(const Sizes& sizes, double least, double greatest) {
    return mask(sizes.least < broadcast(least)) | mask(sizes.greatest > broadcast(greatest));
}

template <int words>
struct WordSums {
    Vector sigma1[words], sigma2[words];
    Bits sum1[words], sum2[words];
    Bits lost{};
    Bits moved{};
    Sizes factors;  // of several words, what is squared; of one, what is weighed
    Sizes weights;
};

template <int words>
SQUARELY_INLINE void add_word(Vector value, int word, WordSums<words>& sums) {
    const ValueSlices slices = sliced_value(value, sums.sigma1[word], sums.sigma2[word]);
    sums.sum1[word] += bits(slices.rounded1);
    sums.sum2[word] += bits(slices.rounded2);
    sums.lost |= slices.lost;
    sums.moved |= slices.moved;
}

template <int words_of_term, bool weighted, class Kernel, int words>
SQUARELY_INLINE void add_term(const Kernel& term, const Block& block, const double* weights, std::ptrdiff_t i,
                              WordSums<words>& sums) {
    const Vector y_true = load<Vector>(block.y_true + i);
    const Vector y_pred = load<Vector>(block.y_pred + i);
    // Zero of finite numbers, else NaN: a term may be an ordinary number of a NaN or an infinity.
    sums.lost |= bits(y_true - y_true) | bits(y_pred - y_pred);
    const Words value = term.value(y_true, y_pred);
    if constexpr (words_of_term > 1) see(value.tested, sums.factors);
    if constexpr (words_of_term > 2) sums.lost |= bits(absolute(value.rest));
    const Vector values[] = {value.high, value.middle, value.low};
    if constexpr (!weighted) {
        for (int word = 0; word < words_of_term; ++word) add_word(values[word], word, sums);
    } else {
        const Vector weight = load<Vector>(weights + i);
        see(weight, sums.weights);
        if constexpr (words_of_term == 1) see(value.high, sums.factors);
        if constexpr (words == words_of_term) {  // of a rounded term
            const Vector product = weight * value.high;
            add_word(product, 0, sums);
            add_word(weight * value.middle + product_error(weight, value.high, product), 1, sums);
            return;
        }
        for (int word = 0; word < words_of_term; ++word) {
            const Vector product = weight * values[word];
            add_word(product, 2 * word, sums);
            add_word(product_error(weight, values[word], product), 2 * word + 1, sums);
        }
    }
}

// Two at a time fill the pipelines: more of them unrolled, on targets of few lanes, are code alone.
template <int words_of_term, bool weighted, class Kernel, int words>
SQUARELY_INLINE void add_group_of_terms(const Kernel& term, const Block& block, const double* weights,
                                        std::ptrdiff_t first, Ahead& ahead, WordSums<words>& sums) {
    for (std::ptrdiff_t line = first; line < first + group_of_terms; line += 8) {
        prefetch_next(ahead);
        if constexpr (weighted) __builtin_prefetch(weights + line + block_length);
    }
    for (std::ptrdiff_t i = first; i < first + group_of_terms; i += 2 * lanes) {
        add_term<words_of_term, weighted>(term, block, weights, i, sums);
        add_term<words_of_term, weighted>(term, block, weights, i + lanes, sums);
    }
}

template <class Kernel, Term row, bool weighted>
bool sum_terms(const Block& block, const double* weights, double parameter, const ValueWindow* windows,
               ValueLanes* lanes_so_far) {
    constexpr int words = words_to_sum(row, weighted);
    constexpr int words_of_term = term_rows::facts[static_cast<int>(row)].words;
    const Kernel term{parameter};
    WordSums<words> sums;
    for (int word = 0; word < words; ++word) {
        sums.sigma1[word] = broadcast(windows[word].sigma1);
        sums.sigma2[word] = broadcast(windows[word].sigma2);
        sums.sum1[word] = load<Bits>(lanes_so_far[word].lanes[0]);
        sums.sum2[word] = load<Bits>(lanes_so_far[word].lanes[1]);
    }
    Ahead ahead = block.ahead;
    for (std::ptrdiff_t first = 0; first < block.length; first += group_of_terms) {
        add_group_of_terms<words_of_term, weighted>(term, block, weights, first, ahead, sums);
    }
    const Bits outside = are_outside(sums.weights, least_weight, greatest_weight) |
                         (words_of_term > 1 ? are_outside(sums.factors, least_to_square, greatest_to_square)
                                            : are_outside(sums.factors, least_to_weigh, greatest_to_weigh));
    if (any(sums.lost | (sums.moved & sign_and_exponent) | outside)) return false;
    for (int word = 0; word < words; ++word) {
        store(lanes_so_far[word].lanes[0], sums.sum1[word]);
        store(lanes_so_far[word].lanes[1], sums.sum2[word]);
        lanes_so_far[word].vectors += block.length / lanes;
    }
    return true;
}

}  // namespace
}  // namespace squarely
