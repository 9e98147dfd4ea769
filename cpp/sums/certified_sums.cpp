#include "sums/certified_sums.hpp"

#include "blocks/block.hpp"
#include "machine/floating_point.hpp"
#include "machine/long_call.hpp"
#include "machine/targets.hpp"
#include "numbers/add_words.hpp"
#include "sums/sliced_squares.hpp"
#include "sums/window.hpp"

#include <algorithm>
#include <cmath>

namespace squarely {
namespace {

// Units below the largest number of a block times 2^4, for squares and for numbers: a lane takes 512 numbers of 22
// times that size, or of 65,000 times that, before it leaves its range.
constexpr int above_block = 4;
constexpr int square_unit = -42;
constexpr int value_unit = -35;

// Where neither units nor squares leave the doubles.
constexpr int smallest_exponent = -300;
constexpr int largest_exponent = 400;

// Ends are counted in these parts of a unit.
constexpr int part_of_unit = -60;
constexpr double parts_of_unit = 0x1p60;

bool has_truth(CertifiedSet set) { return set == CertifiedSet::squares_and_truth || set == CertifiedSet::all; }
bool has_errors(CertifiedSet set) { return set == CertifiedSet::errors || set == CertifiedSet::all; }

// Sums of blocks, in units that fit the largest number there was.
struct Running {
    explicit Running(CertifiedSet wanted) : set(wanted) {}

