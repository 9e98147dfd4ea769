#include "pair.hpp"

#include "double_parts.hpp"

#include <bit>
#include <utility>

namespace squarely {
namespace {

bool is_nan(std::uint64_t pattern) { return (pattern & INT64_MAX) > 0x7ff0000000000000; }
bool is_infinite(std::uint64_t pattern) { return (pattern & INT64_MAX) == 0x7ff0000000000000; }

}  // namespace

// By bit patterns, not by comparisons: the answer must not hang on the caller's compiler flags.
PairKind kind_of(double y_true, double y_pred) {
    const auto truth = std::bit_cast<std::uint64_t>(y_true);
    const auto prediction = std::bit_cast<std::uint64_t>(y_pred);
    if (is_nan(truth)) return PairKind::missing_true;
    if (is_nan(prediction)) return PairKind::missing_pred;
    if (is_infinite(truth) && truth == prediction) return PairKind::undefined;
    if (is_infinite(truth) || is_infinite(prediction)) return PairKind::infinite;
    return PairKind::finite;
}

void count(PairCounts& counts, PairKind kind) {
    counts.missing_true += kind == PairKind::missing_true;
    counts.missing_pred += kind == PairKind::missing_pred;
    counts.infinite += kind == PairKind::infinite;
    counts.undefined += kind == PairKind::undefined;
    counts.pairs += kind != PairKind::missing_true && kind != PairKind::missing_pred;
}

void add_square(ExactSum& sum, double y_true, double y_pred) {
    DoubleParts high = parts_of(y_true);
    DoubleParts low = parts_of(y_pred);
    if (high.significand == 0) high.exponent = low.exponent;
    if (low.significand == 0) low.exponent = high.exponent;
    if (high.exponent < low.exponent) std::swap(high, low);
    const int gap = high.exponent - low.exponent;
    if (gap <= 10) {  // 53 + 10 bits: the difference, aligned, is below 2^64, its square below 2^128
        const std::uint64_t aligned = high.significand << gap;
        const std::uint64_t difference = high.negative != low.negative ? aligned + low.significand
                                         : aligned > low.significand   ? aligned - low.significand
                                                                       : low.significand - aligned;
        add(sum, uint128{difference} * difference, 2 * low.exponent, false);
        return;
    }
    add(sum, uint128{high.significand} * high.significand, 2 * high.exponent, false);
    add(sum, uint128{low.significand} * low.significand, 2 * low.exponent, false);
    add(sum, uint128{high.significand} * low.significand, high.exponent + low.exponent + 1,
        high.negative == low.negative);
}

}  // namespace squarely
