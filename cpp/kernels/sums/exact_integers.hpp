// The exact sum of squared differences of integers. Nothing is checked: a window of 2^33 holds every difference of
// 32-bit ones, and squares of shorter ones are summed as the integers they are.
#pragma once

#include "kernels/sums/exact_halves.hpp"
#include "kernels/sums/exact_narrow.hpp"

namespace squarely {
namespace {

template <class Integer, class Filter, int... I>
SQUARELY_INLINE void square_integer_group(const char* y_true, const char* y_pred, std::ptrdiff_t first, Ahead& ahead,
                                          const Grids& grids, const Filter& filter, Products& products, Steps<I...>) {
    const auto step = [&](std::ptrdiff_t i) __attribute__((always_inline)) {
        if (i % 16 == 0) prefetch_next(ahead);
        // An unsigned value less 2^31 is a signed one, and the difference of two is the same.
        constexpr std::uint32_t flip = static_cast<Integer>(-1) < 0 ? 0u : 0x80000000u;
        Vector truth = widened_integers(y_true + 4 * i, flip);
        Vector prediction = widened_integers(y_pred + 4 * i, flip);
        filter.apply(truth, prediction, first + i);
        square_two_slices(truth - prediction, grids, products);
    };
    (step(I * lanes), ...);
}

template <class Integer, class Filter>
SQUARELY_INLINE void square_integers(const NarrowBlock& block, const Window& window, SlicedSums& sums,
                                     const Filter& filter) {
    constexpr int group = vectors_in_group * lanes;
    const Grids grids = grids_of(window);
    const Products start = start_of(window);
    LaneSums lane_sums = load_sums(sums);
    Ahead ahead = block.ahead;
    for (std::ptrdiff_t first = 0; first < block.length; first += group) {
        Products products = start;
        square_integer_group<Integer>(block.y_true + 4 * first, block.y_pred + 4 * first, first, ahead, grids, filter,
                                      products, StepsUpTo<vectors_in_group>{});
        add_narrow_group(products, lane_sums);
    }
    store_sums(lane_sums, sums, block.length / group);
}

template <class Integer>
bool exact_squares_integer(const NarrowBlock& block, const Window& window, SlicedSums& sums) {
    square_integers<Integer>(block, window, sums, KeepAll{});
    return true;
}

template <class Integer>
bool exact_squares_integer_valid(const NarrowBlock& block, const Validity& validity, const Window& window,
                                 SlicedSums& sums) {
    square_integers<Integer>(block, window, sums, KeepValid{validity});
    return true;
}

// By the element type. What is not named here takes the way of doubles.
template <class Element>
constexpr NarrowKernels narrow_kernels = {};
template <>
constexpr NarrowKernels narrow_kernels<float> = {exact_squares_float32, exact_squares_float32_valid};
template <>
constexpr NarrowKernels narrow_kernels<std::int32_t> = {exact_squares_integer<std::int32_t>,
                                                        exact_squares_integer_valid<std::int32_t>};
template <>
constexpr NarrowKernels narrow_kernels<std::uint32_t> = {exact_squares_integer<std::uint32_t>,
                                                         exact_squares_integer_valid<std::uint32_t>};

// Plain loops: the compiler knows the instruction for a sum of products of shorts.
// 255^2 * 16384 stays below 2^31 , even all in one lane.
template <class Byte>
bool squares_byte(const void* y_true, const void* y_pred, std::ptrdiff_t count, SmallSum& sum_of_all) {
    constexpr std::ptrdiff_t most = 16384;
    const auto* truth = static_cast<const Byte*>(y_true);
    const auto* prediction = static_cast<const Byte*>(y_pred);
    std::uint64_t total = 0;
    for (std::ptrdiff_t first = 0; first < count; first += most) {
        const std::ptrdiff_t last = count - first < most ? count : first + most;
        std::int32_t sum = 0;
        for (std::ptrdiff_t i = first; i < last; ++i) {
            const auto difference = static_cast<std::int16_t>(truth[i] - prediction[i]);
            sum += difference * difference;
        }
        total += static_cast<std::uint32_t>(sum);
    }
    sum_of_all = {total, 0};
    return true;
}

template <class Short>
bool squares_short(const void* y_true, const void* y_pred, std::ptrdiff_t count, SmallSum& sum) {
    const auto* truth = static_cast<const Short*>(y_true);
    const auto* prediction = static_cast<const Short*>(y_pred);
    std::uint64_t total = 0;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        const std::int32_t difference = truth[i] - prediction[i];
        const std::uint32_t size = static_cast<std::uint32_t>(difference < 0 ? -difference : difference);
        total += std::uint64_t{size} * size;
    }
    sum = {total, 0};
    return true;
}

template <class Element>
constexpr Kernels::SmallSquares small_squares = half_squares<Element>;
template <>
constexpr Kernels::SmallSquares small_squares<std::int8_t> = squares_byte<std::int8_t>;
template <>
constexpr Kernels::SmallSquares small_squares<std::uint8_t> = squares_byte<std::uint8_t>;
template <>
constexpr Kernels::SmallSquares small_squares<std::int16_t> = squares_short<std::int16_t>;
template <>
constexpr Kernels::SmallSquares small_squares<std::uint16_t> = squares_short<std::uint16_t>;

}  // namespace
}  // namespace squarely
