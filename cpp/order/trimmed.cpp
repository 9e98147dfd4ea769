// Squares of the smallest values: those below a threshold, and as many equal to it as are left.
#include "blocks/stretches.hpp"
#include "machine/floating_point.hpp"
#include "machine/long_call.hpp"
#include "machine/targets.hpp"
#include "machine/threads.hpp"
#include "numbers/binary_number.hpp"
#include "order/order_statistics.hpp"
#include "order/selection.hpp"
#include "sums/exact_squares.hpp"

#include <cmath>
#include <limits>
#include <mutex>

namespace squarely {
namespace {

// n - floor(proportion * n), without rounding.
std::uint64_t number_kept(std::uint64_t present, double proportion) {
    const BinaryNumber number = number_of(proportion);
    const uint128 product = uint128{number.significand} * present;  // below 2^117
    return present - static_cast<std::uint64_t>(-number.exponent > 127 ? 0 : product >> -number.exponent);
}

struct Below {
    ExactSum squares;
    std::uint64_t count = 0;
};

// The values below the threshold and zeros for the others, as the truths of pairs whose predictions are zero.
std::uint64_t put_below(const double* values, std::ptrdiff_t count, double threshold, double* kept) {
    std::uint64_t number = 0;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        const bool is_below = values[i] < threshold;
        kept[i] = is_below ? values[i] : 0.0;
        number += is_below;
    }
    return number;
}

Below below_in(const OrderedValues& ordered, Stretch stretch, double threshold) {
    const FloatingPointEnvironment environment;
    const Kernels& kernels = *current_target().kernels;
    BlockBuffers pairs{};
    BlockBuffers buffers;
    ExactSquares squares;
    Below below;
    for (std::ptrdiff_t first = stretch.first; first < stretch.last; first += block_length) {
        if (begins_a_piece(stretch, first)) look_at_call();
        const std::ptrdiff_t count = std::min<std::ptrdiff_t>(block_length, stretch.last - first);
        const std::ptrdiff_t padded = (count + block_multiple - 1) / block_multiple * block_multiple;
        below.count += put_below(ordered.values + first, count, threshold, pairs.y_true);
        std::fill(pairs.y_true + count, pairs.y_true + padded, 0.0);
        const auto here = reinterpret_cast<std::uintptr_t>(ordered.values + first);
        const auto zeros = reinterpret_cast<std::uintptr_t>(pairs.y_pred);
        const Block block{pairs.y_true, pairs.y_pred, padded, {here + sizeof(double) * block_length, zeros, 64, 0}};
        add_block(squares, kernels, block, count, buffers);
    }
    finish(squares, kernels);
    below.squares = squares.sum;
    return below;
}

void add_squares(ExactSum& sum, double value, std::uint64_t times) {
    const BinaryNumber number = number_of(value);
    const uint128 square = uint128{number.significand} * number.significand;
    const auto low = static_cast<std::uint64_t>(square);
    const auto high = static_cast<std::uint64_t>(square >> 64);
    add(sum, uint128{low} * times, 2 * number.exponent, false);
    add(sum, uint128{high} * times, 2 * number.exponent + 64, false);
}

}  // namespace

double trimmed_mean_square(const OrderedValues& ordered, double proportion) {
    if (ordered.present == 0) return std::numeric_limits<double>::quiet_NaN();
    const FloatingPointEnvironment environment;
    const std::uint64_t kept = number_kept(ordered.present, proportion);
    const double threshold = kept == ordered.present ? ordered.largest : value_of_rank(ordered, kept - 1).value;
    if (!std::isfinite(threshold)) return threshold;
    Below below;
    std::mutex mutex;
    parallel_for(number_of_stretches(ordered.rows), [&](std::ptrdiff_t index) {
        const Below own = below_in(ordered, stretch_at(ordered.rows, index), threshold);
        const std::lock_guard lock(mutex);
        merge(below.squares, own.squares);
        below.count += own.count;
    });
    add_squares(below.squares, threshold, kept - below.count);
    return mean(below.squares, kept);
}

}  // namespace squarely
