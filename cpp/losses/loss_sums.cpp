#include "losses/loss_blocks.hpp"
#include "losses/losses.hpp"
#include "machine/targets.hpp"
#include "numbers/add_words.hpp"
#include "numbers/binary_number.hpp"
#include "sums/exact_squares.hpp"

#include <bit>
#include <cmath>
#include <limits>
#include <mutex>

namespace squarely {
namespace {

// The one place where values enter a sum; each is an integer times a power of two, and so is a product of two.
void add_values(ExactSum& sum, const double* values, std::ptrdiff_t count) {
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        const BinaryNumber value = number_of(values[i]);
        add_number(sum, value.significand, value.exponent, value.negative);
    }
}

void add_products(ExactSum& sum, const double* values, const double* weights, std::ptrdiff_t count) {
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        const BinaryNumber value = number_of(values[i]);
        const BinaryNumber weight = number_of(weights[i]);
        add_number(sum, uint128{value.significand} * weight.significand, value.exponent + weight.exponent,
                   value.negative != weight.negative);
    }
}

// In integers, which the compiler makes vectors of.
void look_at_weights(WeightSum& sum, const double* weights, std::ptrdiff_t count) {
    constexpr std::uint64_t lowest_exponent = std::uint64_t{1} << 52;
    std::uint64_t special = 0;
    std::uint64_t negative = 0;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        const auto pattern = std::bit_cast<std::uint64_t>(weights[i]);
        special |= (pattern & INT64_MAX) + lowest_exponent;  // carries into the sign where all bits above are set
        negative |= pattern & (pattern - 1);                 // -0 is not
    }
    sum.are_finite &= special >> 63 == 0;
    sum.are_positive &= negative >> 63 == 0;
}

void add_weights(WeightSum& sum, const double* weights, std::ptrdiff_t count) {
    look_at_weights(sum, weights, count);
    if (sum.are_finite) add_values(sum.sum, weights, count);
}

void merge(WeightSum& sum, const WeightSum& more) {
    merge(sum.sum, more.sum);
    sum.are_finite &= more.are_finite;
    sum.are_positive &= more.are_positive;
}

void merge(LossSums& sums, const LossSums& more) {
    merge(sums.losses, more.losses);
    merge(sums.weights, more.weights);
    sums.special += more.special;
}

// Takes what is not finite out of the losses.
void set_apart_special(LossSums& sums, double* losses, const double* weights, std::ptrdiff_t count) {
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        if (std::isfinite(losses[i])) continue;
        sums.special += weights == nullptr ? losses[i] : losses[i] * weights[i];
        losses[i] = 0;
    }
}

void add_pairs(WeightSum& sum, std::ptrdiff_t count) { add_number(sum.sum, static_cast<uint128>(count), 0, false); }

void add_run(LossSums& sums, const Kernels& kernels, const LossRun& run, const LossFormula& formula,
             LossBuffers& buffers) {
    double* losses = buffers.results;
    const Block block = load_pairs(kernels, run, buffers);
    kernels.losses[static_cast<int>(formula.loss)][0](block, formula.parameter, 1, losses);
    const double* weights = load_weights(kernels, run, buffers);
    set_apart_special(sums, losses, weights, run.length);
    if (weights == nullptr) {
        add_values(sums.losses, losses, run.length);
        add_pairs(sums.weights, run.length);
        return;
    }
    add_weights(sums.weights, weights, run.length);
    if (sums.weights.are_finite) add_products(sums.losses, losses, weights, run.length);
}

double special_of(const PairCounts& counts) {
    const auto undefined = counts.missing_true + counts.missing_pred + counts.undefined;
    if (undefined > 0) return std::numeric_limits<double>::quiet_NaN();
    return counts.infinite > 0 ? std::numeric_limits<double>::infinity() : 0;
}

LossSums sum_squares(const Kernels& kernels, const LossArrays& arrays, const Walk& walk, std::ptrdiff_t first,
                     std::ptrdiff_t last) {
    LossSums sums;
    LossBuffers buffers;
    ExactSquares squares;
    for (std::ptrdiff_t block = first; block < last; ++block) {
        const LossRun run = loss_run_at(arrays, walk, block);
        add_rows(squares, kernels, run.pairs, {0, run.length}, buffers.pairs);
        add_pairs(sums.weights, run.length);
    }
    finish(squares, kernels);
    sums.losses = squares.sum;
    sums.special = special_of(squares.counts);
    return sums;
}

LossSums sum_values(const Kernels& kernels, const LossArrays& arrays, const LossFormula& formula, const Walk& walk,
                    std::ptrdiff_t first, std::ptrdiff_t last) {
    LossSums sums;
    LossBuffers buffers;
    for (std::ptrdiff_t block = first; block < last; ++block) {
        add_run(sums, kernels, loss_run_at(arrays, walk, block), formula, buffers);
    }
    return sums;
}

}  // namespace

LossSums sum_losses(const LossArrays& arrays, const LossFormula& formula) {
    LossSums all;
    if (is_empty(arrays)) return all;
    const Kernels& kernels = *current_target().kernels;
    const Walk walk = walk_of(arrays);
    const bool squares = formula.loss == Loss::squared_error && arrays.weights.data == nullptr;
    std::mutex mutex;
    for_each_stretch(walk, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
        const LossSums own = squares ? sum_squares(kernels, arrays, walk, first, last)
                                     : sum_values(kernels, arrays, formula, walk, first, last);
        const std::lock_guard lock(mutex);
        merge(all, own);
    });
    return all;
}

WeightSum survey_weights(const LossArrays& arrays, bool is_summed) {
    WeightSum all;
    if (is_empty(arrays)) return all;
    const Kernels& kernels = *current_target().kernels;
    const Walk walk = walk_of(arrays);
    std::mutex mutex;
    for_each_stretch(walk, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
        LossBuffers buffers;
        WeightSum own;
        for (std::ptrdiff_t block = first; block < last; ++block) {
            const LossRun run = loss_run_at(arrays, walk, block);
            const double* weights = load_weights(kernels, run, buffers);
            is_summed ? add_weights(own, weights, run.length) : look_at_weights(own, weights, run.length);
        }
        const std::lock_guard lock(mutex);
        merge(all, own);
    });
    return all;
}

double total(const LossSums& sums) { return sums.special == 0 ? to_double(sums.losses) : sums.special; }

double mean(const LossSums& sums) { return sums.special == 0 ? ratio(sums.losses, sums.weights.sum) : sums.special; }

}  // namespace squarely
