#include "sums/value_sums.hpp"

#include "blocks/misfits.hpp"
#include "numbers/add_words.hpp"
#include "sums/sliced_squares.hpp"
#include "sums/window.hpp"

#include <algorithm>
#include <cmath>

namespace squarely {
namespace {

constexpr int value_grids[2] = {-50, -100};
// A lane of 63 bits holds that many counts below 2^51.
constexpr std::int64_t most_vectors = 4000;
constexpr int blocks_before_another_search = 16;

// So that sums of lanes times their units stay within the long integer, and sigmas within doubles.
constexpr int smallest_exponent = -900;
constexpr int largest_exponent = 1000;

void flush(ValueSums& values, const Kernels& kernels, ExactSum& sum) {
    if (!values.chosen || values.lanes.vectors == 0) return;
    const double sigmas[2] = {values.window.sigma1, values.window.sigma2};
    int128 units[2];
    for (int slice = 0; slice < 2; ++slice) {
        const std::uint64_t constant =
            static_cast<std::uint64_t>(values.lanes.vectors) * std::bit_cast<std::uint64_t>(sigmas[slice]);
        units[slice] = units_in(values.lanes.lanes[slice], kernels.lanes, constant, values.lanes.vectors);
    }
    // One number: a slice is below 2^52 units of its own, and 2^15 of them are summed.
    add_units(sum, (units[0] << (value_grids[0] - value_grids[1])) + units[1], values.exponent + value_grids[1]);
    values.lanes = ValueLanes{};
}

// The largest value in the lower half of the window's room above: terms have long tails.
constexpr int room_above = 8;

void choose_window(ValueSums& values, const Kernels& kernels, const double* block, std::ptrdiff_t length,
                   ExactSum& sum) {
    const double largest = kernels.largest_value(block, length);
    const bool is_number = largest > 0 && std::isfinite(largest);
    if (!is_number && values.chosen) return;
    // Of zeros the lowest: another window would demand more of the terms whose words they are.
    const int exponent = is_number ? std::clamp(std::ilogb(largest) + room_above, smallest_exponent, largest_exponent)
                                   : smallest_exponent;
    if (values.chosen && exponent == values.exponent) return;
    flush(values, kernels, sum);
    values.exponent = exponent;
    values.window = {rounding_constant(exponent + value_grids[0]), rounding_constant(exponent + value_grids[1])};
    values.lanes = ValueLanes{};
    values.chosen = true;
}

// The values that fit by the kernel, the others one by one.
void add_partially(ValueSums& values, const Kernels& kernels, double* block, std::ptrdiff_t length, ExactSum& sum,
                   TermCounts& counted) {
    for (std::ptrdiff_t i = 0; i < length; ++i) {
        if (std::isfinite(block[i])) continue;
        count_not_finite(counted, block[i]);
        block[i] = 0;
    }
    if (values.blocks_without_search-- <= 0) {
        values.blocks_without_search = blocks_before_another_search;
        choose_window(values, kernels, block, length, sum);
    }
    if (kernels.exact_values(block, length, values.window, values.lanes)) return;
    Misfits misfits;
    kernels.find_misfit_values(block, length, values.window, misfits.data());
    for_each(misfits, length, [&](std::ptrdiff_t i) {
        add_number(sum, block[i]);
        block[i] = 0;
    });
    kernels.exact_values(block, length, values.window, values.lanes);
}

}  // namespace

void count_not_finite(TermCounts& counted, double value) {
    if (std::isnan(value)) {
        ++counted.outside;
    } else {
        ++counted.infinite;
    }
}

void add_values(ValueSums& values, const Kernels& kernels, double* block, std::ptrdiff_t length, ExactSum& sum,
                TermCounts& counted) {
    if (!values.chosen) choose_window(values, kernels, block, length, sum);
    if (!kernels.exact_values(block, length, values.window, values.lanes)) {
        add_partially(values, kernels, block, length, sum, counted);
    }
    if (is_nearly_full(values)) flush(values, kernels, sum);
}

bool is_nearly_full(const ValueSums& values) { return values.lanes.vectors >= most_vectors - block_length; }

void finish(ValueSums& values, const Kernels& kernels, ExactSum& sum) { flush(values, kernels, sum); }

}  // namespace squarely
