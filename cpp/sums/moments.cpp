#include "sums/moments.hpp"

#include "blocks/misfits.hpp"
#include "numbers/add_words.hpp"
#include "sums/pair.hpp"
#include "sums/sliced_squares.hpp"
#include "sums/window.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace squarely {
namespace {

ExactSum* pointer_to(std::optional<ExactSum>& sum) { return sum ? &*sum : nullptr; }

constexpr std::int64_t most_groups = 2000;  // as in sliced_squares.cpp
constexpr int vectors_in_group = 8;

double sigma_of(const Window& window, int slice) {
    return slice == 0 ? window.sigma1 : slice == 1 ? window.sigma2 : window.sigma3;
}

// Σx², by the products of slices.
void flush_squares(const MomentLanes& lanes, const Window& window, int exponent, std::int64_t groups,
                   const Kernels& kernels, ExactSum& sum) {
    int128 units[wide_products];
    for (int product = 0; product < wide_products; ++product) {
        const std::uint64_t constant =
            static_cast<std::uint64_t>(groups) * std::bit_cast<std::uint64_t>(window.start[product]);
        units[product] = units_in(lanes.products[product], kernels.lanes, constant, groups);
    }
    add_products(sum, units, wide_products, exponent);
}

// The three sums of slices as one number of units of the last grid. A slice is below 2^26 units of its own, and 2^18
// of them are summed.
int128 together(const int128 (&slices)[3]) {
    return (slices[0] << (grid1 - grid3)) + (slices[1] << (grid2 - grid3)) + slices[2];
}

// Σx, by the slices themselves, each of which came with the bits of its sigma.
int128 sum_of_slices(const MomentLanes& lanes, const Window& window, std::int64_t groups, const Kernels& kernels) {
    int128 slices[3];
    for (int slice = 0; slice < 3; ++slice) {
        const std::uint64_t constant = static_cast<std::uint64_t>(groups * vectors_in_group) *
                                       std::bit_cast<std::uint64_t>(sigma_of(window, slice));
        slices[slice] = units_in(lanes.slices[slice], kernels.lanes, constant, groups);
    }
    return together(slices);
}

// The sum of the differences above zero.
int128 positive_sum(const Moments& moments, const Kernels& kernels) {
    int128 slices[3] = {};
    for (int slice = 0; slice < 3; ++slice) {
        const auto sigma = std::bit_cast<std::uint64_t>(sigma_of(moments.windows.difference, slice));
        for (int lane = 0; lane < kernels.lanes; ++lane) {
            const std::uint64_t constant = moments.lanes.positives[lane] * sigma;
            slices[slice] += static_cast<std::int64_t>(moments.lanes.positive[slice][lane] - constant);
        }
    }
    return together(slices);
}

void flush_errors(Moments& moments, const Kernels& kernels) {
    MomentTotals& totals = moments.totals;
    const int exponent = moments.exponents[0] + grid3;
    if (totals.error || totals.absolute_error) {
        const int128 difference =  // y_true - y_pred
            sum_of_slices(moments.lanes.difference, moments.windows.difference, moments.lanes.groups, kernels);
        if (totals.error) add_units(*totals.error, -difference, exponent);
        if (totals.absolute_error) {
            add_units(*totals.absolute_error, 2 * positive_sum(moments, kernels) - difference, exponent);
        }
    }
    for (int lane = 0; lane < kernels.lanes; ++lane) {
        const double largest = moments.lanes.largest[lane] * power_of_two(-moments.scale);
        totals.largest_error = std::max(totals.largest_error, largest);
    }
}

// Of truth, or of prediction.
void flush_side(const MomentLanes& lanes, const Window& window, int exponent, std::int64_t groups,
                const Kernels& kernels, std::optional<ExactSum>& sum, std::optional<ExactSum>& squares) {
    if (squares) flush_squares(lanes, window, exponent, groups, kernels, *squares);
    if (sum) add_units(*sum, sum_of_slices(lanes, window, groups, kernels), exponent + grid3);
}

// Lanes of parts that are not in the set are never read.
void clear(MomentSums& lanes, const MomentSet& set) {
    lanes.difference = MomentLanes{};
    if (set.of_truth) lanes.y_true = MomentLanes{};
    if (set.of_prediction) lanes.y_pred = MomentLanes{};
    if (set.of_error) {
        for (auto& slice : lanes.positive) std::fill(std::begin(slice), std::end(slice), 0);
        std::fill(std::begin(lanes.positives), std::end(lanes.positives), 0);
        std::fill(std::begin(lanes.largest), std::end(lanes.largest), 0.0);
    }
    lanes.groups = 0;
}

void flush(Moments& moments, const Kernels& kernels) {
    if (!moments.chosen || moments.lanes.groups == 0) return;
    const MomentSums& lanes = moments.lanes;
    const MomentWindows& windows = moments.windows;
    MomentTotals& totals = moments.totals;
    const int* exponents = moments.exponents;
    const std::int64_t groups = lanes.groups;
    if (totals.squared_error) {
        flush_squares(lanes.difference, windows.difference, exponents[0], groups, kernels, *totals.squared_error);
    }
    if (moments.set.of_error) flush_errors(moments, kernels);
    flush_side(lanes.y_true, windows.y_true, exponents[1], groups, kernels, totals.truth, totals.squared_truth);
    flush_side(lanes.y_pred, windows.y_pred, exponents[2], groups, kernels, totals.prediction,
               totals.squared_prediction);
    clear(moments.lanes, moments.set);
}

constexpr int no_exponent = std::numeric_limits<int>::min();  // of zeros, which fit any window

// Twice the largest, so that a slightly larger one does not leave the window.
int window_exponent(double largest) {
    return largest > 0 && std::isfinite(largest) ? exponent_of(largest) + 2 : no_exponent;
}

// The last bit of a double lies 52 binades below its first.
double least_on_grid(int exponent) { return power_of_two(exponent + grid3 + 52); }

// One scale for all, by the largest of them: others are moved to where it can be had.
void move_windows(Moments& moments, const Kernels& kernels, const int (&best)[3]) {
    const int top = std::max({best[0], best[1], best[2]});
    const int scale =
        top == no_exponent ? 0 : scale_for(std::clamp(top, smallest_scaled_window, largest_scaled_window));
    const int smallest = std::max(smallest_window - scale, smallest_scaled_window);
    int exponents[3];
    for (int i = 0; i < 3; ++i) exponents[i] = std::clamp(best[i], smallest, largest_window - scale);
    if (moments.chosen && std::equal(exponents, exponents + 3, moments.exponents)) return;
    flush(moments, kernels);
    moments.scale = scale;
    std::copy(exponents, exponents + 3, moments.exponents);
    const int difference = exponents[0] + scale;
    MomentWindows& windows = moments.windows;
    windows.difference = window_of(difference);
    windows.y_true = window_of(exponents[1] + scale);
    windows.y_pred = window_of(exponents[2] + scale);
    const int truth = moments.set.of_truth ? exponents[1] + scale : difference;
    const int prediction = moments.set.of_prediction ? exponents[2] + scale : difference;
    windows.least_true = least_on_grid(std::max(difference, truth));
    windows.least_pred = least_on_grid(std::max(difference, prediction));
    clear(moments.lanes, moments.set);
    moments.chosen = true;
}

void choose_first_windows(Moments& moments, const Kernels& kernels, const Block& block) {
    const MomentSet& set = moments.set;
    const double difference = kernels.largest_difference(block);
    const double truth = set.of_truth ? kernels.largest_value(block.y_true, block.length) : 0;
    const double prediction = set.of_prediction ? kernels.largest_value(block.y_pred, block.length) : 0;
    move_windows(moments, kernels, {window_exponent(difference), window_exponent(truth), window_exponent(prediction)});
}

constexpr double zeros[block_length] = {};

void choose_better_windows(Moments& moments, const Kernels& kernels, const Block& block) {
    const auto best = [](const Block& of) {
        const BestWindow window = best_window(of);
        return window.pairs > 0 ? window.exponent : no_exponent;
    };
    const MomentSet& set = moments.set;
    move_windows(moments, kernels,
                 {best(block), set.of_truth ? best({block.y_true, zeros, block.length, {}}) : no_exponent,
                  set.of_prediction ? best({block.y_pred, zeros, block.length, {}}) : no_exponent});
}

template <class Kernel>
Kernel of_set(const Kernel (&kernels)[2][2][2], const MomentSet& set) {
    return kernels[set.of_error][set.of_truth][set.of_prediction];
}

bool add_whole(Moments& moments, const Kernels& kernels, const Block& block) {
    if (moments.blocks_by_parts > 0) return false;
    const auto add = of_set(kernels.exact_moments, moments.set);
    if (moments.scale == 0) return add(block, moments.windows, moments.lanes);
    ScaledBlock copy;
    const Block seen = scaled(kernels, block, moments.scale, copy);
    return !any_of(copy.lost, block.length) && add(seen, moments.windows, moments.lanes);
}

BucketSet buckets_for(const MomentTotals& totals) {
    return {totals.squared_error || totals.squared_truth || totals.squared_prediction,
            totals.error || totals.truth || totals.prediction, totals.absolute_error.has_value()};
}

// A block of finite numbers of which hardly any are expected to fit.
void add_to_buckets(Moments& moments, const Kernels& kernels, const Block& block) {
    add_all(*moments.misfits.buckets, buckets_for(moments.totals), block);
    if (!moments.set.of_error) return;
    moments.totals.largest_error = std::max(moments.totals.largest_error, kernels.largest_difference(block));
}

void add_some(Moments& moments, const Block& block, const MisfitRows& misfits) {
    double& largest = moments.totals.largest_error;
    for (const std::int16_t i : misfits) largest = std::max(largest, std::fabs(block.y_true[i] - block.y_pred[i]));
    if (add_to_buckets(moments.misfits, buckets_for(moments.totals), block, misfits)) return;
    for (const std::int16_t i : misfits) add_pair(moments, number_of(block.y_true[i]), number_of(block.y_pred[i]));
}

// The misfits one by one, and the others by the kernel.
void add_by_parts(Moments& moments, const Kernels& kernels, const Block& block, PairCounts* counts) {
    Misfits misfits;
    const auto add_fitting = of_set(kernels.fitting_moments, moments.set);
    if (moments.scale == 0) {
        add_fitting(block, moments.windows, moments.lanes, misfits.data());
    } else {
        ScaledBlock copy;
        add_fitting(scaled(kernels, block, moments.scale, copy), moments.windows, moments.lanes, misfits.data());
        add(misfits, copy.lost);
    }
    const bool is_first = moments.blocks_by_parts == 0;
    moments.blocks_by_parts =
        is_first || any_of(misfits, block.length) ? blocks_after_misfits : moments.blocks_by_parts - 1;
    MisfitRows rows;
    find_rows(misfits, block.length, rows);
    leave_out_other_than_finite(rows, block, counts);
    add_some(moments, block, rows);
    expect(moments.misfits, rows.count, block.length);
    if (rows.count >= misfits_worth_a_search && moments.blocks_without_search-- <= 0) {
        moments.blocks_without_search = blocks_before_another_search;
        choose_better_windows(moments, kernels, block);
    }
}

void add(ExactSum& sum, const BinaryNumber& number, bool flip = false) {
    add_number(sum, number.significand, number.exponent, number.negative != flip);
}

void add_square(ExactSum& sum, const BinaryNumber& number) {
    add_number(sum, uint128{number.significand} * number.significand, 2 * number.exponent, false);
}

// Whether |a| < |b|. By their tops first: then one of them can be shifted to the exponent of the other.
bool is_smaller(const BinaryNumber& a, const BinaryNumber& b) {
    if (a.significand == 0 || b.significand == 0) return b.significand != 0;
    const int top_of_a = a.exponent - std::countl_zero(a.significand);
    const int top_of_b = b.exponent - std::countl_zero(b.significand);
    if (top_of_a != top_of_b) return top_of_a < top_of_b;
    return a.significand << std::countl_zero(a.significand) < b.significand << std::countl_zero(b.significand);
}

// Whether a < b.
bool is_less(const BinaryNumber& a, const BinaryNumber& b) {
    if (a.negative != b.negative) return a.negative && (a.significand | b.significand) != 0;
    return a.negative ? is_smaller(b, a) : is_smaller(a, b);
}

struct MomentRow {
    Term term;
    std::optional<ExactSum> MomentTotals::* total;
};

constexpr MomentRow rows[] = {
    {Term::squared_error, &MomentTotals::squared_error},           {Term::error, &MomentTotals::error},
    {Term::absolute_error, &MomentTotals::absolute_error},         {Term::truth, &MomentTotals::truth},
    {Term::squared_truth, &MomentTotals::squared_truth},           {Term::prediction, &MomentTotals::prediction},
    {Term::squared_prediction, &MomentTotals::squared_prediction},
};

constexpr const MomentRow* row_of(Term term) {
    for (const MomentRow& row : rows) {
        if (row.term == term) return &row;
    }
    return nullptr;
}

static_assert(
    [] {
        for (int i = 0; i < term_count; ++i) {
            const auto term = static_cast<Term>(i);
            const bool is_summed = facts_of(term).part != Part::none && !is_extreme(term);
            if (is_summed != (row_of(term) != nullptr)) return false;
        }
        return true;
    }(),
    "The terms that say they are of a part of the loop are those it has totals of.");

}  // namespace

