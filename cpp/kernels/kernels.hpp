// What a kernel object offers: plain data and function pointers, the only thing it shares with the rest of the program.
// No inline function may live here: the linker would pick one copy of it, perhaps one compiled for another target.
#pragma once

#include <cstddef>
#include <cstdint>

namespace squarely {

constexpr int block_length = 512;   // two streams of 4 KB: they fit in L1 beside everything else
constexpr int block_multiple = 64;  // kernels take whole multiples; the load stage pads with pairs of equal zeros
constexpr int max_lanes = 8;
constexpr int tile_columns = 8;  // a row of eight doubles is one cache line
constexpr int tile_rows = 64;    // few, so that memory is read nearly in its order
constexpr int loss_count = 5;
constexpr int kahan_lanes = 16;  // the same on every target, so that Kahan sums have the same bits on every target

// Where the data of coming blocks lies; the kernel prefetches it while it computes.
struct Ahead {
    std::uintptr_t y_true;  // addresses, inside the columns or not
    std::uintptr_t y_pred;
    std::uintptr_t
        y_true_step;  // bytes per 8 float64 elements, or per 16 of contiguous float32; wraps for negative ones
    std::uintptr_t y_pred_step;
};

struct Block {
    const double* y_true;
    const double* y_pred;
    std::ptrdiff_t length;  // a multiple of block_multiple, at most block_length
    Ahead ahead;
};

// Of contiguous elements of four bytes: float, or 32-bit integers of either sign.
struct NarrowBlock {
    const char* y_true;
    const char* y_pred;
    std::ptrdiff_t length;
    Ahead ahead;
};

// Rows of a C-ordered float64 array, as many neighbouring columns as the target has lanes.
struct LaneRows {
    const char* y_true;
    const char* y_pred;
    std::ptrdiff_t y_true_stride;
    std::ptrdiff_t y_pred_stride;
    std::ptrdiff_t count;  // a multiple of eight
    Ahead ahead;           // by rows
};

// The grids a difference is sliced on: see sums/exact.hpp.
struct Window {
    double sigma1, sigma2, sigma3;  // 1.5 * 2^52 * grid: adding and subtracting one rounds to its grid
    double start[6];                // 1.5 * 2^52 * unit of each product accumulator
    double limit;                   // no difference above it may enter a group unchecked
    std::uint32_t narrow_floor;     // float32 bits, doubled: non-zero inputs below it have bits under the last grid
};

// Products of slices, as integers in lanes: 11 12 22 13 23 33.
struct SlicedSums {
    std::uint64_t lanes[6][max_lanes];
    std::int64_t groups;  // each group of eight vectors has added bits(start) once a lane
};

struct KahanSums {
    double high[kahan_lanes];
    double low[kahan_lanes];
};

struct Kernels {
    int lanes;

    // By DType, and by whether bytes are swapped. False where some value is beyond what a double holds: 64-bit
    // integers.
    using Load = bool (*)(const char* source, std::ptrdiff_t stride, std::ptrdiff_t count, double* block);
    Load load[13][2];

    // Eight neighbouring columns of native float64, each block_multiple doubles after the one before.
    void (*load_tile)(const char* source, std::ptrdiff_t stride, std::ptrdiff_t count, double* tile);

    double (*largest_difference)(const Block& block);  // of those that are numbers

    // Copies of a block with zeros in place of pairs that do not count: those with a NaN, which are counted, missing[0]
    // by their truth and missing[1] where only the prediction is one; or those whose byte of where is zero. The copy
    // may go where the block is.
    void (*copy_present)(const Block& block, double* y_true, double* y_pred, std::uint64_t* missing);
    void (*copy_where)(const Block& block, const unsigned char* where, double* y_true, double* y_pred);
    std::ptrdiff_t (*count_where)(const unsigned char* where, std::ptrdiff_t count);

    // All or nothing: false, and the sums untouched, where some pair does not fit the window.
    bool (*exact_squares)(const Block& block, const Window& window, SlicedSums& sums);
    // The same, leaving out pairs as the copies above do.
    bool (*exact_squares_present)(const Block& block, const Window& window, SlicedSums& sums, std::uint64_t* missing);
    bool (*exact_squares_where)(const Block& block, const unsigned char* where, const Window& window, SlicedSums& sums);

    // The same with one column a lane, whose sums are kept apart.
    bool (*exact_squares_by_lane)(const LaneRows& rows, const Window& window, SlicedSums& sums);
    bool (*exact_squares_float32)(const NarrowBlock& block, const Window& window, SlicedSums& sums);

    // Integers of four bytes always fit a window of 2^33, and sums of smaller ones fit a machine word.
    void (*exact_squares_int32)(const NarrowBlock& block, const Window& window, SlicedSums& sums);
    void (*exact_squares_uint32)(const NarrowBlock& block, const Window& window, SlicedSums& sums);
    std::uint64_t (*squares_int8)(const void* y_true, const void* y_pred, std::ptrdiff_t count);
    std::uint64_t (*squares_uint8)(const void* y_true, const void* y_pred, std::ptrdiff_t count);
    std::uint64_t (*squares_int16)(const void* y_true, const void* y_pred, std::ptrdiff_t count);
    std::uint64_t (*squares_uint16)(const void* y_true, const void* y_pred, std::ptrdiff_t count);

    // Adds the pairs that fit, and sets the bits of the others: pair i has bit i % 64 of misfits[i / 64].
    void (*exact_squares_partial)(const Block& block, const Window& window, SlicedSums& sums, std::uint64_t* misfits);

    // False, and the sum untouched, where the result is not finite.
    bool (*kahan_squares)(const Block& block, KahanSums& sums);
    bool (*pairwise_squares)(const Block& block, double& sum);

    // Of each element; count is a multiple of lanes. The parameter is the exponent of power.
    using Elementary = void(const double* source, double parameter, std::ptrdiff_t count, double* target);
    Elementary* logarithm;
    Elementary* log1p;
    Elementary* log1p_remainder;  // x - log(1 + x)
    Elementary* exponential;
    Elementary* power;
    Elementary* log_cosh;

    // By Loss, its value and its derivative, this divided: as many results as the block is long, which may go where the
    // block is.
    using FillLosses = void (*)(const Block& block, double parameter, double divisor, double* results);
    using FillNarrowLosses = void (*)(const NarrowBlock& block, double parameter, double divisor, float* results);
    FillLosses losses[loss_count][2];
    FillNarrowLosses losses_float32[loss_count][2];
    void (*scale)(double* results, const double* factors, double divisor, std::ptrdiff_t length);  // of a block

    // By DType, of which the first four are floats. Values and target do not overlap.
    using Store = void (*)(const double* values, std::ptrdiff_t count, char* target, std::ptrdiff_t stride);
    Store store[4];
};

}  // namespace squarely
