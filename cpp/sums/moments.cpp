#include "sums/moments.hpp"

#include "blocks/misfits.hpp"
#include "numbers/add_words.hpp"
#include "sums/pair.hpp"
#include "sums/sliced_squares.hpp"
#include "sums/window.hpp"

#include <algorithm>
#include <cmath>

namespace squarely {
namespace {

constexpr std::int64_t most_groups = 2000;  // as in sliced_squares.cpp
constexpr int vectors_in_group = 8;
constexpr int misfits_worth_a_search = block_length / 16;
constexpr int blocks_before_another_search = 16;

constexpr int slice_grids[3] = {grid1, grid2, grid3};

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
        units[product] = units_in(lanes.products[product], kernels.lanes, constant);
    }
    add_products(sum, units, wide_products, exponent);
}

// Σx, by the slices themselves, each of which came with the bits of its sigma.
void flush_slices(const MomentLanes& lanes, const Window& window, int exponent, std::int64_t groups,
                  const Kernels& kernels, ExactSum& sum) {
    for (int slice = 0; slice < 3; ++slice) {
        const std::uint64_t constant = static_cast<std::uint64_t>(groups * vectors_in_group) *
                                       std::bit_cast<std::uint64_t>(sigma_of(window, slice));
        add_units(sum, units_in(lanes.slices[slice], kernels.lanes, constant), exponent + slice_grids[slice]);
    }
}

// The sum of the differences above zero.
ExactSum positive_sum(const Moments& moments, const Kernels& kernels) {
    ExactSum sum;
    for (int slice = 0; slice < 3; ++slice) {
        const auto sigma = std::bit_cast<std::uint64_t>(sigma_of(moments.windows.difference, slice));
        int128 units = 0;
        for (int lane = 0; lane < kernels.lanes; ++lane) {
            const std::uint64_t constant = moments.lanes.positives[lane] * sigma;
            units += static_cast<std::int64_t>(moments.lanes.positive[slice][lane] - constant);
        }
        add_units(sum, units, moments.exponents[0] + slice_grids[slice]);
    }
    return sum;
}

void flush_errors(Moments& moments, const Kernels& kernels) {
    ExactSum difference;  // y_true - y_pred
    flush_slices(moments.lanes.difference, moments.windows.difference, moments.exponents[0], moments.lanes.groups,
                 kernels, difference);
    const ExactSum positive = positive_sum(moments, kernels);
    MomentTotals& totals = moments.totals;
    subtract(totals.error, difference);
    merge(totals.absolute_error, positive);
    merge(totals.absolute_error, positive);
    subtract(totals.absolute_error, difference);
    for (int lane = 0; lane < kernels.lanes; ++lane) {
        totals.largest_error = std::max(totals.largest_error, moments.lanes.largest[lane]);
    }
}

void flush(Moments& moments, const Kernels& kernels) {
    if (!moments.chosen || moments.lanes.groups == 0) return;
    const MomentSums& lanes = moments.lanes;
    const MomentWindows& windows = moments.windows;
    MomentTotals& totals = moments.totals;
    const int* exponents = moments.exponents;
    flush_squares(lanes.difference, windows.difference, exponents[0], lanes.groups, kernels, totals.squared_error);
    if (moments.set.of_error) flush_errors(moments, kernels);
    if (moments.set.of_truth) {
        flush_squares(lanes.y_true, windows.y_true, exponents[1], lanes.groups, kernels, totals.squared_truth);
        flush_slices(lanes.y_true, windows.y_true, exponents[1], lanes.groups, kernels, totals.truth);
    }
    if (moments.set.of_prediction) {
        flush_squares(lanes.y_pred, windows.y_pred, exponents[2], lanes.groups, kernels, totals.squared_prediction);
        flush_slices(lanes.y_pred, windows.y_pred, exponents[2], lanes.groups, kernels, totals.prediction);
    }
    moments.lanes = MomentSums{};
}

// Twice the largest, so that a slightly larger one does not leave the window; inside the windows there are.
int window_exponent(double largest) {
    const int exponent = largest > 0 && std::isfinite(largest) ? std::ilogb(largest) + 2 : 0;
    return std::clamp(exponent, smallest_window, largest_window);
}

// The last bit of a double lies 52 binades below its first.
double least_on_grid(int exponent) { return std::ldexp(1.0, exponent + grid3 + 52); }

// False where the windows are those in use already.
bool move_windows(Moments& moments, const Kernels& kernels, const int (&exponents)[3]) {
    if (moments.chosen && std::equal(exponents, exponents + 3, moments.exponents)) return false;
    flush(moments, kernels);
    std::copy(exponents, exponents + 3, moments.exponents);
    const int difference = exponents[0];
    moments.windows = {window_of(difference), window_of(exponents[1]), window_of(exponents[2]),
                       least_on_grid(moments.set.of_truth ? std::max(difference, exponents[1]) : difference),
                       least_on_grid(moments.set.of_prediction ? std::max(difference, exponents[2]) : difference)};
    moments.lanes = MomentSums{};
    moments.chosen = true;
    return true;
}

