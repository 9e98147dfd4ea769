// What a kernel object offers: plain data and function pointers, the only thing it shares with the rest of the program.
// No inline function may live here: the linker would pick one copy of it, perhaps one compiled for another target.
#pragma once

#include "tables/element_types.hpp"
#include "tables/losses.hpp"
#include "tables/size_window.hpp"
#include "tables/terms.hpp"

#include <cstddef>
#include <cstdint>

namespace squarely {

constexpr int block_length = 512;   // two streams of 4 KB: they fit in L1 beside everything else
constexpr int block_multiple = 64;  // kernels take whole multiples; the load stage pads with pairs of equal zeros
constexpr int max_lanes = 8;
constexpr int tile_columns = 8;  // a row of eight doubles is one cache line
constexpr int tile_rows = 64;    // few, so that they are near while one that does not fit is looked for
// The same on every target, so that the sums that round have the same bits there.
constexpr int kahan_lanes = 16;
constexpr int pairwise_lanes = 32;

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

// Which values of a block are there: pair i has bit i % 64 of word i / 64. Padding is there.
struct Validity {
    std::uint64_t y_true[block_length / 64];
    std::uint64_t y_pred[block_length / 64];
    std::uint64_t both[block_length / 64];
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

// Rows of a C-ordered array, of neighbouring columns.
struct LaneRows {
    const char* y_true;
    const char* y_pred;
    std::ptrdiff_t y_true_stride;
    std::ptrdiff_t y_pred_stride;
    std::ptrdiff_t count;         // a multiple of eight, at most tile_rows
    std::ptrdiff_t columns;       // at least those of a set
    std::ptrdiff_t rows_at_once;  // a multiple of eight
};

// A set of columns, one a lane, and which eight rows of them do not fit the window, a bit each. The rows of those bits
// that are set before are left alone.
struct LaneColumns {
    const Window* window;
    SlicedSums* sums;
    unsigned left;
};

// Σx by the slices of x, and Σx² by their products, as integers in lanes.
struct MomentLanes {
    std::uint64_t slices[3][max_lanes];
    std::uint64_t products[6][max_lanes];
};

struct MomentWindows {
    Window difference;
    Window y_true;
    Window y_pred;
    double least_true;  // numbers of that size or larger have no bit under the last grid of their windows
    double least_pred;
};

// Which moments are formed beside the square of the difference.
struct MomentSet {
    bool of_error;  // the difference itself, its absolute value and the largest of these
    bool of_truth;
    bool of_prediction;
};

struct MomentSums {
    MomentLanes difference;
    MomentLanes y_true;
    MomentLanes y_pred;
    std::uint64_t positive[3][max_lanes];  // slices of the differences above zero
    std::uint64_t positives[max_lanes];    // how many there are
    double largest[max_lanes];             // of the differences without their signs
    std::int64_t groups;                   // each group of eight vectors has added bits(start) and 8 bits(sigma) a lane
};

// The grids a value is sliced on: see sums/exact_values.hpp.
struct ValueWindow {
    double sigma1, sigma2;
};

struct ValueLanes {
    std::uint64_t lanes[2][max_lanes];
    std::int64_t vectors;  // each has added bits(sigma) once a lane
};

// Which sums are formed together by kernels that need no more than the nearest double in the end.
struct CertifiedSet {
    bool squared_error = false;
    bool absolute_error = false;
    bool error = false;  // guarded by squared errors
    bool truth = false;  // and its squares
    bool largest_error = false;
    bool percentage_error = false;
    bool weighted = false;  // all but the largest one, by weights that are summed too
};

// The least first: the first one that has all that is wanted is taken.
constexpr CertifiedSet certified_sets[] = {
    {.squared_error = true},
    {.absolute_error = true},
    {.squared_error = true, .error = true},
    {.squared_error = true, .absolute_error = true, .error = true, .largest_error = true},
    {.squared_error = true, .truth = true},
    {.squared_error = true, .error = true, .truth = true},
    {.squared_error = true, .absolute_error = true, .error = true, .truth = true, .largest_error = true},
    {.squared_error = true, .absolute_error = true, .error = true, .largest_error = true, .percentage_error = true},
    {.squared_error = true,
     .absolute_error = true,
     .error = true,
     .truth = true,
     .largest_error = true,
     .percentage_error = true},
    {.squared_error = true, .weighted = true},
    {.absolute_error = true, .weighted = true},
    {.squared_error = true, .error = true, .weighted = true},
    {.squared_error = true,
     .absolute_error = true,
     .error = true,
     .truth = true,
     .largest_error = true,
     .weighted = true},
    {.squared_error = true,
     .absolute_error = true,
     .error = true,
     .truth = true,
     .largest_error = true,
     .percentage_error = true,
     .weighted = true},
};
constexpr int certified_set_count = sizeof certified_sets / sizeof certified_sets[0];

// 1.5 * 2^52 * unit of each accumulator: see sums/certified.hpp.
struct CertifiedStarts {
    double squared_error, error, squared_truth, truth, percentage_error, weight;
    double least_weight;  // none is below it
};

// Units of the accumulator, and the sum of what they leave of the terms, in two words.
struct CertifiedLanes {
    std::uint64_t units[max_lanes];
    double rest[max_lanes];
    double low[max_lanes];
};

struct CertifiedSums {
    CertifiedLanes squared_error, absolute_error, error, squared_truth, truth, percentage_error, weight;
    double largest_error[max_lanes];
};

// Rows of neighbouring columns at once.
constexpr int column_rows = 8;

// What is fetched meanwhile, a step for every row of a set of columns.
struct RowsAhead {
    std::uintptr_t y_true;
    std::uintptr_t y_pred;
    std::uintptr_t true_step;
    std::uintptr_t pred_step;
};

// Of float64, column_rows of them. Several of these are a tile, which begins and ends.
struct ColumnRows {
    const char* y_true;
    const char* y_pred;
    std::ptrdiff_t true_stride;
    std::ptrdiff_t pred_stride;
    std::ptrdiff_t columns;  // at least as many as lanes
    bool begins;
    bool ends;
    RowsAhead ahead;
};

struct CertifiedColumnStarts {
    double squared_error[max_lanes], error[max_lanes], squared_truth[max_lanes], truth[max_lanes];
};

// A set of columns, one a lane.
struct alignas(64) CertifiedColumnSet {
    CertifiedColumnStarts starts;
    double words[14][max_lanes];  // of a tile that has begun and not ended
    CertifiedSums sums;           // of those that have ended
    bool failed;                  // nothing of the last tile is in the sums: an accumulator left its range
};

struct KahanSums {
    double lanes[2 * kahan_lanes];  // their sums, and then their errors
};

// Of one block.
struct PairwiseSums {
    double lanes[pairwise_lanes];
};

// What one pair adds to a sum, as one double or as several: see terms.hpp.
struct TermKernel {
    // Into a buffer a word: the longer way.
    bool (*values)(const Block& block, double parameter, double* const* words, std::uint64_t* out_of_range);

