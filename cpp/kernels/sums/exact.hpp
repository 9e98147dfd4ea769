// The exact sum of squared differences: slice the difference, then square the slices.
//
// A difference is split into three slices on fixed grids, u1 = 2^(E-24), u2 = u1 * 2^-25, u3 = u2 * 2^-24, so that
// every product of two slices is an integer multiple of its unit, small enough for eight of them to be added without
// rounding. Two checks prove, once a block, that nothing was lost:
//   C  the third slice took up everything that was left, the rounding error of the subtraction included;
//   R  the accumulator of the largest products kept its exponent, which bounds sum(d1^2) by 2^51 units, and by
//      Cauchy-Schwarz all other accumulators too. It also catches NaN and infinity, which C alone can miss.
// Slicing by adding a sigma: Rump, Ogita, Oishi, "Accurate floating-point summation" (2008).
#pragma once

#include "kernels/difference.hpp"
#include "kernels/filters.hpp"

namespace squarely {
namespace {

constexpr int vectors_in_group = 8;
constexpr std::uint64_t exponent_field = 0x7ff0000000000000;

struct Grids {
    Vector sigma1, sigma2, sigma3;
};

struct Products {
    Vector p11, p12, p22, p13, p23, p33;
};

struct LaneSums {
    Bits s11, s12, s22, s13, s23, s33;
};

struct Slices {
    Vector d1, d2, d3;
    Vector left, taken;  // check C: what the third slice had to take up, and what it did. Equal where none is lost
    Vector whole;
    Vector rounded1, rounded2, rounded3;  // each slice plus its sigma: bits that count units of its grid
};

SQUARELY_INLINE Grids grids_of(const Window& window) {
    return {broadcast(window.sigma1), broadcast(window.sigma2), broadcast(window.sigma3)};
}

SQUARELY_INLINE Products start_of(const Window& window) {
    const double* start = window.start;
    return {broadcast(start[0]), broadcast(start[1]), broadcast(start[2]),
            broadcast(start[3]), broadcast(start[4]), broadcast(start[5])};
}

SQUARELY_INLINE LaneSums load_sums(const SlicedSums& sums) {
    return {load<Bits>(sums.lanes[0]), load<Bits>(sums.lanes[1]), load<Bits>(sums.lanes[2]),
            load<Bits>(sums.lanes[3]), load<Bits>(sums.lanes[4]), load<Bits>(sums.lanes[5])};
}

SQUARELY_INLINE void store_sums(const LaneSums& from, SlicedSums& sums, std::int64_t groups) {
    store(sums.lanes[0], from.s11);
    store(sums.lanes[1], from.s12);
    store(sums.lanes[2], from.s22);
    store(sums.lanes[3], from.s13);
    store(sums.lanes[4], from.s23);
    store(sums.lanes[5], from.s33);
    sums.groups += groups;
}

SQUARELY_INLINE Slices sliced(Vector y_true, Vector y_pred, const Grids& grids) {
    const auto [difference, error] = difference_of(y_true, y_pred);
    const Vector rounded1 = difference + grids.sigma1;
    const Vector d1 = rounded1 - grids.sigma1;
    const Vector rest = difference - d1;
    const Vector rounded2 = rest + grids.sigma2;
    const Vector d2 = rounded2 - grids.sigma2;
    const Vector tail = rest - d2;
    const Vector rounded3 = (tail + error) + grids.sigma3;
    const Vector d3 = rounded3 - grids.sigma3;
    return {d1, d2, d3, error, d3 - tail, difference, rounded1, rounded2, rounded3};
}

// Zero where nothing is: a difference, not an xor, because -0 is no loss.
SQUARELY_INLINE Bits lost(const Slices& slices) { return bits(slices.taken - slices.left); }

SQUARELY_INLINE void accumulate(const Slices& slices, Products& products) {
    products.p11 = multiply_add(slices.d1, slices.d1, products.p11);
    products.p12 = multiply_add(slices.d1, slices.d2, products.p12);
    products.p22 = multiply_add(slices.d2, slices.d2, products.p22);
    products.p13 = multiply_add(slices.d1, slices.d3, products.p13);
    products.p23 = multiply_add(slices.d2, slices.d3, products.p23);
    products.p33 = multiply_add(slices.d3, slices.d3, products.p33);
}

// The bits of an accumulator that kept its exponent are an integer count of units, plus a constant.
SQUARELY_INLINE void add_group(const Products& products, LaneSums& sums) {
    sums.s11 += bits(products.p11);
    sums.s12 += bits(products.p12);
    sums.s22 += bits(products.p22);
    sums.s13 += bits(products.p13);
    sums.s23 += bits(products.p23);
    sums.s33 += bits(products.p33);
}

template <class Filter, int... I>
SQUARELY_INLINE void square_group(const Block& block, std::ptrdiff_t first, Ahead& ahead, const Grids& grids,
                                  Filter& filter, Products& products, Bits& all_lost, Steps<I...>) {
    const auto step = [&](std::ptrdiff_t i) __attribute__((always_inline)) {
        if (i % 8 == 0) prefetch_next(ahead);
        Vector y_true = load<Vector>(block.y_true + first + i);
        Vector y_pred = load<Vector>(block.y_pred + first + i);
        filter.apply(y_true, y_pred, first + i);
        const Slices slices = sliced(y_true, y_pred, grids);
        all_lost |= lost(slices);
        accumulate(slices, products);
    };
    (step(I * lanes), ...);
}

template <class Filter>
SQUARELY_INLINE bool square_block(const Block& block, const Window& window, SlicedSums& sums, Filter& filter) {
    constexpr int group = vectors_in_group * lanes;
    const Grids grids = grids_of(window);
    const Products start = start_of(window);
    LaneSums lane_sums = load_sums(sums);
    Ahead ahead = block.ahead;
    Bits all_lost{};
    Bits moved{};
    for (std::ptrdiff_t first = 0; first < block.length; first += group) {
        Products products = start;
        square_group(block, first, ahead, grids, filter, products, all_lost, StepsUpTo<vectors_in_group>{});
        moved |= bits(products.p11) ^ bits(start.p11);
        add_group(products, lane_sums);
    }
    if (any(all_lost | (moved & exponent_field))) return false;
    store_sums(lane_sums, sums, block.length / group);
    return true;
}

bool exact_squares(const Block& block, const Window& window, SlicedSums& sums) {
    KeepAll filter;
    return square_block(block, window, sums, filter);
}

bool exact_squares_present(const Block& block, const Window& window, SlicedSums& sums, std::uint64_t* missing) {
    KeepPresent filter;
    if (!square_block(block, window, sums, filter)) return false;
    store_missing(filter, block.length, missing);
    return true;
}

bool exact_squares_where(const Block& block, const unsigned char* where, const Window& window, SlicedSums& sums) {
    KeepWhere filter{where};
    return square_block(block, window, sums, filter);
}

bool exact_squares_valid(const Block& block, const Validity& validity, const Window& window, SlicedSums& sums) {
    KeepValid filter{validity};
    return square_block(block, window, sums, filter);
}

// Where the slices leave nothing behind, and no larger ones are met in a group: 2^E is 2^24 units of the first grid,
// and eight squares of these are 2^51 units. False for NaN.
SQUARELY_INLINE LaneSet fitting(const Slices& slices, Vector limit) {
    return where_below(absolute(slices.whole), limit) & where_equal(slices.taken, slices.left);
}

SQUARELY_INLINE void accumulate_where(LaneSet fits, const Slices& slices, Products& products) {
    products.p11 = multiply_add_where(fits, slices.d1, slices.d1, products.p11);
    products.p12 = multiply_add_where(fits, slices.d1, slices.d2, products.p12);
    products.p22 = multiply_add_where(fits, slices.d2, slices.d2, products.p22);
    products.p13 = multiply_add_where(fits, slices.d1, slices.d3, products.p13);
    products.p23 = multiply_add_where(fits, slices.d2, slices.d3, products.p23);
    products.p33 = multiply_add_where(fits, slices.d3, slices.d3, products.p33);
}

template <int... I>
SQUARELY_INLINE std::uint64_t square_fitting(const Block& block, std::ptrdiff_t first, Ahead& ahead, const Grids& grids,
                                             Vector limit, Products& products, Steps<I...>) {
    std::uint64_t misfits = 0;
    const auto step = [&](std::ptrdiff_t i) __attribute__((always_inline)) {
        if (i % 8 == 0) prefetch_next(ahead);
        const Vector y_true = load<Vector>(block.y_true + first + i);
        const Vector y_pred = load<Vector>(block.y_pred + first + i);
        const Slices slices = sliced(y_true, y_pred, grids);
        const LaneSet fits = fitting(slices, limit);
        misfits |= word_of(~fits) << i;
        accumulate_where(fits, slices, products);
    };
    (step(I * lanes), ...);
    return misfits;
}

void exact_squares_partial(const Block& block, const Window& window, SlicedSums& sums, std::uint64_t* misfits) {
    constexpr int group = vectors_in_group * lanes;
    const Grids grids = grids_of(window);
    const Products start = start_of(window);
    const Vector limit = broadcast(window.limit);
    LaneSums lane_sums = load_sums(sums);
    Ahead ahead = block.ahead;
    for (std::ptrdiff_t first = 0; first < block.length; first += group) {
        Products products = start;
        const std::uint64_t found =
            square_fitting(block, first, ahead, grids, limit, products, StepsUpTo<vectors_in_group>{});
        if (first % 64 == 0) misfits[first / 64] = 0;
        misfits[first / 64] |= found << first % 64;
        add_group(products, lane_sums);
    }
    store_sums(lane_sums, sums, block.length / group);
}

}  // namespace
}  // namespace squarely
