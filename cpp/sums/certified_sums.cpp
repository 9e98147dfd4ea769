#include "sums/certified_sums.hpp"

#include "blocks/block.hpp"
#include "machine/floating_point.hpp"
#include "machine/targets.hpp"
#include "numbers/add_words.hpp"
#include "sums/sliced_squares.hpp"
#include "sums/window.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace squarely {
namespace {

// Units below the largest number of a sample times 2^4, for squares and for numbers: every lane takes 512 numbers of
// 22 times that size, or of 65,000 times that, before it leaves its range.
constexpr int above_sample = 4;
constexpr int square_unit = -42;
constexpr int value_unit = -35;
constexpr int smallest_exponent = -300;
constexpr int largest_exponent = 400;

// Ends are counted in these parts of a unit.
constexpr int part_of_unit = -60;

struct Units {
    int squared_error, error, squared_truth, truth;
};

// Of a sum whose largest number is known. False where the squares would leave the doubles, or nothing is known.
bool set_units(double largest, int& of_squares, int& of_values) {
    if (!(largest > 0) || !std::isfinite(largest)) return false;
    const int exponent = exponent_of(largest) + 1 + above_sample;
    of_squares = 2 * exponent + square_unit;
    of_values = exponent + value_unit;
    return smallest_exponent <= exponent && exponent <= largest_exponent;
}

bool has_truth(CertifiedSet set) { return set == CertifiedSet::squares_and_truth || set == CertifiedSet::all; }

// By the first rows: what comes later and is much larger is found out by the kernel.
bool choose_units(const Kernels& kernels, const Block& sample, CertifiedSet set, Units& units) {
    if (!set_units(kernels.largest_difference(sample), units.squared_error, units.error)) return false;
    const double largest = has_truth(set) ? kernels.largest_value(sample.y_true, sample.length) : 1.0;
    return set_units(largest, units.squared_truth, units.truth);
}

// Full blocks where they lie, and the rest with pairs of zeros behind it, which add nothing.
bool add_all(const Kernels& kernels, const Pairs& pairs, std::ptrdiff_t rows, CertifiedSet set,
             const CertifiedStarts& starts, CertifiedSums& sums) {
    const auto add = kernels.certified[static_cast<int>(set)];
    BlockBuffers rest;
    for (std::ptrdiff_t first = 0; first < rows; first += block_length) {
        const Rows of_block{first, std::min<std::ptrdiff_t>(block_length, rows - first)};
        const Block block = load_block(kernels, pairs, of_block, {nullptr, of_block.count, false}, rest, nullptr);
        if (!add(block, starts, sums)) return false;
    }
    return true;
}

// What is left of n terms, in k steps of every lane, is below half a unit each, and each step rounds a sum of k of them
// by 2^-53 of it at most. The products of differences with their own errors are below 2^-53 of the squares, and the
// squares of errors, which are left out, below 2^-106. Twice all that, in parts of a unit: n (k + 8) 2^-52 2^60.
Ends ends_of(const CertifiedLanes& sum, const Kernels& kernels, int unit, std::ptrdiff_t rows, int crosses) {
    std::int64_t units = 0;
    double rest = 0;
    double cross = 0;
    for (int lane = 0; lane < kernels.lanes; ++lane) {
        units += static_cast<std::int64_t>(sum.units[lane]);
        rest += sum.rest[lane];
        cross += sum.cross[lane];
    }
    const std::ptrdiff_t padded = rows + block_multiple;
    const std::ptrdiff_t steps = padded / kernels.lanes;
    const auto radius = (static_cast<int128>(padded) * (steps + 8) << 8) + 2;
    const auto small = static_cast<int128>((rest + crosses * cross) * power_of_two(-part_of_unit - unit));
    const int128 middle = (static_cast<int128>(units) << -part_of_unit) + small;
    Ends ends;
    add_units(ends.low, middle - radius, unit + part_of_unit);
    add_units(ends.high, middle + radius, unit + part_of_unit);
    return ends;
}

bool is_certain_of_sign(const Ends& ends) { return is_negative(ends.low) == is_negative(ends.high); }

// Whether n Σx² is far enough above (Σx)² that both ends of their difference are positive.
bool is_spread(const CertifiedEnds& ends, std::ptrdiff_t rows) {
    const double sum = to_double(ends.truth.high);
    const double least = sum * sum;
    return static_cast<double>(rows) * to_double(ends.squared_truth.low) > least * (1 + 0x1p-40);
}

struct Direction {
    Term term;
    Ends CertifiedEnds::* ends;
    bool is_worse_if_larger;
};

// The sizes of sums that have signs.
constexpr Direction directions[] = {
    {Term::squared_error, &CertifiedEnds::squared_error, true},
    {Term::absolute_error, &CertifiedEnds::absolute_error, true},
    {Term::error, &CertifiedEnds::error, false},
    {Term::squared_truth, &CertifiedEnds::squared_truth, false},
    {Term::truth, &CertifiedEnds::truth, true},
};

const Direction* direction_of(Term term) {
    const auto* found =
        std::find_if(std::begin(directions), std::end(directions), [&](const auto& row) { return row.term == term; });
    return found == std::end(directions) ? nullptr : found;
}

OutputSums sums_at(const CertifiedEnds& ends, const SummandList& summands, bool worst) {
    OutputSums sums(Summation::exact, false, ends.counts);
    for (const Summand& summand : summands) {
        const Direction& direction = *direction_of(summand.term);
        const Ends& own = ends.*direction.ends;
        const bool larger_size = direction.is_worse_if_larger == worst;
        append(sums, {summand, larger_size != is_negative(own.low) ? &own.high : &own.low, nullptr, {}, nullptr});
    }
    return sums;
}

}  // namespace