    // Without and with weights, in one loop, word by word: see sums/exact_terms.hpp. All or nothing. Null where no way
    // needs it.
    using Sum = bool (*)(const Block& block, const double* weights, double parameter, const ValueWindow* windows,
                         ValueLanes* sums);
    Sum sum[2];

    // With their rounded sums in one loop: the first two words, or with weights the first one, as two, and then the
    // second into a buffer. See sums/rounded_terms.hpp. The lanes of the first and of the other words are those of two
    // KahanSums before and after the block, or after it of two PairwiseSums, which begin anew; they are spoiled where
    // it is false. Bit j of byte i of has_more tells whether row i * lanes + j may have more words, of a term of more
    // than two. Without and with weights; null where the longer way is as short.
    using RoundedSum = bool (*)(const Block& block, const double* weights, const double* const* before,
                                double* const* after, double* middles, unsigned char* has_more);
    RoundedSum kahan[2];
    RoundedSum pairwise[2];
};

// Pairs that are not two finite numbers. Of two infinities the truth counts, unless they are the same.
struct LeftOut {
    std::uint64_t missing_true, missing_pred, undefined;
    std::uint64_t high_true, low_true, high_pred, low_pred;  // infinite
};

// Of a C-ordered array of one element type.
struct TileKernels {
    int columns;  // of a set

    // Set after set, the last one up to the last column. The sums of columns are kept apart: of float64 they are the
    // six of a lane; of elements of four bytes three, and three for the second half of the columns; and of shorter
    // integers a word a column.
    void (*exact_squares_by_lane)(const LaneRows& rows, LaneColumns* sets);
};

// A number times a power of two.
struct SmallSum {
    std::uint64_t units;
    int exponent;
};

// Of contiguous elements of four bytes. As the wide ones, all or nothing; integers always fit a window of 2^33.
struct NarrowKernels {
    bool (*all)(const NarrowBlock& block, const Window& window, SlicedSums& sums);
    // Without pairs of which a value is not there.
    bool (*valid)(const NarrowBlock& block, const Validity& validity, const Window& window, SlicedSums& sums);
};

// Rows of the pairs of a block, each of which goes to that of its group: see sums/grouped_rows.hpp. The first word of a
// row counts pairs; so many may pass until it has to be emptied, and as many again.
constexpr int rows_until_full = 1024;

constexpr int words_in_quarter = 4;  // a row has one or two quarters
constexpr int rows_in_buffer = 64;   // rows are made of so many pairs before they are added

struct GroupedRows {
    const std::uint32_t* groups;
    std::ptrdiff_t count;     // of pairs
    std::ptrdiff_t to_fetch;  // up to this pair, rows of groups that come some pairs later are asked for
    std::uint64_t* table;
    std::uint32_t full[block_length];  // groups
    int full_count;
};

struct Kernels {
    int lanes;

