// A term, its weight and its kahan or pairwise sum in one loop, for blocks in which every row counts. Of all its words
// the first two are summed here, which is all where differences are exact; with weights the first one, as two. All or
// nothing: what stands in the way (a number that is not finite, or one out of the range in which words hold a term) is
// found out by the longer way, in buffers.
//
// The bits are those of the longer way: there every word of a block is added after the one before it, in the same
// lanes, and adding zeros changes nothing.
//
// What a compensated squared error takes at least, in operations on vectors: 5 for the difference and its error where
// two numbers are ordered by size in one, else 6; 4 for the square and the error of that; 4 for a compensated addition
// to a larger sum, and 6 or 7 for one to any; 2 for the tests. On a processor that does two of them a cycle, eight
// doubles each, that is 10.5 cycles for eight pairs; the plain sum of squares takes 4.4, because it waits for its data.
// Lanes and order are part of the bits, so nothing of it can be left out.
#pragma once

#include "kernels/sums/exact_terms.hpp"
#include "kernels/sums/kahan.hpp"
#include "kernels/sums/pairwise.hpp"
#include "kernels/weights.hpp"

namespace squarely {
namespace {

// What words are made of, as tests once a block.
struct HeldSizes {
    Vector least = broadcast(__builtin_inf());
    Vector greatest{};
    Vector finite{};  // zero, else NaN
};

// Up to its sign, and the smaller of the two sides.
struct UnsignedDifference {
    Vector rounded;
    Vector error;
    Vector small;
};

SQUARELY_INLINE UnsignedDifference unsigned_difference(Vector y_true, Vector y_pred) {
    if constexpr (has_order_by_size) {
        const BySize sides = by_size(y_true, y_pred);
        const Vector rounded = sides.large - sides.small;
        return {rounded, added_by_multiplier(sides.large, -rounded) - sides.small, sides.small};
    }
    const Difference difference = difference_of(y_true, y_pred);
    return {difference.rounded, difference.error, smaller_size(y_true, absolute(y_pred))};
}

struct FirstWords {
    Vector high;
    Vector middle;
    Vector error;  // not zero where there are more words
};

// Where neither side is smaller, a difference and its error are zero or large enough: both are multiples of the last
// bit of the smaller side.
constexpr double least_of_sides = least_to_square * 0x1p53;

template <Term row>
SQUARELY_INLINE FirstWords first_words(Vector y_true, Vector y_pred, HeldSizes& sizes) {
    constexpr TermFacts facts = term_rows::facts[static_cast<int>(row)];
    if constexpr (facts.part == Part::truth) {
        sizes.finite = multiply_add(y_pred, Vector{}, sizes.finite);
        if constexpr (facts.words == 1) {
            sizes.least = smaller_size(y_true, sizes.least);
            return {y_true, Vector{}, Vector{}};
        }
        const Vector square = y_true * y_true;
        sizes.least = smaller(square, sizes.least);
        return {square, product_error(y_true, y_true, square), Vector{}};
    } else if constexpr (row == Term::error) {
        const Difference difference = difference_of(y_pred, y_true);
        sizes.least = smaller_size(smaller_size(y_true, absolute(y_pred)), sizes.least);
        return {difference.rounded, difference.error, Vector{}};
    } else {
        const UnsignedDifference difference = unsigned_difference(y_true, y_pred);
        const Vector d = difference.rounded;
        if constexpr (facts.part == Part::error) {
            sizes.least = smaller_size(difference.small, sizes.least);
            return {absolute(d), with_sign_flipped(difference.error, sign_of(d)), Vector{}};
        }
        const Vector square = d * d;
        sizes.least = smaller(square, sizes.least);
        // As rounded_square: twice a product is exact where it is as large as here.
        const Vector low = multiply_add(d * difference.error, broadcast(2.0), product_error(d, d, square));
        return {square, low, difference.error};
    }
}

// What words hold, and with a weight two words each.
struct Range {
    double least, greatest;
};

template <Term row>
constexpr Range range_of_first_word() {
    constexpr TermFacts facts = term_rows::facts[static_cast<int>(row)];
    if (facts.words == 1) return {least_to_weigh, greatest_to_weigh};
    if (facts.part == Part::error) return {least_of_sides, greatest_to_square};
    return {least_to_square * least_to_square, greatest_to_square * greatest_to_square};
}

// Whether what is squared or weighed is zero or large enough. Zeros fail the shorter tests above, too.
template <Part part>
[[gnu::noinline]] bool are_large_or_zero(const Block& block, double limit) {
    Vector least = broadcast(__builtin_inf());
    Vector least_error = least;
    for (std::ptrdiff_t i = 0; i < block.length; i += lanes) {
        const Vector y_true = load<Vector>(block.y_true + i);
        if constexpr (part == Part::truth) {
            least = smaller_unless_zero(y_true, least);
            continue;
        }
        const Difference difference = difference_of(y_true, load<Vector>(block.y_pred + i));
        least = smaller_unless_zero(difference.rounded, least);
        if constexpr (part == Part::error) least_error = smaller_unless_zero(difference.error, least_error);
    }
    return !any(mask(least < broadcast(limit)) | mask(least_error < broadcast(limit)));
}

// Then the same of both sides is enough for a difference.
[[gnu::noinline]] bool have_large_sides_or_zeros(const Block& block) {
    Vector least[4];
    for (Vector& one : least) one = broadcast(__builtin_inf());
    for (std::ptrdiff_t i = 0; i < block.length; i += 2 * lanes) {
        least[0] = smaller_unless_zero(load<Vector>(block.y_true + i), least[0]);
        least[1] = smaller_unless_zero(load<Vector>(block.y_pred + i), least[1]);
        least[2] = smaller_unless_zero(load<Vector>(block.y_true + i + lanes), least[2]);
        least[3] = smaller_unless_zero(load<Vector>(block.y_pred + i + lanes), least[3]);
    }
    Bits outside{};
    for (const Vector one : least) outside |= mask(one < broadcast(least_of_sides));
    return !any(outside);
}

// Then sums are as large as what was summed, or larger.
template <Term row, bool weighted>
constexpr bool is_growing = term_rows::facts[static_cast<int>(row)].is_never_negative && !weighted;

template <Term row, class Lane, bool weighted, Added added>
bool sum_rounded_terms(const Block& block, const double* weights, const double* const* before, double* const* after,
                       double* middles, unsigned char* has_more) {
    constexpr TermFacts facts = term_rows::facts[static_cast<int>(row)];
    const double* const y_true = block.y_true;
    const double* const y_pred = block.y_pred;
    const std::ptrdiff_t length = block.length;
    HeldSizes sizes;
    Sizes weight_sizes;
    Ahead ahead = block.ahead;
    // Additions wait for long chains: where there are registers for it, they are those of the values before.
    constexpr bool is_behind = lanes >= 4 && Lane::keeps_errors && !weighted && facts.part != Part::truth;
    constexpr int at_once = Lane::at_once;                 // vectors, as many as there are registers for
    if constexpr (at_once * lanes < Lane::lanes_in_all) {  // all of the next block is read when its first lanes are
        ahead.y_true += 16 * ahead.y_true_step;
        ahead.y_pred += 16 * ahead.y_pred_step;
    }
    // Into vectors of their own: GCC 12 stores a struct of them, too.
    const auto see = [&](std::ptrdiff_t i, Vector& first, Vector& second) __attribute__((always_inline)) {
        if (i % 8 == 0) prefetch_next(ahead);
        const FirstWords words = first_words<row>(load_once(y_true + i), load_once(y_pred + i), sizes);
        first = words.high;
        second = words.middle;
        if constexpr (!is_growing<row, weighted> && (weighted || facts.words > 1)) {
            sizes.greatest =
                facts.is_never_negative ? larger(first, sizes.greatest) : larger_size(first, sizes.greatest);
        }
        if constexpr (facts.words > 2) {
            store_word(has_more + i / lanes, where_unequal(words.error, Vector{}));
        }
    };
    const auto add = [&](std::ptrdiff_t i, Vector value_high, Vector value_middle, Lane& high,
                         Lane& others_high) __attribute__((always_inline)) {
        if constexpr (!weighted) {
            high.template add<added>(value_high);
            if constexpr (facts.words > 1) others_high.template add<Added::any>(value_middle);
            return;
        }
        if (i % 8 == 0) __builtin_prefetch(weights + i + block_length);
        const Vector weight = load<Vector>(weights + i);
        weight_sizes.least = smaller_size(weight, weight_sizes.least);  // none is zero: such rows do not count
        weight_sizes.greatest = larger_size(weight, weight_sizes.greatest);
        const Vector product = weight * value_high;
        high.template add<Added::any>(product);
        others_high.template add<Added::any>(product_error(weight, value_high, product));
        if constexpr (facts.words > 1) store(middles + i, value_middle);
    };
    for (int lane = 0; lane < Lane::lanes_in_all; lane += at_once * lanes) {
        Lane high[at_once];
        Lane middle[at_once];
#pragma GCC unroll 4
        for (int k = 0; k < at_once; ++k) {
            high[k].get(before[0] + lane + k * lanes);
            middle[k].get(before[1] + lane + k * lanes);
        }
        Vector first_before[at_once]{};  // and zeros add nothing
        Vector second_before[at_once]{};
        for (std::ptrdiff_t i = lane; i < length; i += Lane::lanes_in_all) {
#pragma GCC unroll 4
            for (int k = 0; k < at_once; ++k) {
                Vector first;
                Vector second;
                see(i + k * lanes, first, second);
                add(i + k * lanes, is_behind ? first_before[k] : first, is_behind ? second_before[k] : second, high[k],
                    middle[k]);
                if constexpr (is_behind) first_before[k] = first, second_before[k] = second;
            }
        }
#pragma GCC unroll 4
        for (int k = 0; k < at_once && is_behind; ++k) {
            add(length, first_before[k], second_before[k], high[k], middle[k]);
        }
#pragma GCC unroll 4
        for (int k = 0; k < at_once; ++k) {
            high[k].put(after[0] + lane + k * lanes);
            middle[k].put(after[1] + lane + k * lanes);
        }
    }
    if (any(bits(sizes.finite))) return false;
    constexpr Range range = range_of_first_word<row>();
    if constexpr (weighted || facts.words > 1) {
        if (any(mask(sizes.greatest > broadcast(range.greatest)))) return false;
        constexpr double least = facts.words > 1 ? least_to_square : least_to_weigh;
        bool is_held = !any(mask(sizes.least < broadcast(range.least)));
        if constexpr (facts.part == Part::error) is_held = is_held || have_large_sides_or_zeros(block);
        if (!is_held && !are_large_or_zero<facts.part>(block, least)) return false;
    }
    if (weighted && any(are_outside(weight_sizes, least_weight, greatest_weight))) return false;
    constexpr bool is_bounded = is_growing<row, weighted> && facts.words > 1;
    return are_within(after[0], Lane::lanes_in_all, is_bounded ? range.greatest : largest_double);
}

// Sums that grow are soon larger than any value: then two operations a value do without the larger one of the two, and
// whether it was so is seen from the sums.
template <Term row, class Lane, bool weighted>
bool rounded_terms(const Block& block, const double* weights, const double* const* before, double* const* after,
                   double* middles, unsigned char* has_more) {
    if constexpr (!is_growing<row, weighted>) {
        return sum_rounded_terms<row, Lane, weighted, Added::any>(block, weights, before, after, middles, has_more);
    } else {
        constexpr auto in_any_order = sum_rounded_terms<row, Lane, weighted, Added::never_negative>;
        if constexpr (Lane::keeps_errors && lanes > 2) {
            constexpr auto below_sums = sum_rounded_terms<row, Lane, weighted, Added::never_larger>;
            const bool is_begun = before[0][0] > 0;
            if (is_begun && !below_sums(block, weights, before, after, middles, has_more)) return false;
            if (is_begun && are_not_doubled(before[0], after[0], Lane::lanes_in_all)) return true;
        }
        return in_any_order(block, weights, before, after, middles, has_more);
    }
}

// The second word of a block times its weights: the products into the lanes of others, and their errors into a buffer.
// Whether the products are exact was seen where the first word was weighed.
template <class Lane>
void weighed_words(const double* weights, double* middles, std::ptrdiff_t length, double* others) {
    const auto add = [&](std::ptrdiff_t i, Lane& sum) __attribute__((always_inline)) {
        const Vector weight = load<Vector>(weights + i);
        const Vector middle = load<Vector>(middles + i);
        const Vector product = weight * middle;
        sum.template add<Added::any>(product);
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
