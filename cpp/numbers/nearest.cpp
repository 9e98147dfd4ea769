// The doubles nearest to exact numbers, to their quotients and to roots of these. Where leading bits leave the rounding
// in doubt, what lies half way between the two doubles decides it, in one comparison of exact numbers.
#include "numbers/big_number.hpp"
#include "numbers/limbs_in_use.hpp"
#include "numbers/rounding.hpp"

namespace squarely {
namespace {

Leading leading_of(const BigNumber& number) {
    const int size = number.limbs.size();
    const std::uint64_t* const end = number.limbs.data() + size;
    return leading_bits(end[-1], size > 1 ? end[-2] : 0, size > 2 ? end[-3] : 0, number.exponent + 64 * (size - 1));
}

bool are_one(const Bounds& bounds) { return bounds.low == bounds.high; }

// Half way from a double to the next, which of the largest is the power of two where infinity begins.
BigNumber middle_above(double value) {
    const BinaryNumber number = number_of(value);
    return big_number(BinaryNumber{2 * number.significand + 1, number.exponent - 1, false});
}

// By how far the truth is beyond the middle of the bounds, or anything of the same sign.
double nearer(const Bounds& bounds, const BigNumber& beyond_middle) {
    const bool low_is_even = (number_of(bounds.low).significand & 1) == 0;
    return beyond_middle.negative || (is_zero(beyond_middle) && low_is_even) ? bounds.low : bounds.high;
}

double with_sign(double size, bool negative) { return negative ? -size : size; }

// A sum need not become a number for its leading bits, unless it has few.
struct LeadingOfSum {
    bool is_known;
    bool negative;
    Leading bits;
};

LeadingOfSum leading_of(const SumLimbs& sum) {
    const bool negative = is_negative(sum);
    const int size = negative ? last_unlike<~std::uint64_t{0}>(sum) : last_unlike<0>(sum);
    if (size < 3) return {false, negative, {}};
    // Of a negative sum the complement stands for the magnitude, which is one unit more.
    const std::uint64_t sign = negative ? ~std::uint64_t{0} : 0;
    const std::uint64_t* const end = sum.limbs + size;
    const int exponent = ExactSum::unit_exponent + 64 * (sum.first + size - 1);
    return {true, negative, leading_bits(end[-1] ^ sign, end[-2] ^ sign, end[-3] ^ sign, exponent)};
}

}  // namespace

double nearest(const BigNumber& number) {
    if (is_zero(number)) return 0.0;
    const Bounds bounds = bounds_of(leading_of(number));
    const double size = are_one(bounds) ? bounds.low : nearer(bounds, absolute(number) - middle_above(bounds.low));
    return with_sign(size, number.negative);
}

double nearest_ratio(const BigNumber& numerator, const BigNumber& denominator) {
    if (is_zero(numerator)) return 0.0;
    const Bounds bounds = bounds_of_ratio(leading_of(numerator), leading_of(denominator));
    const double size = are_one(bounds)
                            ? bounds.low
                            : nearer(bounds, absolute(numerator) - middle_above(bounds.low) * absolute(denominator));
    return with_sign(size, numerator.negative != denominator.negative);
}

double nearest_root(const BigNumber& numerator, const BigNumber& denominator) {
    if (is_zero(numerator)) return 0.0;
    const Bounds bounds = bounds_of_root(leading_of(numerator), leading_of(denominator));
    if (are_one(bounds)) return bounds.low;
    const BigNumber middle = middle_above(bounds.low);
    return nearer(bounds, numerator - middle * middle * denominator);
}

double to_double(const SumLimbs& sum) {
    const LeadingOfSum leading = leading_of(sum);
    if (leading.is_known) {
        const Bounds bounds = bounds_of(leading.bits);
        if (are_one(bounds)) return with_sign(bounds.low, leading.negative);
    }
    return nearest(big_number(sum));
}

double mean(const SumLimbs& sum, std::uint64_t count) {
    const LeadingOfSum leading = leading_of(sum);
    if (leading.is_known) {
        const Bounds bounds = bounds_of_ratio(leading.bits, leading_bits(count, 0, 0, 0));
        if (are_one(bounds)) return with_sign(bounds.low, leading.negative);
    }
    return nearest_ratio(big_number(sum), big_number(count));
}

double root_mean(const SumLimbs& sum, std::uint64_t count) {
    const LeadingOfSum leading = leading_of(sum);
    if (leading.is_known) {
        const Bounds bounds = bounds_of_root(leading.bits, leading_bits(count, 0, 0, 0));
        if (are_one(bounds)) return bounds.low;
    }
    return nearest_root(big_number(sum), big_number(count));
}

double ratio(const SumLimbs& numerator, const SumLimbs& denominator) {
    return nearest_ratio(big_number(numerator), big_number(denominator));
}

}  // namespace squarely
