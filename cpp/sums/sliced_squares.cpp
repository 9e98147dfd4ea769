#include "sums/sliced_squares.hpp"

#include "numbers/add_words.hpp"
#include "sums/window.hpp"

#include <bit>

namespace squarely {
namespace {

// Each group adds at most 2^51 units to a lane, and a lane holds 2^63.
constexpr std::int64_t most_groups = 2000;
constexpr std::int64_t most_groups_in_a_word = 128;  // times eight lanes times 2^52

// The exponent of a product's unit. Products of two different slices count twice: their factor of two is in it.
constexpr int product_exponent(int window, int product) {
    const int* grids = product_grids[product];
    return 2 * window + grids[0] + grids[1] + (grids[0] != grids[1] ? 1 : 0);
}

// From the unit of one product to that of another.
constexpr int shift_to(int product, int lower) { return product_exponent(0, product) - product_exponent(0, lower); }

// What every group adds to each lane of a product.
std::uint64_t constant_of(const SlicedSquares& sliced, int product) {
    return static_cast<std::uint64_t>(sliced.sums.groups) * std::bit_cast<std::uint64_t>(sliced.window.start[product]);
}

}  // namespace

int128 units_in(const std::uint64_t (&lanes)[max_lanes], int count, std::uint64_t constant, std::int64_t groups) {
    // All lanes of few groups stay within one word, whatever wraps around on the way: eight additions at once.
    if (groups <= most_groups_in_a_word) {
        std::uint64_t all = 0;
        for (const std::uint64_t lane : lanes) all += lane;
        return static_cast<std::int64_t>(all - static_cast<std::uint64_t>(count) * constant);
    }
    int128 units = 0;
    for (int lane = 0; lane < count; ++lane) units += static_cast<std::int64_t>(lanes[lane] - constant);
    return units;
}

void add_units(ExactSum& sum, int128 units, int exponent) {
    add(sum, static_cast<uint128>(units < 0 ? -units : units), exponent, units < 0);
}

void add_products(ExactSum& sum, const int128 (&units)[wide_products], int products, int window) {
    const auto& [u11, u12, u22, u13, u23, u33] = units;
    if (products == narrow_products) {
        add_units(sum, (u11 << shift_to(0, 2)) + (u12 << shift_to(1, 2)) + u22, product_exponent(window, 2));
        return;
    }
    // Numbers of 67 bits, shifted by 50 at most: two that fit words of 128.
    const int128 low = (u22 << shift_to(2, 5)) + (u13 << shift_to(3, 5)) + (u23 << shift_to(4, 5)) + u33;
    const int128 high = (u11 << shift_to(0, 1)) + u12;
    constexpr int up = shift_to(1, 5);
    const uint128 raised = static_cast<uint128>(high) << up;
    const uint128 bottom = raised + static_cast<uint128>(low);
    // Squares add up to no less than zero, whatever the signs of products.
    const int128 top = (high >> (128 - up)) + (low >> 127) + (bottom < raised ? 1 : 0);
    add_wide_number(sum, static_cast<uint128>(top), bottom, product_exponent(window, 5));
}

bool is_nearly_full(const SlicedSquares& sliced) { return sliced.sums.groups >= most_groups; }

void finish(SlicedSquares& sliced, const Kernels& kernels, int products, ExactSum& sum) {
    if (!sliced.chosen) return;
    int128 units[wide_products];
    for (int product = 0; product < products; ++product) {
        units[product] =
            units_in(sliced.sums.lanes[product], kernels.lanes, constant_of(sliced, product), sliced.sums.groups);
    }
    add_products(sum, units, products, sliced.exponent);
    sliced.chosen = false;
}

void flush(SlicedSquares& sliced, const Kernels& kernels, int products, ExactSum& sum) {
    if (!sliced.chosen) return;
    finish(sliced, kernels, products, sum);
    sliced.sums = SlicedSums{};
    sliced.chosen = true;
}

void add_lane(const SlicedSquares& sliced, int first_product, int products, int lane, ExactSum& sum) {
    int128 units[wide_products];
    for (int product = 0; product < products; ++product) {
        const std::uint64_t gathered = sliced.sums.lanes[first_product + product][lane];
        units[product] = static_cast<std::int64_t>(gathered - constant_of(sliced, product));
    }
    add_products(sum, units, products, sliced.exponent);
}

bool set_window(SlicedSquares& sliced, int exponent) {
    return is_window(exponent) && set_scaled_window(sliced, exponent);
}

bool set_scaled_window(SlicedSquares& sliced, int exponent) {
    if (exponent < smallest_scaled_window || exponent > largest_scaled_window) return false;
    sliced.exponent = exponent;
    sliced.scale = scale_for(exponent);
    sliced.window = window_of(exponent + sliced.scale);
    sliced.sums = SlicedSums{};
    sliced.chosen = true;
    return true;
}

}  // namespace squarely
