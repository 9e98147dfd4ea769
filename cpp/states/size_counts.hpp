// How many pairs have a number of each size, or two numbers of each: sums like others, of which only those are kept
// that are not zero. The size of x, to k bits, is the integer whose bits are those of |x| without the last 52 - k, with
// the sign of x. Size m is that of the numbers from double(m << (52 - k)) on to the next one's.
#pragma once

#include "states/little_endian.hpp"
#include "tables/terms.hpp"

#include <cstdint>
#include <vector>

namespace squarely {

// The place of a size among all of its axis, from that of minus infinity on; and of two sizes that of the first one
// times the length of the second axis, and that of the second.
using SizePlace = std::uint64_t;

constexpr SizePlace length_of(const SizeAxis& axis) { return SizePlace{1} << (axis.bits + 12); }
constexpr SizePlace place_of(std::int64_t size, const SizeAxis& axis) {
    return static_cast<SizePlace>(size) + length_of(axis) / 2;
}
constexpr std::int64_t size_at(SizePlace place, const SizeAxis& axis) {
    return static_cast<std::int64_t>(place - length_of(axis) / 2);
}

// Without its sign: the size of infinity, which no number is but a difference of two.
constexpr std::int64_t infinite_size(const SizeAxis& axis) { return std::int64_t{0x7ff} << axis.bits; }

struct SizeCount {
    SizePlace place;
    std::uint64_t pairs;

    bool operator==(const SizeCount&) const = default;
};

// In the order of their places, each once, and none of no pairs.
struct SizeCounts {
    std::vector<SizeCount> all;
};

// In whatever order, some of them perhaps several times.
SizeCounts counts_of_places(std::vector<SizePlace> places);

// All of it, or nothing where memory runs out.
void merge(SizeCounts& counts, const SizeCounts& more);
void merge(SizeCounts& counts, SizeCounts&& more);
void merge_each(std::vector<SizeCounts>& counts, const std::vector<SizeCounts>& more);  // of all, or of none

// False, and nothing taken away, where it is no part. Asks for no memory.
bool subtract(SizeCounts& counts, const SizeCounts& part);

// Whether so many pairs could have them.
bool are_possible(const BySize& sizes, const SizeCounts& counts, std::uint64_t pairs);

// Whether both could be of the same pairs: a number that is on an axis of either has the same sizes there.
bool are_possible_together(const BySize& sizes, const SizeCounts& counts, const BySize& other_sizes,
                           const SizeCounts& others);

void append_bytes(const SizeCounts& counts, std::vector<unsigned char>& bytes);

// Throws Refused where the bytes end; false where they are none that append_bytes could have written.
bool read_bytes(SizeCounts& counts, ByteReader& reader);

// Of counts by the size of residuals, and so many pairs that are infinite: the least magnitude that no less than a
// share q of all pairs have at most, as the middle of its size.
double quantile_of_magnitudes(const SizeCounts& counts, std::uint64_t infinite, double q);

}  // namespace squarely