    CertifiedSet set;
    int error_exponent = smallest_exponent;
    int truth_exponent = smallest_exponent;
    CertifiedStarts starts;
    CertifiedSums sums;
    std::ptrdiff_t rows = 0;  // padding included
    bool chosen = false;
    int blocks_with_missing = 0;
};

constexpr int blocks_after_missing = 16;  // a NaN is seldom the last

// What is left of n terms is below half a unit each. The k steps of a lane in a block round a sum of k of them by 2^-53
// of it at most, and so do the products of differences with their own errors, which are below 2^-53 of the squares; the
// squares of errors, below 2^-106 of these, are left out. Twice all that: n (k + 8) 2^-52 units.
void add_ends(const CertifiedLanes& sum, const Kernels& kernels, int unit, std::ptrdiff_t rows, Ends& ends) {
    int128 middle = 0;
    for (int lane = 0; lane < kernels.lanes; ++lane) {
        const double scale = parts_of_unit * power_of_two(-unit);
        middle += static_cast<int128>(static_cast<std::int64_t>(sum.units[lane])) << -part_of_unit;
        middle += static_cast<int128>(sum.rest[lane] * scale) + static_cast<int128>(sum.low[lane] * scale);
    }
    const int steps = block_length / kernels.lanes;
    const int128 radius = (static_cast<int128>(rows) * (steps + 8) << (-part_of_unit - 52)) + 2 * max_lanes;
    add_units(ends.low, middle - radius, unit + part_of_unit);
    add_units(ends.high, middle + radius, unit + part_of_unit);
}

// Of predictions less truths, where the kernel sums truths less predictions.
void add_negated(const Ends& more, Ends& ends) {
    subtract(ends.low, more.high);
    subtract(ends.high, more.low);
}

void flush(Running& running, const Kernels& kernels, CertifiedEnds& ends) {
    if (running.rows == 0) return;
    const auto add = [&](const CertifiedLanes& sum, int unit, Ends& own) {
        add_ends(sum, kernels, unit, running.rows, own);
    };
    const int errors = running.error_exponent;
    const int truths = running.truth_exponent;
    if (running.set == CertifiedSet::sizes) {
        add(running.sums.absolute_error, errors + value_unit, ends.absolute_error);
    } else {
        add(running.sums.squared_error, 2 * errors + square_unit, ends.squared_error);
    }
    if (has_errors(running.set)) {
        Ends differences;
        add(running.sums.error, errors + value_unit, differences);
        add_negated(differences, ends.error);
    }
    if (has_truth(running.set)) {
        add(running.sums.squared_truth, 2 * truths + square_unit, ends.squared_truth);
        add(running.sums.truth, truths + value_unit, ends.truth);
    }
    running.rows = 0;
}

int exponent_above(double largest) { return largest > 0 ? exponent_of(largest) + 1 + above_block : smallest_exponent; }

// Units only grow. False where there are none.
bool choose_units(Running& running, const Kernels& kernels, const Block& block, CertifiedEnds& ends) {
    flush(running, kernels, ends);
    const double truth = has_truth(running.set) ? kernels.largest_value(block.y_true, block.length) : 0.0;
    running.error_exponent = std::max(running.error_exponent, exponent_above(kernels.largest_difference(block)));
    running.truth_exponent = std::max(running.truth_exponent, exponent_above(truth));
    if (std::max(running.error_exponent, running.truth_exponent) > largest_exponent) return false;
    running.starts = {rounding_constant(2 * running.error_exponent + square_unit),
                      rounding_constant(running.error_exponent + value_unit),
                      rounding_constant(2 * running.truth_exponent + square_unit),
                      rounding_constant(running.truth_exponent + value_unit)};
    running.sums = {};
    running.chosen = true;
    return true;
}

bool add_to_kernel(Running& running, const Kernels& kernels, const Block& block) {
    if (!running.chosen) return false;
    if (!kernels.certified[static_cast<int>(running.set)](block, running.starts, running.sums)) return false;
    running.rows += block.length;
    return true;
}

// False where there are infinities, or numbers too large for it.
bool add_finite(Running& running, const Kernels& kernels, const Block& block, CertifiedEnds& ends) {
    if (add_to_kernel(running, kernels, block)) return true;
    return kernels.all_finite(without_prefetch(block)) && choose_units(running, kernels, block, ends) &&
           add_to_kernel(running, kernels, block);
}

bool add_block(Running& running, const Kernels& kernels, const Block& block, BlockBuffers& buffers,
               CertifiedEnds& ends) {
    if (running.blocks_with_missing == 0) {
        if (add_finite(running, kernels, block, ends)) return true;
        running.blocks_with_missing = blocks_after_missing;
    }
    --running.blocks_with_missing;
    std::uint64_t missing[2] = {};
    kernels.copy_present(block, buffers.y_true, buffers.y_pred, missing);
    ends.counts.missing_true += missing[0];
    ends.counts.missing_pred += missing[1];
    ends.counts.pairs -= missing[0] + missing[1];
    if (missing[0] + missing[1] > 0) running.blocks_with_missing = blocks_after_missing;
    return add_finite(running, kernels, {buffers.y_true, buffers.y_pred, block.length, block.ahead}, ends);
}

bool add_rows(Running& running, const Kernels& kernels, const Pairs& pairs, Rows rows, BlockBuffers& buffers,
              CertifiedEnds& ends) {
    const RowsKept kept = rows_kept(kernels, pairs, rows, buffers);
    ends.counts.masked += static_cast<std::uint64_t>(rows.count - kept.count);
    ends.counts.pairs += static_cast<std::uint64_t>(kept.count);
    if (kept.count == 0) return true;
    const Block loaded = load_block(kernels, pairs, rows, kept, buffers, nullptr);
    const Block block = with_where(kernels, with_nulls(kernels, loaded, kept, buffers), kept, buffers);
    return add_block(running, kernels, block, buffers, ends);
}

void merge(Ends& ends, const Ends& other) {
    merge(ends.low, other.low);
    merge(ends.high, other.high);
}

bool is_certain_of_sign(const Ends& ends) { return is_negative(ends.low) == is_negative(ends.high); }

// Whether n Σx² is so far above (Σx)² that it is at all ends.
bool is_spread(const CertifiedEnds& ends) {
    const double sum = std::max(std::fabs(to_double(ends.truth.low)), std::fabs(to_double(ends.truth.high)));
    return static_cast<double>(ends.counts.pairs) * to_double(ends.squared_truth.low) > sum * sum * (1 + 0x1p-40);
}

struct Direction {
    Term term;
    Ends CertifiedEnds::* ends;
    bool is_worse_if_larger;  // without its sign
};

constexpr Direction directions[] = {
    {Term::squared_error, &CertifiedEnds::squared_error, true},
    {Term::absolute_error, &CertifiedEnds::absolute_error, true},
    {Term::error, &CertifiedEnds::error, false},
    {Term::squared_truth, &CertifiedEnds::squared_truth, false},
    {Term::truth, &CertifiedEnds::truth, true},
};

const Direction* direction_of(Term term) {
    const auto* found = std::find_if(std::begin(directions), std::end(directions),
                                     [&](const Direction& direction) { return direction.term == term; });
    return found == std::end(directions) ? nullptr : found;
}

OutputSums sums_at(const CertifiedEnds& ends, const SummandList& summands, bool worst) {
    OutputSums sums(Summation::exact, false, ends.counts);
    for (const Summand& summand : summands) {
        const Direction& direction = *direction_of(summand.term);
        const Ends& own = ends.*direction.ends;
        const bool is_larger = direction.is_worse_if_larger == worst;
        append(sums, {summand, is_larger != is_negative(own.low) ? &own.high : &own.low, nullptr, {}, nullptr});
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

bool may_be_certified(const Pairs& pairs, CertifiedSet set) {
    const Kernels& kernels = *current_target().kernels;
    return kernels.certified[static_cast<int>(set)] != nullptr && pairs.y_true.dtype == DType::float64 &&
           pairs.y_pred.dtype == DType::float64 && !are_weighted(pairs);
}

bool add_stretch(CertifiedEnds& ends, const Pairs& pairs, const Stretch& stretch, CertifiedSet set) {
    const Kernels& kernels = *current_target().kernels;
    const FloatingPointEnvironment environment;
    BlockBuffers buffers;
    Running running(set);
    for (std::ptrdiff_t first = stretch.first; first < stretch.last; first += block_length) {
        if (begins_a_piece(stretch, first)) look_at_call();
        const Rows rows{first, std::min<std::ptrdiff_t>(block_length, stretch.last - first)};
        if (!add_rows(running, kernels, pairs, rows, buffers, ends)) return false;
    }
    flush(running, kernels, ends);
    return true;
}

void merge(CertifiedEnds& ends, const CertifiedEnds& other) {
    add(ends.counts, other.counts);
    for (const Direction& direction : directions) merge(ends.*direction.ends, other.*direction.ends);
}

bool are_certain(const CertifiedEnds& ends, CertifiedSet set) {
    if (has_errors(set) && !is_certain_of_sign(ends.error)) return false;
    return !has_truth(set) || (is_certain_of_sign(ends.truth) && is_spread(ends));
}

OutputSums worst_of(const CertifiedEnds& ends, const SummandList& summands) { return sums_at(ends, summands, true); }
OutputSums best_of(const CertifiedEnds& ends, const SummandList& summands) { return sums_at(ends, summands, false); }

}  // namespace squarely