    // By DType, and by whether bytes are swapped. False where some value is beyond what a double holds: 64-bit
    // integers.
    using Load = bool (*)(const char* source, std::ptrdiff_t stride, std::ptrdiff_t count, double* block);
    Load load[dtype_count][2];

    TileKernels tiles[dtype_count];  // by DType; empty where it has none

    // Eight neighbouring columns of native float64, each block_multiple after the one before.
    void (*load_tile)(const char* source, std::ptrdiff_t stride, std::ptrdiff_t count, double* tile);

    double (*largest_difference)(const Block& block);  // of those that are numbers

    // Copies of a block with zeros in place of pairs that do not count: those with a NaN, which are counted, missing[0]
    // by their truth and missing[1] where only the prediction is one; or those whose byte of where is zero. The copy
    // may go where the block is.
    void (*copy_present)(const Block& block, double* y_true, double* y_pred, std::uint64_t* missing);
    void (*copy_where)(const Block& block, const unsigned char* where, double* y_true, double* y_pred);
    std::ptrdiff_t (*count_where)(const unsigned char* where, std::ptrdiff_t count);

    // The words of a block: bit i of them for byte i.
    void (*words_of_zero_bytes)(const unsigned char* bytes, std::uint64_t* words);
    std::uint64_t (*count_bits)(const std::uint64_t* words);

    // Copies times 2^exponent, which is positive or negative. Lost are the bits of pairs that the copy has none of.
    void (*copy_raised)(const Block& block, int exponent, double* y_true, double* y_pred);
    void (*copy_lowered)(const Block& block, int exponent, double* y_true, double* y_pred, std::uint64_t* lost);

    // Copies of contiguous elements of one or two bytes, by their size less one, with zeros in place of those whose bit
    // is not set. They have room for a whole block.
    void (*copy_small[2])(const void* source, const std::uint64_t* words, std::ptrdiff_t count, void* target);

    // A copy with NaN in place of every value that is not there.
    void (*copy_marked)(const Block& block, const Validity& validity, double* y_true, double* y_pred);

    // All or nothing: false, and the sums untouched, where some pair does not fit the window.
    bool (*exact_squares)(const Block& block, const Window& window, SlicedSums& sums);
    // The same at two thirds of the cost, and false where bits of some number lie below the second grid or next to it.
    bool (*exact_squares_on_grid)(const Block& block, const Window& window, SlicedSums& sums);
    // The same, leaving out pairs as the copies above do.
    bool (*exact_squares_present)(const Block& block, const Window& window, SlicedSums& sums, std::uint64_t* missing);
    bool (*exact_squares_where)(const Block& block, const unsigned char* where, const Window& window, SlicedSums& sums);

    // The same without pairs of which a value is not there. False where one that is there is NaN.
    bool (*exact_squares_valid)(const Block& block, const Validity& validity, const Window& window, SlicedSums& sums);

    // By DType, empty or null where it has none: contiguous elements of four bytes, and of fewer, whose sums fit a
    // machine word. Of integers any number always do, of floats those of a block or, where it is false, they do not.
    NarrowKernels narrow_squares[dtype_count];
    using SmallSquares = bool (*)(const void* y_true, const void* y_pred, std::ptrdiff_t count, SmallSum& sum);
    SmallSquares small_squares[dtype_count];

    // Adds the pairs that fit, and sets the bits of the others: pair i has bit i % 64 of misfits[i / 64].
    void (*exact_squares_partial)(const Block& block, const Window& window, SlicedSums& sums, std::uint64_t* misfits);

    // Several sums in one loop, by the three of a MomentSet: see sums/exact_moments.hpp. All or nothing; it looks at
    // the sizes of truth and prediction alone to prove that no bit is lost, and fails where there is a zero, too.
    using Moments = bool (*)(const Block& block, const MomentWindows& windows, MomentSums& sums);
    Moments exact_moments[2][2][2];
    // The same of the pairs that fit, setting the bits of the others as above.
    using FittingMoments = void (*)(const Block& block, const MomentWindows& windows, MomentSums& sums,
                                    std::uint64_t* misfits);
    FittingMoments fitting_moments[2][2][2];