void want(Moments& moments, Term term) {
    const Part part = facts_of(term).part;
    moments.set.of_error |= part == Part::error;
    moments.set.of_truth |= part == Part::truth;
    moments.set.of_prediction |= part == Part::prediction;
    if (!is_extreme(term)) (moments.totals.*row_of(term)->total).emplace();
}

const ExactSum& total_of(const Moments& moments, Term term) { return *(moments.totals.*row_of(term)->total); }

bool add_block(Moments& moments, const Kernels& kernels, const Block& block, PairCounts* counts) {
    if (!moments.chosen) choose_first_windows(moments, kernels, block);
    const bool is_of_misfits = takes_whole_block(moments.misfits);
    if (is_of_misfits || !add_whole(moments, kernels, block)) {
        const bool must_look = is_of_misfits || counts == nullptr;
        const bool are_finite = must_look && kernels.all_finite(without_prefetch(block));
        if (is_of_misfits && are_finite) {
            add_to_buckets(moments, kernels, block);
        } else if (are_finite || counts != nullptr) {
            add_by_parts(moments, kernels, block, counts);
        } else {
            return false;
        }
    }
    if (moments.lanes.groups >= most_groups) flush(moments, kernels);
    if (moments.misfits.buckets && are_nearly_full(*moments.misfits.buckets)) empty_buckets(moments);
    return true;
}

