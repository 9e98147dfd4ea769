#include "sliced_squares.hpp"

#include "window.hpp"

#include <bit>

namespace squarely {
namespace {

// Each group adds at most 2^51 units to a lane, and a lane holds 2^63.
constexpr std::int64_t most_groups = 2000;

// What a lane has gathered of a product, without the constant every group adds to it.
std::int64_t units_in(const SlicedSquares& sliced, int product, int lane) {
    const std::uint64_t constant =
        static_cast<std::uint64_t>(sliced.sums.groups) * std::bit_cast<std::uint64_t>(sliced.window.start[product]);
    return static_cast<std::int64_t>(sliced.sums.lanes[product][lane] - constant);
}

}  // namespace

int product_exponent(int window, int product) {
    const int* grids = product_grids[product];
    return 2 * window + grids[0] + grids[1] + (grids[0] != grids[1] ? 1 : 0);
}

void add_units(ExactSum& sum, int128 units, int exponent) {
    add(sum, static_cast<uint128>(units < 0 ? -units : units), exponent, units < 0);
}

bool is_nearly_full(const SlicedSquares& sliced) { return sliced.sums.groups >= most_groups; }

void flush(SlicedSquares& sliced, const Kernels& kernels, int products, ExactSum& sum) {
    if (!sliced.chosen) return;
    for (int product = 0; product < products; ++product) {
        int128 units = 0;
        for (int lane = 0; lane < kernels.lanes; ++lane) units += units_in(sliced, product, lane);
        add_units(sum, units, product_exponent(sliced.exponent, product));
    }
    sliced.sums = SlicedSums{};
}

void flush_lane(const SlicedSquares& sliced, int lane, ExactSum& sum) {
    for (int product = 0; product < wide_products; ++product) {
        add_units(sum, units_in(sliced, product, lane), product_exponent(sliced.exponent, product));
    }
}

bool set_window(SlicedSquares& sliced, int exponent) {
    if (!is_window(exponent)) return false;
    sliced.exponent = exponent;
    sliced.window = window_of(exponent);
    sliced.sums = SlicedSums{};
    sliced.chosen = true;
    return true;
}

}  // namespace squarely
