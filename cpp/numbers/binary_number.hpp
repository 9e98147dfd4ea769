// A double, or an integer, as the significand and the exponent it is.
#pragma once

#include <bit>
#include <cstdint>

namespace squarely {

// value = (-1)^negative * significand * 2^exponent
struct BinaryNumber {
    std::uint64_t significand;
    int exponent;
    bool negative;
};

// Of a finite double. Its significand has 53 bits at most.
inline BinaryNumber number_of(double value) {
    const auto pattern = std::bit_cast<std::uint64_t>(value);
    const int biased = static_cast<int>(pattern >> 52 & 0x7ff);
    const std::uint64_t fraction = pattern & ((std::uint64_t{1} << 52) - 1);
    if (biased == 0) return {fraction, -1074, pattern >> 63 != 0};
    return {fraction | std::uint64_t{1} << 52, biased - 1075, pattern >> 63 != 0};
}

}  // namespace squarely
