#include "sums/pair.hpp"

#include "numbers/add_words.hpp"
#include "numbers/big_number.hpp"

#include <bit>

namespace squarely {
namespace {

bool is_nan(std::uint64_t pattern) { return (pattern & INT64_MAX) > 0x7ff0000000000000; }
bool is_negative(std::uint64_t pattern) { return pattern > INT64_MAX; }
bool is_infinite(std::uint64_t pattern) { return (pattern & INT64_MAX) == 0x7ff0000000000000; }

// 64 bits, those of an integer, shifted by 62 stay below 2^126, and a sum or difference with 64 more bits below 2^127.
constexpr int widest_gap = 62;

// Adds ((high -+ low) * 2^exponent)^2. Without branches on the data: signs and order of misfits are as good as random.
template <class Sum>
void add_aligned_square(Sum& sum, uint128 high, uint128 low, bool opposite_signs, int exponent) {
    const uint128 difference = high > low ? high - low : low - high;
    const uint128 size = opposite_signs ? high + low : difference;
    const auto top = static_cast<std::uint64_t>(size >> 64);
    const auto bottom = static_cast<std::uint64_t>(size);
    const uint128 cross = uint128{top} * bottom;  // counts twice, at 2^64: at 2^65 then, across the two halves
    const uint128 below = uint128{bottom} * bottom;
    const uint128 sum_below = below + (cross << 65);
    const uint128 above = uint128{top} * top + (cross >> 63) + (sum_below < below ? 1 : 0);
    add_wide_number(sum, above, sum_below, 2 * exponent);
}

template <class Sum>
void add_square_to(Sum& sum, const BinaryNumber& y_true, const BinaryNumber& y_pred) {
    const bool truth_is_high = y_true.exponent >= y_pred.exponent;
    const BinaryNumber high = truth_is_high ? y_true : y_pred;
    const BinaryNumber low = truth_is_high ? y_pred : y_true;
    const int gap = high.exponent - low.exponent;
    if (gap <= widest_gap) {
        add_aligned_square(sum, uint128{high.significand} << gap, low.significand, high.negative != low.negative,
                           low.exponent);
        return;
    }
    add_number(sum, uint128{high.significand} * high.significand, 2 * high.exponent, false);
    add_number(sum, uint128{low.significand} * low.significand, 2 * low.exponent, false);
    add_number(sum, uint128{high.significand} * low.significand, high.exponent + low.exponent + 1,
               high.negative == low.negative);
}

}  // namespace

// By bit patterns, not by comparisons: the answer must not hang on the caller's compiler flags.
PairKind kind_of(double y_true, double y_pred) {
    const auto truth = std::bit_cast<std::uint64_t>(y_true);
    const auto prediction = std::bit_cast<std::uint64_t>(y_pred);
    if (is_nan(truth)) return PairKind::missing_true;
    if (is_nan(prediction)) return PairKind::missing_pred;
    if (is_infinite(truth) && truth == prediction) return PairKind::undefined;
    if (is_infinite(truth)) return is_negative(truth) ? PairKind::low_true : PairKind::high_true;
    if (is_infinite(prediction)) return is_negative(prediction) ? PairKind::low_pred : PairKind::high_pred;
    return PairKind::finite;
}

bool is_infinite(PairKind kind) {
    return kind == PairKind::high_true || kind == PairKind::low_true || kind == PairKind::high_pred ||
           kind == PairKind::low_pred;
}

void count(PairCounts& counts, PairKind kind) {
    counts.missing_true += kind == PairKind::missing_true;
    counts.missing_pred += kind == PairKind::missing_pred;
    counts.infinite += is_infinite(kind);
    counts.high_true += kind == PairKind::high_true;
    counts.low_true += kind == PairKind::low_true;
    counts.high_pred += kind == PairKind::high_pred;
    counts.low_pred += kind == PairKind::low_pred;
    counts.undefined += kind == PairKind::undefined;
    counts.pairs += kind != PairKind::missing_true && kind != PairKind::missing_pred;
}

void leave_out(PairCounts& counts, double y_true, double y_pred) {
    --counts.pairs;
    const PairKind kind = kind_of(y_true, y_pred);
    if (kind == PairKind::missing_pred) {
        ++counts.missing_pred;  // the usual ones, a tenth of all perhaps
    } else if (kind == PairKind::missing_true) {
        ++counts.missing_true;
    } else {
        count(counts, kind);
    }
}

void add_square(ExactSum& sum, const BinaryNumber& y_true, const BinaryNumber& y_pred) {
    add_square_to(sum, y_true, y_pred);
}

void add_square(CompactSum& sum, const BinaryNumber& y_true, const BinaryNumber& y_pred) {
    add_square_to(sum, y_true, y_pred);
}

ExtremeValue extreme_value(const BinaryNumber& number) {
    const BigNumber exact = big_number(number);
    const double value = nearest(exact);
    return {value, nearest(exact - big_number(value))};
}

double nearest_difference(const BinaryNumber& y_true, const BinaryNumber& y_pred) {
    ExactSum difference;
    add_number(difference, y_true.significand, y_true.exponent, y_true.negative);
    add_number(difference, y_pred.significand, y_pred.exponent, !y_pred.negative);
    return to_double(difference);
}

}  // namespace squarely
