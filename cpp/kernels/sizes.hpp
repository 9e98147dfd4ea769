// Sizes: the leading bits of numbers, which counts by size go by (states/size_counts.hpp).
#pragma once

#include "kernels/lanes.hpp"

namespace squarely {
namespace {

// The sign, the exponent and seven bits below the leading one, of two vectors.
SQUARELY_INLINE void store_sizes(std::uint32_t* sizes, Vector first, Vector second) {
    constexpr int dropped = 52 - most_size_bits;
#if defined(SQUARELY_PLAIN_LANES)
    sizes[0] = static_cast<std::uint32_t>(bits(first) >> dropped);
    sizes[1] = static_cast<std::uint32_t>(bits(second) >> dropped);
#else
    // The upper halves of all lanes, which have all that is wanted.
    const auto a = __builtin_bit_cast(NarrowBits, first);
    const auto b = __builtin_bit_cast(NarrowBits, second);
#if defined(__AVX512F__)
    const NarrowBits upper = __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
#elif defined(__AVX__)
    const NarrowBits upper = __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
#else
    const NarrowBits upper = __builtin_shufflevector(a, b, 1, 3, 5, 7);
#endif
    store(sizes, upper >> (dropped - 32));
#endif
}

// Of the numbers of a block and of their differences; of the latter alone where nothing is given for the others. Widens
// the range of the differences that are not zero, without their signs.
void find_sizes(const Block& block, std::uint32_t* truths, std::uint32_t* predictions, std::uint32_t* residuals,
                double* least, double* greatest) {
    Vector low = broadcast(*least);
    Vector high = broadcast(*greatest);
    for (std::ptrdiff_t i = 0; i < block.length; i += 2 * lanes) {
        const Vector truth[] = {load<Vector>(block.y_true + i), load<Vector>(block.y_true + i + lanes)};
        const Vector prediction[] = {load<Vector>(block.y_pred + i), load<Vector>(block.y_pred + i + lanes)};
        const Vector residual[] = {truth[0] - prediction[0], truth[1] - prediction[1]};
        if (truths != nullptr) {
            store_sizes(truths + i, truth[0], truth[1]);
            store_sizes(predictions + i, prediction[0], prediction[1]);
        }
        store_sizes(residuals + i, residual[0], residual[1]);
        for (const Vector& one : residual) {
            low = smaller_unless_zero(one, low);
            high = larger_size(one, high);
        }
    }
    for (int i = 0; i < lanes; ++i) {
        *least = lane(low, i) < *least ? lane(low, i) : *least;
        *greatest = lane(high, i) > *greatest ? lane(high, i) : *greatest;
    }
}

}  // namespace
}  // namespace squarely