void expect_zeros(Moments& moments) { moments.blocks_by_parts = std::max(moments.blocks_by_parts, 1); }

void add_pair(Moments& moments, const BinaryNumber& y_true, const BinaryNumber& y_pred) {
    MomentTotals& totals = moments.totals;
    if (totals.squared_error) add_square(*totals.squared_error, y_true, y_pred);
    if (totals.error) {
        add(*totals.error, y_pred);
        add(*totals.error, y_true, true);
    }
    if (totals.absolute_error) {
        const bool flip = is_less(y_true, y_pred);
        add(*totals.absolute_error, y_true, flip);
        add(*totals.absolute_error, y_pred, !flip);
    }
    if (totals.truth) add(*totals.truth, y_true);
    if (totals.squared_truth) add_square(*totals.squared_truth, y_true);
    if (totals.prediction) add(*totals.prediction, y_pred);
    if (totals.squared_prediction) add_square(*totals.squared_prediction, y_pred);
}

void empty_buckets(Moments& moments) {
    MomentTotals& totals = moments.totals;
    empty_into(moments.misfits,
               {pointer_to(totals.squared_error), pointer_to(totals.error), pointer_to(totals.absolute_error),
                pointer_to(totals.truth), pointer_to(totals.squared_truth), pointer_to(totals.prediction),
                pointer_to(totals.squared_prediction)});
}

void finish(Moments& moments, const Kernels& kernels) {
    flush(moments, kernels);
    empty_buckets(moments);
}

}  // namespace squarely