    // Adds the pairs that fit to rows of squares alone, or of differences and their sizes too, and sets the bits of the
    // others.
    using AddGroupedRows = void (*)(const Block& block, const Window& window, GroupedRows& rows,
                                    std::uint64_t* misfits);
    AddGroupedRows add_grouped_rows[2];

    // Of certified_sets; null where the target has none. Weights are null where the set has none. The second ones leave
    // out pairs as copy_present does, and are null where this is as fast.
    using Certified = bool (*)(const Block& block, const double* weights, const CertifiedStarts& starts,
                               CertifiedSums& sums, std::uint64_t* missing);
    Certified certified[certified_set_count];
    Certified certified_present[certified_set_count];
    // Of neighbouring columns, null where a larger set takes as long.
    using CertifiedColumns = void (*)(const ColumnRows& rows, CertifiedColumnSet* sets);
    CertifiedColumns certified_columns[certified_set_count];

    // The way of all other sums: terms of a block, perhaps weighed, summed as values.
    TermKernel terms[term_count];  // by Term; empty where it is not summed
    bool (*weigh)(const double* weights, std::ptrdiff_t length, int words_before, bool is_rounded, double* const* words,
                  std::uint64_t* out_of_range);
    bool (*exact_values)(const double* values, std::ptrdiff_t length, const ValueWindow& window, ValueLanes& sums);
    void (*find_misfit_values)(const double* values, std::ptrdiff_t length, const ValueWindow& window,
                               std::uint64_t* misfits);

    bool (*all_finite)(const Block& block);
    bool (*has_zero)(const double* values, std::ptrdiff_t length);
    double (*largest_value)(const double* values, std::ptrdiff_t length);
    void (*keep_finite)(const Block& block, const unsigned char* where, double* y_true, double* y_pred,
                        unsigned char* kept, LeftOut& left_out);
    void (*keep_rows)(double* values, std::ptrdiff_t length, const unsigned char* kept);
    void (*find_extremes)(const double* values, std::ptrdiff_t length, const unsigned char* kept, double* least,
                          double* greatest);

    // By their leading bits, for counts by size: see sizes.hpp.
    void (*find_sizes)(const Block& block, std::uint32_t* truths, std::uint32_t* predictions, std::uint32_t* residuals);
    bool (*find_cells)(const SizesOfRows& sizes, const SizeWindow& window, CellsOfRows& cells);

    // False, and the sums untouched, where one of them is not finite. Products are added to lanes as above, and leave
    // their errors in place of the values.
    bool (*kahan_values)(const double* values, std::ptrdiff_t length, KahanSums& sums);
    void (*kahan_products)(const double* weights, double* values, std::ptrdiff_t length, double* lanes);
    void (*pairwise_values)(const double* values, std::ptrdiff_t length, PairwiseSums& sums);
    void (*pairwise_products)(const double* weights, double* values, std::ptrdiff_t length, double* lanes);

    // Of each element; count is a multiple of lanes. The parameter is the exponent of power.
    using Elementary = void(const double* source, double parameter, std::ptrdiff_t count, double* target);
    Elementary* logarithm;
    Elementary* log1p;
    Elementary* log1p_remainder;  // x - log(1 + x)
    Elementary* exponential;
    Elementary* power;
    Elementary* log_cosh;

    // For order statistics, in order.hpp.
    bool (*absolute_differences)(const Block& block, double* values);
    std::ptrdiff_t (*absolute_differences_between)(const Block& block, double low, double high, double* inside,
                                                   std::uint64_t* below);
    void (*widen_extremes)(const double* values, std::ptrdiff_t count, double* smallest, double* largest);
    std::ptrdiff_t (*values_between)(const double* values, std::ptrdiff_t count, double low, double high,
                                     double* inside, std::uint64_t* below);
    // By Loss, its value and its derivative, this divided: as many results as the block is long, which may go where the
    // block is.
    using FillLosses = void (*)(const Block& block, double parameter, double divisor, double* results);
    using FillNarrowLosses = void (*)(const NarrowBlock& block, double parameter, double divisor, float* results);
    FillLosses losses[loss_count][2];
    FillNarrowLosses losses_float32[loss_count][2];
    void (*scale)(double* results, const double* factors, double divisor, std::ptrdiff_t length);  // of a block

    // By DType, null where it is no float. Values and target do not overlap.
    using Store = void (*)(const double* values, std::ptrdiff_t count, char* target, std::ptrdiff_t stride);
    Store store[dtype_count];
};

}  // namespace squarely
