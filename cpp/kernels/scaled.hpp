// Copies of a block times a power of two, for numbers whose squares are beyond the doubles.
#pragma once

#include "kernels/lanes.hpp"

namespace squarely {
namespace {

constexpr double power_of_two(int exponent) {
    return __builtin_bit_cast(double, static_cast<std::uint64_t>(exponent + 1023) << 52);
}

// Subnormal numbers are integers of 52 bits, read as such: to multiply them takes some processors 150 cycles.
SQUARELY_INLINE Vector raised(Vector value, int exponent) {
    const Bits pattern = bits(value);
    const Bits is_subnormal = mask((pattern & (Bits{} + 0x7ff0000000000000)) == Bits{});  // or zero
    const Bits significand = pattern & (Bits{} + 0x000fffffffffffff) & is_subnormal;
    const Vector integer = from_bits(significand | bits(broadcast(0x1p52))) - 0x1p52;
    const Bits small = bits(integer * power_of_two(exponent - 1074)) | (pattern & (Bits{} + (std::uint64_t{1} << 63)));
    return from_bits(pattern & ~is_subnormal) * power_of_two(exponent) + from_bits(small);
}

// Too small to have kept all bits, and not zero from the start.
SQUARELY_INLINE LaneSet where_lost(Vector lowered, Vector value) {
    return where_below(absolute(lowered), broadcast(0x1p-1022)) & ~where_equal(value, Vector{});
}

// What is too large for a copy becomes infinite.
void copy_raised(const Block& block, int exponent, double* y_true, double* y_pred) {
    Ahead ahead = block.ahead;
    for (std::ptrdiff_t i = 0; i < block.length; i += lanes) {
        if (i % 8 == 0) prefetch_next(ahead);
        store(y_true + i, raised(load<Vector>(block.y_true + i), exponent));
        store(y_pred + i, raised(load<Vector>(block.y_pred + i), exponent));
    }
}

// Pairs of zeros, whose bits are set, stand for those that would lose bits.
void copy_lowered(const Block& block, int exponent, double* y_true, double* y_pred, std::uint64_t* lost) {
    const double factor = power_of_two(exponent);
    Ahead ahead = block.ahead;
    for (std::ptrdiff_t i = 0; i < block.length; i += lanes) {
        if (i % 8 == 0) prefetch_next(ahead);
        const Vector truth = load<Vector>(block.y_true + i);
        const Vector prediction = load<Vector>(block.y_pred + i);
        const LaneSet kept = ~where_lost(truth * factor, truth) & ~where_lost(prediction * factor, prediction);
        store(y_true + i, only(kept, truth * factor));
        store(y_pred + i, only(kept, prediction * factor));
        if (i % 64 == 0) lost[i / 64] = 0;
        lost[i / 64] |= word_of(~kept) << i % 64;
    }
}

}  // namespace
}  // namespace squarely
