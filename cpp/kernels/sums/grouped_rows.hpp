// Sums by group: every pair becomes a row of a few integers, and a row is added to that of its group by one load, one
// addition and one store. What a row counts are units of grids of one window, so that rows of all pairs of a table go
// together; a row of a group is full after some thousand pairs, and empties into its exact sum.
//
// The slices of exact.hpp, of d = d1 + d2 + d3, make three words of a square, to a base of about 2^49:
//   units of 2^(2E-48):   d1 d1 + high part of 2 d1 d2
//   units of 2^(2E-98):   what that leaves + 2 d1 d3 + d2 d2 + high part of 2 d2 d3
//   units of 2^(2E-146):  what that leaves + d3 d3
// No word is above 2^51 units, so that none of these sums rounds. As with the slices, bits of a number beside a
// constant are counted, and the constants are taken away when the row is emptied.
#pragma once

#include "kernels/sums/exact.hpp"

namespace squarely {
namespace {

// Four words of each lane, side by side, from one lane to the next so many words on.
SQUARELY_INLINE void store_quarters(Bits a, Bits b, Bits c, Bits d, std::uint64_t* target, std::ptrdiff_t step) {
#if defined(SQUARELY_PLAIN_LANES)
    const std::uint64_t words[] = {a, b, c, d};
    __builtin_memcpy(target, words, sizeof words);
    (void)step;
#elif defined(__AVX512F__)
    const Bits even = __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14);
    const Bits odd = __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15);
    const Bits even_end = __builtin_shufflevector(c, d, 0, 8, 2, 10, 4, 12, 6, 14);
    const Bits odd_end = __builtin_shufflevector(c, d, 1, 9, 3, 11, 5, 13, 7, 15);
    const auto store_two = [&](Bits two, std::ptrdiff_t lane) __attribute__((always_inline)) {
        store(target + lane * step, __builtin_shufflevector(two, two, 0, 1, 2, 3));
        store(target + (lane + 2) * step, __builtin_shufflevector(two, two, 4, 5, 6, 7));
    };
    store_two(__builtin_shufflevector(even, even_end, 0, 1, 8, 9, 2, 3, 10, 11), 0);
    store_two(__builtin_shufflevector(odd, odd_end, 0, 1, 8, 9, 2, 3, 10, 11), 1);
    store_two(__builtin_shufflevector(even, even_end, 4, 5, 12, 13, 6, 7, 14, 15), 4);
    store_two(__builtin_shufflevector(odd, odd_end, 4, 5, 12, 13, 6, 7, 14, 15), 5);
#elif defined(__AVX__)
    const Bits even = __builtin_shufflevector(a, b, 0, 4, 2, 6);
    const Bits odd = __builtin_shufflevector(a, b, 1, 5, 3, 7);
    const Bits even_end = __builtin_shufflevector(c, d, 0, 4, 2, 6);
    const Bits odd_end = __builtin_shufflevector(c, d, 1, 5, 3, 7);
    store(target, __builtin_shufflevector(even, even_end, 0, 1, 4, 5));
    store(target + step, __builtin_shufflevector(odd, odd_end, 0, 1, 4, 5));
    store(target + 2 * step, __builtin_shufflevector(even, even_end, 2, 3, 6, 7));
    store(target + 3 * step, __builtin_shufflevector(odd, odd_end, 2, 3, 6, 7));
#else
    store(target, __builtin_shufflevector(a, b, 0, 2));
    store(target + 2, __builtin_shufflevector(c, d, 0, 2));
    store(target + step, __builtin_shufflevector(a, b, 1, 3));
    store(target + step + 2, __builtin_shufflevector(c, d, 1, 3));
#endif
}

struct SquareWords {
    Bits high, middle, low;
};

// start[0], start[2] and start[5] of a window are the constants of the three units.
SQUARELY_INLINE SquareWords square_in_words(const Slices& slices, const Products& start) {
    const Vector twice1 = slices.d1 + slices.d1;
    const Vector twice2 = slices.d2 + slices.d2;
    const Vector cross12 = twice1 * slices.d2;
    const Vector high12 = cross12 + start.p11;
    const Vector low12 = cross12 - (high12 - start.p11);
    const Vector middle = multiply_add(slices.d2, slices.d2, multiply_add(twice1, slices.d3, low12));
    const Vector cross23 = twice2 * slices.d3;
    const Vector high23 = cross23 + start.p22;
    const Vector low23 = cross23 - (high23 - start.p22);
    const Vector low = multiply_add(slices.d3, slices.d3, low23);
    return {bits(multiply_add(slices.d1, slices.d1, high12)), bits(high23 + middle), bits(low + start.p33)};
}

// Of the difference, and of its size: d1 in units of the first grid, and the rest in those of the third.
SQUARELY_INLINE void store_linear_words(const Slices& slices, const Grids& grids, std::uint64_t* target,
                                        std::ptrdiff_t step) {
    const Vector rest = slices.d2 + slices.d3;
    const Bits sign = bits(slices.whole) & (Bits{} + (std::uint64_t{1} << 63));
    const Vector size1 = from_bits(bits(slices.d1) ^ sign);
    const Vector size_of_rest = from_bits(bits(rest) ^ sign);
    store_quarters(bits(slices.rounded1), bits(rest + grids.sigma3), bits(size1 + grids.sigma1),
                   bits(size_of_rest + grids.sigma3), target, step);
}

