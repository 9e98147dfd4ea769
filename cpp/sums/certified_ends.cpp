#include "sums/certified_ends.hpp"

#include "sums/sliced_squares.hpp"

namespace squarely {
namespace {

// Ends are counted in these parts of a unit.
constexpr int part_of_unit = -60;
constexpr double parts_of_unit = 0x1p60;

// Of units that a word holds: to convert all at once would be a call of a function.
int128 in_parts(double units) {
    const auto whole = static_cast<std::int64_t>(units);
    const double rest = units - static_cast<double>(whole);
    return (static_cast<int128>(whole) << -part_of_unit) + static_cast<std::int64_t>(rest * parts_of_unit);
}

}  // namespace

// What is left of n terms is below half a unit each. The k steps of a lane round sums of up to k/2 units of them, by
// k^2 2^-55 units together, and k is most_steps at most. The products of differences with their own errors, 2^-53 of
// the squares, round sums below a unit; the squares of errors, below 2^-106 of these, are left out. Times weights,
// which is one product more, they are below 2^-51 and still 2^-106. The second words of blocks are added with rounding:
// sums of up to 1,024 units, of 64 steps or more. Together less than n (k / 8 + 8) 2^-52 units.
void add_ends(const CertifiedLanes& sum, Lanes own, int unit, int scale, std::ptrdiff_t rows,
              std::optional<Ends>& ends) {
    if (!ends) ends.emplace();
    const double unit_inverse = power_of_two(-unit);
    int128 middle = 0;
    for (int lane = own.first; lane < own.last; ++lane) {
        middle += static_cast<int128>(static_cast<std::int64_t>(sum.units[lane])) << -part_of_unit;
        middle += in_parts(sum.rest[lane] * unit_inverse) + in_parts(sum.low[lane] * unit_inverse);
    }
    const int128 radius = (static_cast<int128>(rows) * (most_steps / 8 + 8) << (-part_of_unit - 52)) + 2 * max_lanes;
    add_units(ends->low, middle - radius, unit + part_of_unit - scale);
    add_units(ends->high, middle + radius, unit + part_of_unit - scale);
}

// Of predictions less truths, where the kernel sums truths less predictions.
void add_negated_ends(const CertifiedLanes& sum, Lanes own, int unit, int scale, std::ptrdiff_t rows,
                      std::optional<Ends>& ends) {
    std::optional<Ends> differences;
    add_ends(sum, own, unit, scale, rows, differences);
    if (!ends) ends.emplace();
    subtract(ends->low, differences->high);
    subtract(ends->high, differences->low);
}

}  // namespace squarely