void choose_first_windows(Moments& moments, const Kernels& kernels, const Block& block) {
    move_windows(moments, kernels,
                 {window_exponent(kernels.largest_difference(block)),
                  window_exponent(kernels.largest_value(block.y_true, block.length)),
                  window_exponent(kernels.largest_value(block.y_pred, block.length))});
}

constexpr double zeros[block_length] = {};

bool choose_better_windows(Moments& moments, const Kernels& kernels, const Block& block) {
    return move_windows(
        moments, kernels,
        {best_window(block).exponent, best_window({block.y_true, zeros, block.length, block.ahead}).exponent,
         best_window({block.y_pred, zeros, block.length, block.ahead}).exponent});
}

// Zeros are seldom alone.
constexpr int blocks_after_small_numbers = 16;

bool add_whole(Moments& moments, const Kernels& kernels, const Block& block) {
    const auto& kernel = kernels.exact_moments[moments.set.of_error][moments.set.of_truth][moments.set.of_prediction];
    if (moments.blocks_not_by_size == 0) {
        if (kernel[1](block, moments.windows, moments.lanes)) return true;
        moments.blocks_not_by_size = blocks_after_small_numbers;
    }
    --moments.blocks_not_by_size;
    return kernel[0](block, moments.windows, moments.lanes);
}

void add_doubles(Moments& moments, double y_true, double y_pred) {
    add_pair(moments, number_of(y_true), number_of(y_pred));
    moments.totals.largest_error = std::max(moments.totals.largest_error, std::fabs(y_true - y_pred));
}

// The misfits one by one, and the others, with pairs of zeros between them, by the kernel.
void add_partially(Moments& moments, const Kernels& kernels, const Block& block) {
    Misfits misfits;
    kernels.find_misfits(block, moments.windows, moments.set, misfits.data());
    if (number_of(misfits, block.length) >= misfits_worth_a_search && moments.blocks_without_search-- <= 0) {
        moments.blocks_without_search = blocks_before_another_search;
        if (choose_better_windows(moments, kernels, block)) {
            kernels.find_misfits(block, moments.windows, moments.set, misfits.data());
        }
    }
    BlockBuffers rest;
    std::copy(block.y_true, block.y_true + block.length, rest.y_true);
    std::copy(block.y_pred, block.y_pred + block.length, rest.y_pred);
    for_each(misfits, block.length, [&](std::ptrdiff_t i) {
        add_doubles(moments, rest.y_true[i], rest.y_pred[i]);
        rest.y_true[i] = rest.y_pred[i] = 0;
    });
    if (add_whole(moments, kernels, {rest.y_true, rest.y_pred, block.length, block.ahead})) return;
    for (std::ptrdiff_t i = 0; i < block.length; ++i) add_doubles(moments, rest.y_true[i], rest.y_pred[i]);
}

void add(ExactSum& sum, const BinaryNumber& number, bool flip = false) {
    add_number(sum, number.significand, number.exponent, number.negative != flip);
}

void add_square(ExactSum& sum, const BinaryNumber& number) {
    add_number(sum, uint128{number.significand} * number.significand, 2 * number.exponent, false);
}

// Whether a < b.
bool is_less(const BinaryNumber& a, const BinaryNumber& b) {
    ExactSum difference;
    add(difference, a);
    add(difference, b, true);
    return is_negative(difference);
}

struct MomentRow {
    Term term;
    ExactSum MomentTotals::* total;
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

ExactSum MomentTotals::* total_of(Term term) { return row_of(term)->total; }

bool add_block(Moments& moments, const Kernels& kernels, const Block& block) {
    if (!moments.chosen) {
        if (!kernels.all_finite(block)) return false;
        choose_first_windows(moments, kernels, block);
    }
    if (!add_whole(moments, kernels, block)) {
        if (!kernels.all_finite(block)) return false;
        add_partially(moments, kernels, block);
    }
    if (moments.lanes.groups >= most_groups) flush(moments, kernels);
    return true;
}

void add_pair(Moments& moments, const BinaryNumber& y_true, const BinaryNumber& y_pred) {
    MomentTotals& totals = moments.totals;
    add_square(totals.squared_error, y_true, y_pred);
    if (moments.set.of_error) {
        add(totals.error, y_pred);
        add(totals.error, y_true, true);
        const bool flip = is_less(y_true, y_pred);
        add(totals.absolute_error, y_true, flip);
        add(totals.absolute_error, y_pred, !flip);
    }
    if (moments.set.of_truth) {
        add(totals.truth, y_true);
        add_square(totals.squared_truth, y_true);
    }
    if (moments.set.of_prediction) {
        add(totals.prediction, y_pred);
        add_square(totals.squared_prediction, y_pred);
    }
}

void finish(Moments& moments, const Kernels& kernels) { flush(moments, kernels); }

}  // namespace squarely
