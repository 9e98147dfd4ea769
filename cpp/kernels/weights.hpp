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

// Multiplies the words in place. One word becomes two, exactly: words[0] + words[1]. Of two words the product is
// rounded to two, with an error below 2^-102 of it, or becomes four, exactly, where keep_all. Bits of out_of_range as
// in term_values; the words there are left as they were. True where there is none.
bool weigh(const double* weights, std::ptrdiff_t length, int words_before, bool keep_all, double* const* words,
           std::uint64_t* out_of_range) {
    Bits all = everywhere();
    for (std::ptrdiff_t i = 0; i < length; i += lanes) {
        const Vector weight = load<Vector>(weights + i);
        const Vector high = load<Vector>(words[0] + i);
        const Bits in_range = is_safe_to_multiply(weight, high);
        const Vector product = weight * high;
        const Vector error = product_error(weight, high, product);
        all &= in_range;
        if (i % 64 == 0) out_of_range[i / 64] = 0;
        out_of_range[i / 64] |= lanes_set(~in_range) << i % 64;
        store(words[0] + i, chosen(in_range, product, high));
        if (words_before == 1) {
            store(words[1] + i, from_bits(bits(error) & in_range));
            continue;
        }
        const Vector low = load<Vector>(words[1] + i);
        const Vector low_product = weight * low;
        if (keep_all) {
            store(words[1] + i, chosen(in_range, error, low));
            store(words[2] + i, from_bits(bits(low_product) & in_range));
            store(words[3] + i, from_bits(bits(product_error(weight, low, low_product)) & in_range));
        } else {
            store(words[1] + i, chosen(in_range, low_product + error, low));
        }
    }
    return !any(~all);
}

}  // namespace
}  // namespace squarely
