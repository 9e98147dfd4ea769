// One pair at a time, exactly: the path of the pairs no window fits, and the oracle of the sliced kernels.
#pragma once

#include "numbers/binary_number.hpp"
#include "states/state.hpp"

#include <bit>
#include <cstdint>

namespace squarely {

// Of infinite ones: which side, and its sign. Where both sides are, the truth counts.
enum class PairKind { finite, high_true, low_true, high_pred, low_pred, undefined, missing_true, missing_pred };

PairKind kind_of(double y_true, double y_pred);
bool is_infinite(PairKind kind);
void count(PairCounts& counts, PairKind kind);

inline bool are_finite(double y_true, double y_pred) {
    constexpr std::uint64_t exponent = 0x7ff0000000000000;
    const auto truth = std::bit_cast<std::uint64_t>(y_true);
    const auto prediction = std::bit_cast<std::uint64_t>(y_pred);
    return (truth & exponent) != exponent && (prediction & exponent) != exponent;
}

// A pair of other numbers that is in counts.pairs already.
void leave_out(PairCounts& counts, double y_true, double y_pred);

// The double nearest to y_true - y_pred.
double nearest_difference(const BinaryNumber& y_true, const BinaryNumber& y_pred);

ExtremeValue extreme_value(const BinaryNumber& number);

// Adds (y_true - y_pred)^2 without rounding.
void add_square(ExactSum& sum, const BinaryNumber& y_true, const BinaryNumber& y_pred);
void add_square(CompactSum& sum, const BinaryNumber& y_true, const BinaryNumber& y_pred);

}  // namespace squarely