// Of some pairs, those that do not fit as if they were equal. Returns a bit for each of these.
template <int quarters>
SQUARELY_INLINE std::uint64_t store_rows(Vector y_true, Vector y_pred, const Grids& grids, const Products& start,
                                         Vector limit, std::uint64_t* target) {
    constexpr std::ptrdiff_t step = quarters * words_in_quarter;
    Slices slices = sliced(y_true, y_pred, grids);
    const LaneSet fits = fitting(slices, limit);
    const std::uint64_t misfits = word_of(~fits);
    if (__builtin_expect(misfits != 0, 0)) slices = sliced(only(fits, y_true), only(fits, y_pred), grids);
    const SquareWords square = square_in_words(slices, start);
    store_quarters(Bits{} + 1, square.high, square.middle, square.low, target, step);
    if constexpr (quarters == 2) store_linear_words(slices, grids, target + words_in_quarter, step);
    return misfits;
}

#if defined(__AVX__)
constexpr int words_at_once = 4;
#else
constexpr int words_at_once = 2;
#endif

typedef std::uint64_t RowVector __attribute__((vector_size(8 * words_at_once)));

template <int quarters>
struct Row {
    static constexpr int vectors = quarters * words_in_quarter / words_at_once;

    RowVector words[vectors];
};

template <int quarters>
SQUARELY_INLINE Row<quarters> load_row(const std::uint64_t* from) {
    Row<quarters> row;
    for (int i = 0; i < row.vectors; ++i) row.words[i] = load<RowVector>(from + i * words_at_once);
    return row;
}

template <int quarters>
SQUARELY_INLINE void store_row(std::uint64_t* target, const Row<quarters>& row) {
    for (int i = 0; i < row.vectors; ++i) store(target + i * words_at_once, row.words[i]);
}

template <int quarters>
SQUARELY_INLINE void leave_group(GroupedRows& rows, std::uint32_t group, const Row<quarters>& sum) {
    store_row(rows.table + group * (quarters * words_in_quarter), sum);
    if (__builtin_expect(sum.words[0][0] >= rows_until_full, 0)) rows.full[rows.full_count++] = group;
}

// In sorted data the next pair is of the same group, whose sum does not leave the registers.
template <int quarters>
SQUARELY_INLINE void add_rows(const std::uint64_t* buffer, const std::uint32_t* groups, std::ptrdiff_t count,
                              GroupedRows& rows) {
    constexpr std::ptrdiff_t step = quarters * words_in_quarter;
    std::uint32_t group = groups[0];
    Row<quarters> sum = load_row<quarters>(rows.table + group * step);
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        if (groups[i] != group) {
            leave_group(rows, group, sum);
            group = groups[i];
            sum = load_row<quarters>(rows.table + group * step);
        }
        const Row<quarters> row = load_row<quarters>(buffer + i * step);
        for (int j = 0; j < sum.vectors; ++j) sum.words[j] += row.words[j];
    }
    leave_group(rows, group, sum);
}

template <std::ptrdiff_t step>
SQUARELY_INLINE void fetch_rows(const std::uint64_t* table, const std::uint32_t* groups) {
    for (int i = 0; i < lanes; ++i) __builtin_prefetch(table + groups[i] * step, 0);
}

// Adds the pairs of a block that fit, sets the bits of the others as exact_squares_partial does, and tells which rows
// are full.
template <int quarters>
void add_grouped_rows(const Block& block, const Window& window, GroupedRows& rows, std::uint64_t* misfits) {
    constexpr std::ptrdiff_t step = quarters * words_in_quarter;
    alignas(64) std::uint64_t buffer[rows_in_buffer * step];
    const Grids grids = grids_of(window);
    const Products start = start_of(window);
    const Vector limit = broadcast(window.limit);
    Ahead ahead = block.ahead;
    rows.full_count = 0;
    for (std::ptrdiff_t first = 0; first < rows.count; first += rows_in_buffer) {
        const std::uint32_t* const groups = rows.groups + first;
        const std::ptrdiff_t end = rows.count - first < rows_in_buffer ? rows.count - first : rows_in_buffer;
        std::uint64_t found = 0;
        for (std::ptrdiff_t i = 0; i < end; i += lanes) {
            if (i % 8 == 0) prefetch_next(ahead);
            // A few at a time: processors forget what more than some twenty prefetches ask for.
            if (first + i < rows.to_fetch) fetch_rows<step>(rows.table, groups + rows_in_buffer + i);
            const Vector y_true = load<Vector>(block.y_true + first + i);
            const Vector y_pred = load<Vector>(block.y_pred + first + i);
            found |= store_rows<quarters>(y_true, y_pred, grids, start, limit, buffer + i * step) << i;
        }
        misfits[first / 64] = found;
        add_rows<quarters>(buffer, groups, end, rows);
    }
}

}  // namespace
}  // namespace squarely
