// The exact sums of squared differences of neighbouring columns of a C-ordered array, each in a lane of its own, so
// that nothing need be transposed. Of a few rows all columns are taken before the next ones: memory is read nearly in
// its order.
#pragma once

#include "kernels/sums/exact_integers.hpp"

namespace squarely {
namespace {

// Some rows of one set of columns.
struct RowsOfSet {
    const char* y_true;
    const char* y_pred;
    std::ptrdiff_t y_true_stride;
    std::ptrdiff_t y_pred_stride;
    std::ptrdiff_t count;       // a multiple of eight
    std::uintptr_t true_ahead;  // to be prefetched
    std::uintptr_t pred_ahead;
};

SQUARELY_INLINE void advance(RowsOfSet& rows) {
    rows.y_true += rows.y_true_stride;
    rows.y_pred += rows.y_pred_stride;
}

// As many lines are prefetched as lines are read: one for every so many rows of so many bytes. Into the second cache:
// the first has no room for the rows at hand and the next.
SQUARELY_INLINE void prefetch_for_row(RowsOfSet& rows, std::ptrdiff_t row, int bytes) {
    if (row * bytes % 64 != 0) return;
    __asm__ volatile("" : : : "memory");
    __builtin_prefetch(reinterpret_cast<const char*>(rows.true_ahead), 0, 2);
    __builtin_prefetch(reinterpret_cast<const char*>(rows.pred_ahead), 0, 2);
    rows.true_ahead += 64;
    rows.pred_ahead += 64;
}

// A row of each is `columns` elements of `size` bytes. Added are all rows or, where one does not fit the window, none.
struct Float64Columns {
    static constexpr int columns = lanes;
    static constexpr int size = 8;

    template <int... I>
    SQUARELY_INLINE static void add_eight(RowsOfSet& rows, const Grids& grids, Products& products, Bits& all_lost,
                                          Steps<I...>) {
        const auto step = [&](std::ptrdiff_t row) __attribute__((always_inline)) {
            prefetch_for_row(rows, row, columns * size);
            const Slices slices = sliced(load<Vector>(rows.y_true), load<Vector>(rows.y_pred), grids);
            all_lost |= lost(slices);
            accumulate(slices, products);
            advance(rows);
        };
        (step(I), ...);
    }

    SQUARELY_INLINE static bool add(RowsOfSet rows, const LaneColumns& set) {
        const Grids grids = grids_of(*set.window);
        const Products start = start_of(*set.window);
        LaneSums sums = load_sums(*set.sums);
        Bits all_lost{};
        Bits moved{};
        for (std::ptrdiff_t row = 0; row < rows.count; row += vectors_in_group) {
            Products products = start;
            add_eight(rows, grids, products, all_lost, StepsUpTo<vectors_in_group>{});
            moved |= bits(products.p11) ^ bits(start.p11);
            add_group(products, sums);
        }
        if (any(all_lost | (moved & exponent_field))) return false;
        store_sums(sums, *set.sums, rows.count / vectors_in_group);
        return true;
    }
};

struct Float32Row {
    static constexpr bool is_checked = true;
    SQUARELY_INLINE static Vector at(const char* source) { return widened(reinterpret_cast<const float*>(source)); }
};

// Unsigned ones are less 2^31, on both sides.
template <class Integer>
struct IntegerRow {
    static constexpr bool is_checked = false;
    static constexpr std::uint32_t flip = static_cast<Integer>(-1) < 0 ? 0u : 0x80000000u;
    SQUARELY_INLINE static Vector at(const char* source) { return widened_integers(source, flip); }
};

// Two slices do for elements of four bytes: the sums of the second half of the columns are behind those of the first.
template <class Row>
struct NarrowColumns {
    static constexpr int columns = narrow_lanes;
    static constexpr int size = 4;
    static constexpr int vectors = narrow_lanes / lanes;

