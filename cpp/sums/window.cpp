#include "sums/window.hpp"

#include "numbers/binary_number.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace squarely {
namespace {

constexpr std::uint64_t biased(int exponent) { return static_cast<std::uint64_t>(exponent + 1023) << 52; }

// float32 values that are multiples of the second grid are exact in two slices: a value from 2^(E-26) up, with its 24
// bits, is one. As doubled bits less one, like the kernel's.
std::uint32_t narrow_floor(int exponent) {
    const int biased_floor = std::clamp(exponent + grid2 + 23 + 127, 1, 255);
    return (static_cast<std::uint32_t>(biased_floor) << 24) - 1;
}

// Exponent of the lowest bit set; zero has none.
int lowest_bit(double value) {
    const BinaryNumber number = number_of(value);
    return number.significand == 0 ? 1024 : number.exponent + std::countr_zero(number.significand);
}

}  // namespace

double power_of_two(int exponent) { return std::bit_cast<double>(biased(exponent)); }

int exponent_of(double value) { return static_cast<int>(std::bit_cast<std::uint64_t>(value) >> 52 & 0x7ff) - 1023; }

double rounding_constant(int exponent) { return std::bit_cast<double>(biased(exponent + 52) | std::uint64_t{1} << 51); }

Window window_of(int exponent) {
    Window window;
    window.sigma1 = rounding_constant(exponent + grid1);
    window.sigma2 = rounding_constant(exponent + grid2);
    window.sigma3 = rounding_constant(exponent + grid3);
    for (int i = 0; i < 6; ++i) {
        window.start[i] = rounding_constant(2 * exponent + product_grids[i][0] + product_grids[i][1]);
    }
    window.limit = power_of_two(exponent);
    window.narrow_floor = narrow_floor(exponent);
    return window;
}

int scale_for(int window) {
    constexpr int largest = 1000;  // its power has an inverse
    return is_window(window) ? 0 : std::clamp(-window, -largest, largest);
}

Block scaled(const Kernels& kernels, const Block& block, int scale, ScaledBlock& copy) {
    BlockBuffers& values = copy.values;
    if (scale > 0) {
        kernels.copy_raised(block, scale, values.y_true, values.y_pred);
        copy.lost = {};
    } else {
        kernels.copy_lowered(block, scale, values.y_true, values.y_pred, copy.lost.data());
    }
    return {values.y_true, values.y_pred, block.length, {}};
}

int first_exponent(const Kernels& kernels, const Block& block) {
    const double largest = kernels.largest_difference(block);
    return largest > 0 ? std::max(exponent_of(largest) + 2, smallest_scaled_window) : 0;
}

// A pair fits every window from its difference up to the one whose last grid is its lowest bit. How many fit each
// is a running sum over where these stretches begin and end.
BestWindow best_window(const Block& block) {
    constexpr int windows = largest_scaled_window - smallest_scaled_window + 1;
    std::int16_t changes[windows + 1] = {};
    for (std::ptrdiff_t i = 0; i < block.length; ++i) {
        const double difference = block.y_true[i] - block.y_pred[i];
        if (difference == 0 || !std::isfinite(difference)) continue;
        const int lowest = std::min(lowest_bit(block.y_true[i]), lowest_bit(block.y_pred[i]));
        const int first = std::max(exponent_of(difference) + 1, smallest_scaled_window);
        const int last = std::min(lowest - grid3, largest_scaled_window);
        if (first > last) continue;
        ++changes[first - smallest_scaled_window];
        --changes[last + 1 - smallest_scaled_window];
    }
    BestWindow best{0, 0};
    int pairs = 0;
    for (int i = 0; i < windows; ++i) {
        pairs += changes[i];
        if (pairs > best.pairs) best = {smallest_scaled_window + i, pairs};
    }
    return best;
}

}  // namespace squarely
