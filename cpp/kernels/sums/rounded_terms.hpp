// A term, its weight and its kahan or pairwise sum in one loop, for blocks in which every row counts. Of all its words
// the first two are summed here, which is all where differences are exact; with weights the first one, as two. All or
// nothing: what stands in the way (a number that is not finite, or one out of the range in which words hold a term) is
// found out by the longer way, in buffers.
//
// The bits are those of the longer way: there every word of a block is added after the one before it, in the same
// lanes, and adding zeros changes nothing.
//
// What a squared error takes at least, in operations on vectors: 6 for the difference and its error, 5 for the square
// and the error of that, 6 and 7 for two compensated additions, 4 for the tests. On a processor that does two of them a
// cycle, eight doubles each, that is 14 cycles for eight pairs; the plain sum of squares takes 4.4, because it waits
// for its data. Lanes and order are part of the bits, so nothing of it can be left out.
#pragma once

#include "kernels/sums/exact_terms.hpp"
#include "kernels/sums/kahan.hpp"
#include "kernels/sums/pairwise.hpp"
#include "kernels/weights.hpp"

#include <type_traits>

namespace squarely {
namespace {

// The sizes of what words are made of, as a test once a block: zeros are held always.
struct HeldSizes {
    Vector least = broadcast(__builtin_inf());
    Vector greatest{};
    Bits lost{};  // bits beside the sign where something was not finite
};

SQUARELY_INLINE void see_least(Vector value, HeldSizes& sizes) {
    sizes.least = smaller_unless_zero(value, sizes.least);
}

SQUARELY_INLINE void see_finite(Vector value, HeldSizes& sizes) { sizes.lost |= bits(value * Vector{}); }

struct FirstWords {
    Vector high;
    Vector middle;
    Vector error;  // not zero where there are more words
};

template <Term row, class Kernel>
SQUARELY_INLINE FirstWords first_words(const Kernel& term, Vector y_true, Vector y_pred, HeldSizes& sizes) {
    constexpr TermFacts facts = term_rows::facts[static_cast<int>(row)];
    if constexpr (std::is_same_v<Kernel, SquaredError>) {
        const Difference difference = difference_of(y_true, y_pred);
        const Words square = rounded_square(difference);
        see_least(difference.rounded, sizes);
        return {square.high, square.middle, difference.error};
    }
    const Words value = term.value(y_true, y_pred);
    if constexpr (facts.part == Part::error) {
        see_least(value.high, sizes);
        see_least(value.middle, sizes);
    } else {
        see_finite(y_true, sizes);
        see_finite(y_pred, sizes);
        see_least(facts.words > 1 ? value.tested : value.high, sizes);
    }
    return {value.high, value.middle, Vector{}};
}

// What words hold, and with a weight two words each.
struct Range {
    double least, greatest;
};

template <Term row>
constexpr Range range_of_first_word() {
    constexpr TermFacts facts = term_rows::facts[static_cast<int>(row)];
    if (facts.words == 1) return {least_to_weigh, greatest_to_weigh};
    const bool is_square = facts.words > 2 || facts.part != Part::error;
    return {least_to_square, is_square ? greatest_to_square * greatest_to_square : greatest_to_square};
}

template <class Kernel, Term row, class Lane, bool weighted>
bool rounded_terms(const Block& block, const double* weights, double* first, double* others, double* middles,
                   unsigned char* has_more) {
    constexpr TermFacts facts = term_rows::facts[static_cast<int>(row)];
    // Then the sums are as large as what is summed, or larger.
    constexpr bool is_growing = facts.is_never_negative && !weighted;
    const Kernel term{0};
    const double* const y_true = block.y_true;
    const double* const y_pred = block.y_pred;
    const std::ptrdiff_t length = block.length;
    HeldSizes sizes;
    Sizes weight_sizes;
    Ahead ahead = block.ahead;
    constexpr int at_once = Lane::at_once;                 // vectors, as many as there are registers for
    if constexpr (at_once * lanes < Lane::lanes_in_all) {  // all of the next block is read when its first lanes are
        ahead.y_true += 16 * ahead.y_true_step;
        ahead.y_pred += 16 * ahead.y_pred_step;
    }
    const auto add = [&](std::ptrdiff_t i, Lane& high, Lane& others_high) __attribute__((always_inline)) {
        if (i % 8 == 0) prefetch_next(ahead);
        const FirstWords value = first_words<row>(term, load<Vector>(y_true + i), load<Vector>(y_pred + i), sizes);
        if constexpr (!is_growing && (weighted || facts.words > 1)) {
            sizes.greatest = larger_size(value.high, sizes.greatest);
        }
        if constexpr (facts.words > 2)
            has_more[i / lanes] = static_cast<unsigned char>(word_of(~where_equal(value.error, Vector{})));
        if constexpr (!weighted) {
            high.template add<facts.is_never_negative>(value.high);
            if constexpr (facts.words > 1) others_high.template add<false>(value.middle);
            return;
        }
        if (i % 8 == 0) __builtin_prefetch(weights + i + block_length);
        const Vector weight = load<Vector>(weights + i);
        weight_sizes.least = smaller_size(weight, weight_sizes.least);  // none is zero: such rows do not count
        weight_sizes.greatest = larger_size(weight, weight_sizes.greatest);
        const Vector product = weight * value.high;
        high.template add<false>(product);
        others_high.template add<false>(product_error(weight, value.high, product));
        if constexpr (facts.words > 1) store(middles + i, value.middle);
    };
    for (int lane = 0; lane < Lane::lanes_in_all; lane += at_once * lanes) {
        Lane high[at_once];
        Lane middle[at_once];
#pragma GCC unroll 4
        for (int k = 0; k < at_once; ++k) {
            high[k].get(first + lane + k * lanes);
            middle[k].get(others + lane + k * lanes);
        }
        for (std::ptrdiff_t i = lane; i < length; i += Lane::lanes_in_all) {
#pragma GCC unroll 4
            for (int k = 0; k < at_once; ++k) add(i + k * lanes, high[k], middle[k]);
        }
#pragma GCC unroll 4
        for (int k = 0; k < at_once; ++k) {
            high[k].put(first + lane + k * lanes);
            middle[k].put(others + lane + k * lanes);
        }
    }
    if (any(bits(absolute(from_bits(sizes.lost))))) return false;
    constexpr Range range = range_of_first_word<row>();
    if constexpr (weighted || facts.words > 1) {
        const Bits outside =
            mask(sizes.least < broadcast(range.least)) | mask(sizes.greatest > broadcast(range.greatest));
        if (any(outside)) return false;
    }
    if (weighted && any(are_outside(weight_sizes, least_weight, greatest_weight))) return false;
    constexpr bool is_bounded = is_growing && facts.words > 1;
    return are_within(first, Lane::lanes_in_all, is_bounded ? range.greatest : largest_double);
}

// The second word of a block times its weights: the products into the lanes of others, and their errors into a buffer.
// Whether the products are exact was seen where the first word was weighed.
template <class Lane>
void weighed_words(const double* weights, double* middles, std::ptrdiff_t length, double* others) {
    const auto add = [&](std::ptrdiff_t i, Lane& sum) __attribute__((always_inline)) {
        const Vector weight = load<Vector>(weights + i);
        const Vector middle = load<Vector>(middles + i);
        const Vector product = weight * middle;
        sum.template add<false>(product);
        store(middles + i, product_error(weight, middle, product));
    };
    for (int lane = 0; lane < Lane::lanes_in_all; lane += 2 * lanes) {
        Lane even;
        Lane odd;
        even.get(others + lane);
        odd.get(others + lane + lanes);
        for (std::ptrdiff_t i = lane; i < length; i += Lane::lanes_in_all) {
            add(i, even);
            add(i + lanes, odd);
        }
        even.put(others + lane);
        odd.put(others + lane + lanes);
    }
}

}  // namespace
}  // namespace squarely
