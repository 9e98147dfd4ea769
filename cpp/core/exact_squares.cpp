#include "exact_squares.hpp"

#include "floating_point.hpp"
#include "pair.hpp"
#include "targets.hpp"

#include <algorithm>
#include <bit>

namespace squarely {
namespace {

// Outside these the products of slices leave the range of doubles, or lose bits among the subnormals.
constexpr int smallest_window = -380;
constexpr int largest_window = 480;

// The grids lie at 2^(E-24), 2^(E-49) and 2^(E-73); products that are counted twice (d1 d2, d1 d3, d2 d3) have their
// factor of two in the exponent.
constexpr int grid1 = -24;
constexpr int grid2 = -49;
constexpr int grid3 = -73;
constexpr int product_grids[6][2] = {{grid1, grid1}, {grid1, grid2}, {grid2, grid2},
                                     {grid1, grid3}, {grid2, grid3}, {grid3, grid3}};

// Each group adds at most 2^51 units to a lane, and a lane holds 2^63.
constexpr std::int64_t groups_before_flush = 2000;

constexpr int misfits_that_move_the_window = block_length / 8;
constexpr int misfits_that_defeat_any_window = block_length / 2;
constexpr int blocks_before_another_try = 16;

constexpr std::uint64_t biased(int exponent) { return static_cast<std::uint64_t>(exponent + 1023) << 52; }
double power_of_two(int exponent) { return std::bit_cast<double>(biased(exponent)); }

// 1.5 * 2^52 * 2^exponent, by its bits: ldexp takes ten times as long.
double rounding_constant(int exponent) { return std::bit_cast<double>(biased(exponent + 52) | std::uint64_t{1} << 51); }

int exponent_of(double value) { return static_cast<int>(std::bit_cast<std::uint64_t>(value) >> 52 & 0x7ff) - 1023; }

// float32 values that are multiples of the second grid are exact in two slices: a value from 2^(E-26) up, with its 24
// bits, is one. As doubled bits less one, like the kernel's.
std::uint32_t narrow_floor(int exponent) {
    const int biased_floor = std::clamp(exponent + grid2 + 23 + 127, 1, 255);
    return (static_cast<std::uint32_t>(biased_floor) << 24) - 1;
}

void set_window(SlicedSquares& sliced, int exponent) {
    sliced.exponent = exponent;
    sliced.chosen = true;
    sliced.window.sigma1 = rounding_constant(exponent + grid1);
    sliced.window.sigma2 = rounding_constant(exponent + grid2);
    sliced.window.sigma3 = rounding_constant(exponent + grid3);
    for (int i = 0; i < 6; ++i) {
        sliced.window.start[i] = rounding_constant(2 * exponent + product_grids[i][0] + product_grids[i][1]);
    }
    sliced.window.limit = power_of_two(exponent);
    sliced.window.narrow_floor = narrow_floor(exponent);
}

void flush(SlicedSquares& sliced, const Kernels& kernels, int products, ExactSum& sum) {
    if (!sliced.chosen) return;
    for (int i = 0; i < products; ++i) {
        const std::uint64_t added =
            static_cast<std::uint64_t>(sliced.sums.groups) * std::bit_cast<std::uint64_t>(sliced.window.start[i]);
        __extension__ __int128 total = 0;
        for (int lane = 0; lane < kernels.lanes; ++lane) {
            total += static_cast<std::int64_t>(sliced.sums.lanes[i][lane] - added);
        }
        const bool twice = product_grids[i][0] != product_grids[i][1];
        const int unit = 2 * sliced.exponent + product_grids[i][0] + product_grids[i][1] + (twice ? 1 : 0);
        add(sum, static_cast<uint128>(total < 0 ? -total : total), unit, total < 0);
    }
    sliced.sums = SlicedSums{};
}

constexpr int wide_products = 6;
constexpr int narrow_products = 3;

bool move_window(SlicedSquares& sliced, const Kernels& kernels, int products, int exponent, ExactSum& sum) {
    if (exponent < smallest_window || exponent > largest_window) return false;
    flush(sliced, kernels, products, sum);
    sliced.sums = SlicedSums{};
    set_window(sliced, exponent);
    return true;
}

// For the first block: twice its largest difference, so that a slightly larger one does not leave the window.
int first_exponent(const Kernels& kernels, const Block& block) {
    const double largest = kernels.largest_difference(block);
    return largest > 0 ? exponent_of(largest) + 2 : 0;
}

// When many pairs do not fit: the largest difference may be an outlier and the window should fit the others, so take
// the exponent that fifteen in sixteen stay below.
int typical_exponent(const Block& block) {
    int exponents[block_length];
    int finite = 0;
    for (std::ptrdiff_t i = 0; i < block.length; ++i) {
        const double difference = block.y_true[i] - block.y_pred[i];
        const int exponent = exponent_of(difference);
        if (difference != 0 && exponent <= largest_window) exponents[finite++] = exponent;
    }
    if (finite == 0) return 0;
    int* const typical = exponents + finite * 15 / 16;
    std::nth_element(exponents, typical, exponents + finite);
    return *typical + 2;
}

// A pair that is in counts.pairs already.
void add_pair(ExactSquares& squares, double y_true, double y_pred) {
    const PairKind kind = kind_of(y_true, y_pred);
    if (kind == PairKind::finite) {
        add_square(squares.sum, y_true, y_pred);
    } else {
        --squares.counts.pairs;
        count(squares.counts, kind);
    }
}

void add_one_by_one(ExactSquares& squares, const Block& block, std::ptrdiff_t count) {
    for (std::ptrdiff_t i = 0; i < count; ++i) add_pair(squares, block.y_true[i], block.y_pred[i]);
}

int add_misfits(ExactSquares& squares, const Block& block, const std::uint64_t* misfits) {
    int added = 0;
    for (std::ptrdiff_t first = 0; first < block.length; first += 64) {
        for (std::uint64_t left = misfits[first / 64]; left != 0; left &= left - 1) {
            const std::ptrdiff_t i = first + std::countr_zero(left);
            add_pair(squares, block.y_true[i], block.y_pred[i]);
            ++added;
        }
    }
    return added;
}

void add_partially(ExactSquares& squares, const Kernels& kernels, const Block& block) {
    SlicedSquares& wide = squares.wide;
    std::uint64_t marks[block_length / 64];
    kernels.exact_squares_partial(block, wide.window, wide.sums, marks);
    const int misfits = add_misfits(squares, block, marks);
    squares.expect_misfits = misfits > 0;
    if (misfits < misfits_that_move_the_window) return;
    const int exponent = typical_exponent(block);
    const bool moved = exponent != wide.exponent && move_window(wide, kernels, wide_products, exponent, squares.sum);
    if (!moved && misfits > misfits_that_defeat_any_window) squares.blocks_one_by_one = blocks_before_another_try;
}

void add_block(ExactSquares& squares, const Kernels& kernels, const Block& block, std::ptrdiff_t count) {
    SlicedSquares& wide = squares.wide;
    squares.counts.pairs += static_cast<std::uint64_t>(count);
    if (!wide.chosen && !move_window(wide, kernels, wide_products, first_exponent(kernels, block), squares.sum)) {
        add_one_by_one(squares, block, count);
        return;
    }
    if (squares.blocks_one_by_one > 0) {
        --squares.blocks_one_by_one;
        add_one_by_one(squares, block, count);
        return;
    }
    if (squares.expect_misfits || !kernels.exact_squares(block, wide.window, wide.sums)) {
        add_partially(squares, kernels, block);
    }
    if (wide.sums.groups >= groups_before_flush) flush(wide, kernels, wide_products, squares.sum);
}

// Whether the block was added. A first block chooses the window, by its widened values.
bool add_narrow_block(ExactSquares& squares, const Kernels& kernels, const NarrowBlock& block) {
    SlicedSquares& narrow = squares.narrow;
    if (!kernels.exact_squares_narrow(block, narrow.window, narrow.sums)) return false;
    squares.counts.pairs += static_cast<std::uint64_t>(block.length);
    if (narrow.sums.groups >= groups_before_flush) flush(narrow, kernels, narrow_products, squares.sum);
    return true;
}

}  // namespace

void add_rows(ExactSquares& squares, const Kernels& kernels, const Column& y_true, const Column& y_pred, Rows rows,
              BlockBuffers& buffers) {
    const bool narrow = has_narrow_block(y_true, y_pred, rows);
    if (narrow && squares.narrow.chosen && squares.blocks_without_narrow == 0) {
        if (add_narrow_block(squares, kernels, narrow_block(y_true, y_pred, rows))) return;
        squares.blocks_without_narrow = blocks_before_another_try;
    }
    const Block block = load_block(kernels, y_true, y_pred, rows, buffers);
    if (narrow && !(squares.blocks_without_narrow > 0 && --squares.blocks_without_narrow > 0)) {
        move_window(squares.narrow, kernels, narrow_products, first_exponent(kernels, block), squares.sum);
    }
    add_block(squares, kernels, block, rows.count);
}

void finish(ExactSquares& squares, const Kernels& kernels) {
    flush(squares.wide, kernels, wide_products, squares.sum);
    flush(squares.narrow, kernels, narrow_products, squares.sum);
}

void sum_stretch(ExactSquares& squares, const Column& y_true, const Column& y_pred, std::ptrdiff_t rows) {
    const Kernels& kernels = *current_target().kernels;
    const FloatingPointEnvironment environment;
    BlockBuffers buffers;
    for (std::ptrdiff_t first = 0; first < rows; first += block_length) {
        const Rows block{first, std::min<std::ptrdiff_t>(block_length, rows - first)};
        add_rows(squares, kernels, y_true, y_pred, block, buffers);
    }
    finish(squares, kernels);
}

}  // namespace squarely
