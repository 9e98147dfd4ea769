// A term, its weight and its exact sum in one loop, for blocks in which every row counts. All or nothing: what stands
// in the way (a value out of its window or range, NaN, infinity) is found out by the longer way, term by term in
// buffers.
#pragma once

#include "kernels/staged_terms.hpp"
#include "kernels/sums/exact_values.hpp"
#include "kernels/weights.hpp"

#include <type_traits>

namespace squarely {
namespace {

constexpr int group_of_terms = 2 * lanes > 8 ? 2 * lanes : 8;  // a cache line at least

// The sizes of all numbers of a kind that are not zero: one test a block instead of one a number.
struct Sizes {
    Vector least = broadcast(__builtin_inf());
    Vector greatest{};
};

SQUARELY_INLINE void see(Vector value, Sizes& sizes) {
    sizes.least = smaller_unless_zero(value, sizes.least);
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
    Bits unusual{};  // by its signs, as in terms.hpp
    Sizes factors;   // of several words, what is squared; of one, what is weighed
    Sizes weights;
};

// By pack expansion: GCC 12 keeps arrays in memory that a loop has an index for, and these belong in registers.
template <int words, class Visit>
SQUARELY_INLINE void for_each_word(Visit visit) {
    const auto visit_all = [&]<int... I>(Steps<I...>) __attribute__((always_inline)) { (visit(I), ...); };
    visit_all(StepsUpTo<words>{});
}

template <int words>
SQUARELY_INLINE void load_words(const ValueWindow* windows, const ValueLanes* lanes_so_far, WordSums<words>& sums) {
    for_each_word<words>([&](int word) __attribute__((always_inline)) {
        sums.sigma1[word] = broadcast(windows[word].sigma1);
        sums.sigma2[word] = broadcast(windows[word].sigma2);
        sums.sum1[word] = load<Bits>(lanes_so_far[word].lanes[0]);
        sums.sum2[word] = load<Bits>(lanes_so_far[word].lanes[1]);
    });
}

template <int words>
SQUARELY_INLINE void store_words(const WordSums<words>& sums, std::ptrdiff_t rows, ValueLanes* lanes_so_far) {
    for_each_word<words>([&](int word) __attribute__((always_inline)) {
        store(lanes_so_far[word].lanes[0], sums.sum1[word]);
        store(lanes_so_far[word].lanes[1], sums.sum2[word]);
        lanes_so_far[word].vectors += rows / lanes;
    });
}

template <int words>
SQUARELY_INLINE void add_word(Vector value, int word, WordSums<words>& sums) {
    const ValueSlices slices = sliced_value(value, sums.sigma1[word], sums.sigma2[word]);
    sums.sum1[word] += bits(slices.rounded1);
    sums.sum2[word] += bits(slices.rounded2);
    sums.lost |= slices.lost;
    sums.moved |= slices.moved;
}

// Where all that is lost is known not to be.
template <int words>
SQUARELY_INLINE void add_word_unchecked(Vector value, int word, WordSums<words>& sums) {
    const Vector rounded1 = value + sums.sigma1[word];
    const Vector rounded2 = (value - (rounded1 - sums.sigma1[word])) + sums.sigma2[word];
    sums.sum1[word] += bits(rounded1);
    sums.sum2[word] += bits(rounded2);
    sums.moved |= bits(rounded1) ^ bits(sums.sigma1[word]);
}

constexpr int words_of_square = 4;  // of a difference without an error, times a weight

// What w d^2 is at least where none of its words is lost.
double least_product(const ValueWindow* windows) {
    constexpr double least_normal = 0x1p-500;  // and so are the words of it, with weights up to the greatest
    double least = least_normal;
    // Powers of two from the bit below the last slice to the last of the word, and from there to the product; twice
    // as many where sigma is one and a half of a power of two.
    constexpr double from_sigma[words_of_square] = {0x1p-50, 0x1p4, 0, 0x1p57};
    for (int word = 0; word < words_of_square; ++word) {
        const double own = windows[word].sigma1 * from_sigma[word];
        least = own > least ? own : least;
    }
    return least;
}

template <int words_of_term, bool weighted, int words>
SQUARELY_INLINE void add_value(const Words& value, const double* weights, std::ptrdiff_t i, WordSums<words>& sums) {
    if constexpr (words_of_term > 1) see(value.tested, sums.factors);
    if constexpr (words_of_term > 2) sums.lost |= bits(absolute(value.rest));
    const Vector values[] = {value.high, value.middle, value.low};
    if constexpr (!weighted) {
        for_each_word<words_of_term>([&](int word)
                                         __attribute__((always_inline)) { add_word(values[word], word, sums); });
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
        for_each_word<words_of_term>([&](int word) __attribute__((always_inline)) {
            const Vector product = weight * values[word];
            add_word(product, 2 * word, sums);
            add_word(product_error(weight, values[word], product), 2 * word + 1, sums);
        });
    }
}

template <int words_of_term, bool weighted, class Kernel, int words>
SQUARELY_INLINE void add_term(const Kernel& term, const Block& block, const double* weights, std::ptrdiff_t i,
                              WordSums<words>& sums) {
    const Vector y_true = load<Vector>(block.y_true + i);
    const Vector y_pred = load<Vector>(block.y_pred + i);
    if constexpr (requires { term.usual(y_true, y_pred, sums.unusual); }) {
        add_value<1, weighted>(one_word(term.usual(y_true, y_pred, sums.unusual)), weights, i, sums);
    } else {
        // Zero of finite numbers, else NaN: a term may be an ordinary number of a NaN or an infinity, but for a square.
        if constexpr (!std::is_same_v<Kernel, SquaredError>) {
            sums.lost |= bits(y_true - y_true) | bits(y_pred - y_pred);
        }
        add_value<words_of_term, weighted>(term.value(y_true, y_pred), weights, i, sums);
    }
}

SQUARELY_INLINE void prefetch_group(const double* weights, std::ptrdiff_t first, Ahead& ahead) {
    for (std::ptrdiff_t line = first; line < first + group_of_terms; line += 8) {
        prefetch_next(ahead);
        if (weights != nullptr) __builtin_prefetch(weights + line + block_length);
    }
}

// Two at a time fill the pipelines: more of them unrolled, on targets of few lanes, are code alone.
template <int words_of_term, bool weighted, class Kernel, int words>
SQUARELY_INLINE void add_group_of_terms(const Kernel& term, const Block& block, const double* weights,
                                        std::ptrdiff_t first, Ahead& ahead, WordSums<words>& sums) {
    prefetch_group(weighted ? weights : nullptr, first, ahead);
    for (std::ptrdiff_t i = first; i < first + group_of_terms; i += 2 * lanes) {
        add_term<words_of_term, weighted>(term, block, weights, i, sums);
        add_term<words_of_term, weighted>(term, block, weights, i + lanes, sums);
    }
}

SQUARELY_INLINE void add_weighted_square(Vector difference, Vector weight, Vector& least,
                                         WordSums<words_of_square>& sums) {
    const Vector square = difference * difference;
    const Vector square_low = product_error(difference, difference, square);
    const Vector product = weight * square;
    const Vector product_low = weight * square_low;
    least = smaller_where_not_zero(difference, product, least);
    sums.weights.greatest = larger_size(weight, sums.weights.greatest);
    add_word_unchecked(product, 0, sums);
    add_word_unchecked(product_error(weight, square, product), 1, sums);
    add_word(product_low, 2, sums);
    add_word_unchecked(product_error(weight, square_low, product_low), 3, sums);
}

// Weighted squares of differences without an error, as of numbers that are near each other, have four words rather
// than six. A difference d and a weight w have 53 bits each: what their products lose is a multiple of the last bits
// of both, and so as far above its last slice as the product w d^2 is. One test of the least of these, at the end of a
// block, stands for those of three words of four. What fails it is left to the tests of the numbers themselves.
[[gnu::noinline]] bool sum_weighted_squares(const Block& block, const double* weights, const ValueWindow* windows,
                                            ValueLanes* lanes_so_far) {
    WordSums<words_of_square> sums;
    load_words(windows, lanes_so_far, sums);
    Vector least = broadcast(__builtin_inf());
    Ahead ahead = block.ahead;
    for (std::ptrdiff_t first = 0; first < block.length; first += group_of_terms) {
        Bits errors{};
        prefetch_group(weights, first, ahead);
        for (std::ptrdiff_t i = first; i < first + group_of_terms; i += lanes) {
            const Vector y_true = load<Vector>(block.y_true + i);
            const Vector y_pred = load<Vector>(block.y_pred + i);
            const Vector difference = y_true - y_pred;
            // Of the larger of the two the difference is taken without error (Dekker), and so tells the other one.
            errors |= bits(y_true - difference) ^ bits(y_pred);
            errors |= bits(added_by_multiplier(y_pred, difference)) ^ bits(y_true);
            add_weighted_square(difference, load<Vector>(weights + i), least, sums);
        }
        if (any(errors)) return false;
    }
    const Bits outside =
        mask(sums.weights.greatest > broadcast(greatest_weight)) | mask(least < broadcast(least_product(windows)));
    if (any(sums.lost | (sums.moved & sign_and_exponent) | outside)) return false;
    store_words(sums, block.length, lanes_so_far);
    return true;
}

// All or nothing.
template <int words_of_term, int words>
SQUARELY_INLINE bool keep(const WordSums<words>& sums, std::ptrdiff_t rows, ValueLanes* lanes_so_far) {
    const Bits outside = are_outside(sums.weights, least_weight, greatest_weight) |
                         (words_of_term > 1 ? are_outside(sums.factors, least_to_square, greatest_to_square)
                                            : are_outside(sums.factors, least_to_weigh, greatest_to_weigh));
    if (any(sums.lost | (sums.moved & sign_and_exponent) | (sums.unusual & sign_bit) | outside)) return false;
    store_words(sums, rows, lanes_so_far);
    return true;
}

template <int words, bool weighted, class Kernel>
SQUARELY_INLINE bool sum_in_stages(const Kernel& term, const Block& block, const double* weights,
                                   const ValueWindow* windows, ValueLanes* lanes_so_far) {
    Stages stages;
    if (any(values_in_stages(term, block, stages) & sign_bit)) return false;
    if constexpr (!weighted) {
        return exact_values(stages.value, block.length, windows[0], lanes_so_far[0]);
    } else {
        WordSums<words> sums;
        load_words(windows, lanes_so_far, sums);
        for (std::ptrdiff_t i = 0; i < block.length; i += lanes) {
            if (i % 8 == 0) __builtin_prefetch(weights + i + block_length);
            add_value<1, true>(one_word(load<Vector>(stages.value + i)), weights, i, sums);
        }
        return keep<1>(sums, block.length, lanes_so_far);
    }
}

template <class Kernel, Term row, bool weighted>
bool sum_terms(const Block& block, const double* weights, double parameter, const ValueWindow* windows,
               ValueLanes* lanes_so_far) {
    constexpr int words = words_to_sum(row, weighted);
    constexpr int words_of_term = term_rows::facts[static_cast<int>(row)].words;
    const Kernel term{parameter};
    if constexpr (weighted && std::is_same_v<Kernel, SquaredError>) {
        if (sum_weighted_squares(block, weights, windows, lanes_so_far)) return true;
    }
    if constexpr (InStages<Kernel>) {
        return sum_in_stages<words, weighted>(term, block, weights, windows, lanes_so_far);
    } else {
        WordSums<words> sums;
        load_words(windows, lanes_so_far, sums);
        Ahead ahead = block.ahead;
        for (std::ptrdiff_t first = 0; first < block.length; first += group_of_terms) {
            add_group_of_terms<words_of_term, weighted>(term, block, weights, first, ahead, sums);
        }
        return keep<words_of_term>(sums, block.length, lanes_so_far);
    }
}

}  // namespace
}  // namespace squarely
