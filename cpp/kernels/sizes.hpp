// Sizes: the leading bits of numbers, which counts by size go by (states/size_counts.hpp), and the cells of tables in
// which they are counted (tables/size_window.hpp).
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

// Of the numbers of a block and of their differences; of the latter alone where nothing is given for the others.
void find_sizes(const Block& block, std::uint32_t* truths, std::uint32_t* predictions, std::uint32_t* residuals) {
    for (std::ptrdiff_t i = 0; i < block.length; i += 2 * lanes) {
        const Vector truth[] = {load<Vector>(block.y_true + i), load<Vector>(block.y_true + i + lanes)};
        const Vector prediction[] = {load<Vector>(block.y_pred + i), load<Vector>(block.y_pred + i + lanes)};
        if (truths != nullptr) {
            store_sizes(truths + i, truth[0], truth[1]);
            store_sizes(predictions + i, prediction[0], prediction[1]);
        }
        store_sizes(residuals + i, truth[0] - prediction[0], truth[1] - prediction[1]);
    }
}

struct Slots {
    NarrowBits slot;
    NarrowBits outside;  // all bits where the size has no slot
};

#if defined(SQUARELY_PLAIN_LANES)
typedef std::int32_t SignedNarrowBits;
SQUARELY_INLINE NarrowBits where(bool condition) { return -static_cast<NarrowBits>(condition); }
#else
typedef std::int32_t SignedNarrowBits __attribute__((vector_size(sizeof(NarrowBits))));
SQUARELY_INLINE NarrowBits where(SignedNarrowBits condition) { return __builtin_bit_cast(NarrowBits, condition); }
#endif

// Signed integers, because SSE2 compares no others.
SQUARELY_INLINE SignedNarrowBits as_signed(NarrowBits value) { return __builtin_bit_cast(SignedNarrowBits, value); }

SQUARELY_INLINE Slots slots_of(NarrowBits size, std::uint32_t before_window) {
    constexpr std::uint32_t size_sign = std::uint32_t{1} << (most_size_bits + 11);
    const NarrowBits magnitude = size & (size_sign - 1);
    const NarrowBits place = magnitude - before_window;
    const NarrowBits is_below = where(as_signed(place) < static_cast<std::int32_t>(slots_of_a_binade));
    const NarrowBits is_above = where(as_signed(place) >= static_cast<std::int32_t>(slot_sign));
    const NarrowBits is_not_zero = where(as_signed(magnitude) != 0);
    const NarrowBits sign = (size >> (most_size_bits + 12 - slot_bits)) & slot_sign;
    return {(place & ~is_below) | sign, (is_below & is_not_zero) | is_above};
}

SQUARELY_INLINE NarrowBits chosen(NarrowBits is_first, std::uint32_t first, NarrowBits second) {
    return (is_first & first) | (second & ~is_first);
}

// Returns what is outside.
SQUARELY_INLINE NarrowBits find_cells_of_vector(const SizeWindow& window, const std::uint32_t* truths,
                                                const std::uint32_t* predictions, const std::uint32_t* residuals,
                                                CellsOfRows& cells, std::size_t row) {
    const Slots residual = slots_of(load<NarrowBits>(residuals), window.residuals);
    if (truths == nullptr) {
        store(cells.residuals + row, chosen(residual.outside, slot_outside, residual.slot));
        return residual.outside;
    }
    const Slots truth = slots_of(load<NarrowBits>(truths), window.truths);
    const Slots prediction = slots_of(load<NarrowBits>(predictions), window.predictions);
    const NarrowBits outside = residual.outside | truth.outside | prediction.outside;
    constexpr std::uint32_t columns = (std::uint32_t{1} << column_bits) - 1;
    constexpr int to_row = slot_bits - row_bits;
    const NarrowBits second = residual.slot >> (most_size_bits - column_bits);
    const NarrowBits plane = ((second & ~columns) << row_bits) | (second & columns);
    const auto cell = [&](NarrowBits slot) { return plane | ((slot >> to_row) << column_bits); };
    store(cells.residuals + row, chosen(outside, slot_outside, residual.slot));
    store(cells.truths + row, chosen(outside, cell_outside, cell(truth.slot)));
    store(cells.predictions + row, chosen(outside, cell_outside, cell(prediction.slot)));
    return outside;
}

// Of no more rows than there is room for. False where some are outside.
bool find_cells(const SizesOfRows& sizes, const SizeWindow& window, CellsOfRows& cells) {
    constexpr std::size_t at_once = narrow_lanes;
    const bool with_both_sides = sizes.truths != nullptr;
    NarrowBits outside{};
    std::size_t i = 0;
    for (; i + at_once <= sizes.rows; i += at_once) {
        outside |=
            find_cells_of_vector(window, with_both_sides ? sizes.truths + i : nullptr,
                                 with_both_sides ? sizes.predictions + i : nullptr, sizes.residuals + i, cells, i);
    }
    if (i < sizes.rows) {
        std::uint32_t last[3][at_once] = {};
        for (std::size_t lane = 0; i + lane < sizes.rows; ++lane) {
            last[0][lane] = with_both_sides ? sizes.truths[i + lane] : 0;
            last[1][lane] = with_both_sides ? sizes.predictions[i + lane] : 0;
            last[2][lane] = sizes.residuals[i + lane];
        }
        outside |= find_cells_of_vector(window, with_both_sides ? last[0] : nullptr, last[1], last[2], cells, i);
    }
    return !any_below(~outside, 0xffffffff);
}

}  // namespace
}  // namespace squarely
