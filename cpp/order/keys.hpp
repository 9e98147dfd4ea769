// Doubles as integers of the same order, and ranges of them that are cut into buckets.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace squarely {

// Greater for a greater value: negative numbers have their bits turned round, the others go above them. The NaN that
// stands for no value is above infinity.
inline std::uint64_t key_of(double value) {
    const auto pattern = std::bit_cast<std::uint64_t>(value);
    const std::uint64_t sign = pattern >> 63;
    return pattern ^ ((0 - sign) | std::uint64_t{1} << 63);
}

inline double value_of(std::uint64_t key) {
    const std::uint64_t was_negative = ~key >> 63;
    return std::bit_cast<double>(key ^ ((0 - was_negative) | std::uint64_t{1} << 63));
}

struct KeyRange {
    std::uint64_t first;
    std::uint64_t last;  // inclusive

    bool contains(std::uint64_t key) const { return key - first <= last - first; }
};

// Equal parts of a range, as few bits of its keys tell them apart. A range of n keys in buckets of 2^bits is cut down
// to n / 2^bits: after 64 / bits rounds one key is left.
struct Buckets {
    KeyRange range;
    int shift;

    std::size_t operator()(std::uint64_t key) const { return static_cast<std::size_t>((key - range.first) >> shift); }

    KeyRange at(std::size_t index) const {
        const std::uint64_t first = range.first + (std::uint64_t{index} << shift);
        const std::uint64_t length = std::uint64_t{1} << shift;
        return {first, range.last - first < length ? range.last : first + length - 1};
    }
};

inline Buckets buckets_of(KeyRange range, int bits) {
    return {range, std::max(0, static_cast<int>(std::bit_width(range.last - range.first)) - bits)};
}

}  // namespace squarely