std::optional<CertifiedSet> certified_set(const SummandList& summands) {
    bool has[std::size(directions)] = {};
    for (const Summand& summand : summands) {
        const Direction* direction = direction_of(summand.term);
        if (direction == nullptr) return std::nullopt;
        has[direction - directions] = true;
    }
    const auto [squares, sizes, errors, squared_truth, truth] = has;
    if (sizes) return summands.count == 1 ? std::optional(CertifiedSet::sizes) : std::nullopt;
    if (squared_truth || truth) return errors ? CertifiedSet::all : CertifiedSet::squares_and_truth;
    return errors ? CertifiedSet::errors : CertifiedSet::squares;
}

bool certified_ends(const Pairs& pairs, std::ptrdiff_t rows, CertifiedSet set, CertifiedEnds& ends) {
    const Kernels& kernels = *current_target().kernels;
    const bool is_usual = pairs.y_true.dtype == DType::float64 && is_contiguous_and_whole(pairs);
    if (!is_usual || rows < block_multiple || kernels.certified[static_cast<int>(set)] == nullptr) return false;
    const FloatingPointEnvironment environment;
    const Block sample{static_cast<const double*>(pairs.y_true.data),
                       static_cast<const double*>(pairs.y_pred.data),
                       block_multiple,
                       {}};
    Units units;
    if (!choose_units(kernels, sample, set, units)) return false;
    const CertifiedStarts starts{rounding_constant(units.squared_error), rounding_constant(units.error),
                                 rounding_constant(units.squared_truth), rounding_constant(units.truth)};
    CertifiedSums sums{};
    if (!add_all(kernels, pairs, rows, set, starts, sums)) return false;
    if (set == CertifiedSet::sizes) {
        ends.absolute_error = ends_of(sums.absolute_error, kernels, units.error, rows, 1);
    } else {
        ends.squared_error = ends_of(sums.squared_error, kernels, units.squared_error, rows, 2);
    }
    if (set == CertifiedSet::errors || set == CertifiedSet::all) {
        ends.error = ends_of(sums.error, kernels, units.error, rows, 1);
        negate(ends.error.low);  // of predictions less truths
        negate(ends.error.high);
        std::swap(ends.error.low, ends.error.high);
        if (!is_certain_of_sign(ends.error)) return false;
    }
    if (has_truth(set)) {
        ends.squared_truth = ends_of(sums.squared_truth, kernels, units.squared_truth, rows, 0);
        ends.truth = ends_of(sums.truth, kernels, units.truth, rows, 0);
        if (!is_certain_of_sign(ends.truth) || !is_spread(ends, rows)) return false;
    }
    ends.counts.pairs = static_cast<std::uint64_t>(rows);
    return true;
}

OutputSums worst_of(const CertifiedEnds& ends, const SummandList& summands) { return sums_at(ends, summands, true); }
OutputSums best_of(const CertifiedEnds& ends, const SummandList& summands) { return sums_at(ends, summands, false); }

}  // namespace squarely