    template <int... I>
    SQUARELY_INLINE static void add_eight(RowsOfSet& rows, const Grids& grids, Products (&products)[vectors],
                                          NarrowBits& smallest, Steps<I...>) {
        const auto step = [&](std::ptrdiff_t row) __attribute__((always_inline)) {
            prefetch_for_row(rows, row, columns * size);
            if (Row::is_checked) {
                smallest = smaller(smallest, smaller(magnitudes(rows.y_true), magnitudes(rows.y_pred)));
            }
            for (int i = 0; i < vectors; ++i) {
                const std::ptrdiff_t byte = size * lanes * i;
                square_two_slices(Row::at(rows.y_true + byte) - Row::at(rows.y_pred + byte), grids, products[i]);
            }
            advance(rows);
        };
        (step(I), ...);
    }

    SQUARELY_INLINE static bool add(RowsOfSet rows, const LaneColumns& set) {
        const Grids grids = grids_of(*set.window);
        const Products start = start_of(*set.window);
        Bits sums[3 * vectors];
        for (int i = 0; i < 3 * vectors; ++i) sums[i] = load<Bits>(set.sums->lanes[i]);
        NarrowBits smallest = NarrowBits{} - 1;
        Bits moved{};
        for (std::ptrdiff_t row = 0; row < rows.count; row += vectors_in_group) {
            Products products[vectors];
            for (Products& one : products) one = start;
            add_eight(rows, grids, products, smallest, StepsUpTo<vectors_in_group>{});
            for (int i = 0; i < vectors; ++i) {
                moved |= bits(products[i].p11) ^ bits(start.p11);
                sums[3 * i] += bits(products[i].p11);
                sums[3 * i + 1] += bits(products[i].p12);
                sums[3 * i + 2] += bits(products[i].p22);
            }
        }
        if (Row::is_checked && (any(moved & exponent_field) || any_below(smallest, set.window->narrow_floor)))
            return false;
        for (int i = 0; i < 3 * vectors; ++i) store(set.sums->lanes[i], sums[i]);
        set.sums->groups += rows.count / vectors_in_group;
        return true;
    }
};

// Squares of shorter integers are summed as the integers they are, in plain loops. A word holds those of 2^31 rows, and
// half of one those of 64 rows of bytes.
template <class Element>
struct SmallColumns {
    static constexpr int columns = 32;
    static constexpr int size = sizeof(Element);
    using Square = std::conditional_t<size == 1, std::uint32_t, std::uint64_t>;

