// Weights: the words of a term times the weight of its row.
#pragma once

#include "kernels/terms.hpp"

namespace squarely {
namespace {

// Of these the product is exact in two words. What is multiplied reaches as far as squares do.
constexpr double least_weight = 0x1p-250;
constexpr double greatest_weight = 0x1p250;
constexpr double least_to_weigh = 0x1p-602;
constexpr double greatest_to_weigh = 0x1p602;

SQUARELY_INLINE Bits is_safe_to_multiply(Vector weight, Vector high) {
    // Of a weight of zero too: halves of larger numbers overflow in product_error.
    return is_safe(weight, least_weight, greatest_weight) & is_safe(high, least_to_weigh, greatest_to_weigh);
}

// Multiplies so many words in place: each becomes two, exactly, and they lie one after the other. Bits of out_of_range
// as in term_values; of such a pair the first of two words is what it was, and the second zero. True where there is
// none.
bool weigh(const double* weights, std::ptrdiff_t length, int words_before, bool is_rounded, double* const* words,
           std::uint64_t* out_of_range) {
    Bits all = everywhere();
    std::uint64_t out_of_range_here = 0;  // not in memory: a word that was just stored is loaded late
    for (std::ptrdiff_t i = 0; i < length; i += lanes) {
        const Vector weight = load<Vector>(weights + i);
        const Bits in_range = is_safe_to_multiply(weight, load<Vector>(words[0] + i));
        all &= in_range;
        out_of_range_here |= lanes_set(~in_range) << i % 64;
        if ((i + lanes) % 64 == 0) {
            out_of_range[i / 64] = out_of_range_here;
            out_of_range_here = 0;
        }
        if (is_rounded) {
            const Vector high = load<Vector>(words[0] + i);
            const Vector low = load<Vector>(words[1] + i);
            const Vector product = weight * high;
            store(words[0] + i, chosen(in_range, product, high));
            store(words[1] + i, chosen(in_range, weight * low + product_error(weight, high, product), low));
            continue;
        }
        for (int word = words_before - 1; word >= 0; --word) {  // none is written before it is read
            const Vector value = load<Vector>(words[word] + i);
            const Vector product = weight * value;
            const Vector error = product_error(weight, value, product);
            store(words[2 * word] + i, chosen(in_range, product, value));
            store(words[2 * word + 1] + i, from_bits(bits(error) & in_range));
        }
    }
    return !any(~all);
}

}  // namespace
}  // namespace squarely