    SQUARELY_INLINE static bool add(RowsOfSet rows, const LaneColumns& set) {
        Square squares[columns] = {};
        for (std::ptrdiff_t row = 0; row < rows.count; ++row, advance(rows)) {
            prefetch_for_row(rows, row, columns * size);
            const auto* y_true = reinterpret_cast<const Element*>(rows.y_true);
            const auto* y_pred = reinterpret_cast<const Element*>(rows.y_pred);
            for (int i = 0; i < columns; ++i) {
                const std::int32_t difference = y_true[i] - y_pred[i];
                const auto magnitude = static_cast<std::uint32_t>(difference < 0 ? -difference : difference);
                squares[i] += magnitude * magnitude;
            }
        }
        std::uint64_t* sums = set.sums->lanes[0];
        for (int i = 0; i < columns; ++i) sums[i] += squares[i];
        return true;
    }
};

// Runs ahead of what is summed, line by line in the order of memory, which the processor then foresees, too.
struct PlaceAhead {
    std::uintptr_t y_true;  // rows
    std::uintptr_t y_pred;
    std::ptrdiff_t byte;
};

// What is at hand is read column after column, so that what follows must have come before it begins.
SQUARELY_INLINE PlaceAhead place_ahead(const LaneRows& rows, std::ptrdiff_t row_bytes) {
    constexpr std::ptrdiff_t bytes_ahead = 3072;
    const auto row = static_cast<std::uintptr_t>(rows.rows_at_once + bytes_ahead / row_bytes);
    return {reinterpret_cast<std::uintptr_t>(rows.y_true) + row * static_cast<std::uintptr_t>(rows.y_true_stride),
            reinterpret_cast<std::uintptr_t>(rows.y_pred) + row * static_cast<std::uintptr_t>(rows.y_pred_stride),
            bytes_ahead % row_bytes};
}

SQUARELY_INLINE void advance(PlaceAhead& ahead, const LaneRows& rows, std::ptrdiff_t bytes, std::ptrdiff_t row_bytes) {
    for (ahead.byte += bytes; ahead.byte >= row_bytes; ahead.byte -= row_bytes) {
        ahead.y_true += static_cast<std::uintptr_t>(rows.y_true_stride);
        ahead.y_pred += static_cast<std::uintptr_t>(rows.y_pred_stride);
    }
}

// Some rows of each set, and then the next rows. The last set ends with the last column, and may begin with columns of
// the one before.
template <class Columns>
void exact_squares_by_lane(const LaneRows& all, LaneColumns* sets) {
    const LaneRows rows = all;  // a copy, which no store can change
    const std::ptrdiff_t row_bytes = rows.columns * Columns::size;
    const std::ptrdiff_t last = rows.columns - Columns::columns;
    PlaceAhead ahead = place_ahead(rows, row_bytes);
    for (std::ptrdiff_t row = 0; row < rows.count; row += rows.rows_at_once) {
        const std::ptrdiff_t left = rows.count - row;
        const std::ptrdiff_t count = left < rows.rows_at_once ? left : rows.rows_at_once;
        const unsigned groups = ((1u << count / vectors_in_group) - 1) << row / vectors_in_group;
        LaneColumns* set = sets;
        for (std::ptrdiff_t first = 0; first < rows.columns; first += Columns::columns, ++set) {
            const std::ptrdiff_t byte = Columns::size * (first < last ? first : last);
            const auto next = static_cast<std::uintptr_t>(ahead.byte);
            const RowsOfSet own{rows.y_true + row * rows.y_true_stride + byte,
                                rows.y_pred + row * rows.y_pred_stride + byte,
                                rows.y_true_stride,
                                rows.y_pred_stride,
                                count,
                                ahead.y_true + next,
                                ahead.y_pred + next};
            if ((set->left & groups) == 0 && !Columns::add(own, *set)) set->left |= groups;
            advance(ahead, rows, count * Columns::columns * Columns::size, row_bytes);
        }
    }
}

// By the element type, empty where it has none.
template <class Columns>
constexpr TileKernels tile_kernels_of = {Columns::columns, exact_squares_by_lane<Columns>};
template <class Element>
constexpr TileKernels tile_kernels = {};
template <>
constexpr TileKernels tile_kernels<double> = tile_kernels_of<Float64Columns>;
template <>
constexpr TileKernels tile_kernels<float> = tile_kernels_of<NarrowColumns<Float32Row>>;
template <>
constexpr TileKernels tile_kernels<std::int32_t> = tile_kernels_of<NarrowColumns<IntegerRow<std::int32_t>>>;
template <>
constexpr TileKernels tile_kernels<std::uint32_t> = tile_kernels_of<NarrowColumns<IntegerRow<std::uint32_t>>>;
template <>
constexpr TileKernels tile_kernels<std::int16_t> = tile_kernels_of<SmallColumns<std::int16_t>>;
template <>
constexpr TileKernels tile_kernels<std::uint16_t> = tile_kernels_of<SmallColumns<std::uint16_t>>;
template <>
constexpr TileKernels tile_kernels<std::int8_t> = tile_kernels_of<SmallColumns<std::int8_t>>;
template <>
constexpr TileKernels tile_kernels<std::uint8_t> = tile_kernels_of<SmallColumns<std::uint8_t>>;

}  // namespace
}  // namespace squarely
