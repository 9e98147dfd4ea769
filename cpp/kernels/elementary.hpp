// Logarithms, exponentials and powers, lane by lane: + - * / , selects and integer arithmetic on bits, in one order, so
// that every target gives the same bits. No multiply_add here: fused, these sums would round differently. A result is a
// function of the bits of its argument alone; there is one NaN, whatever the processor would make.
//
// The errors named below, in ulp, are the worst among 10^6 to 10^8 random arguments each, against 80-bit logarithms and
// MPFR. tests/sums/test_elementary.py holds them.
//
// Polynomials are minimax for the relative error of the result (Remez exchange with 60 digits, coefficients rounded
// to double one by one); beside each stand its interval and what it leaves of the result.
#pragma once

#include "kernels/lanes.hpp"

namespace squarely {
namespace {

constexpr double infinity = __builtin_inf();
constexpr double not_a_number = __builtin_nan("");
constexpr double ln2_high = 0x1.62e42fefa3800p-1;  // 42 bits: its product with an exponent is exact
constexpr double ln2_low = 0x1.ef35793c76730p-45;
constexpr std::uint64_t sign_bit = 0x8000000000000000;
constexpr std::uint64_t fraction_bits = 0x000fffffffffffff;

struct Sum {
    Vector value;
    Vector error;
};

// Exact where a is the larger or zero (Dekker 1971), and off by no more than the last bit of b where not.
SQUARELY_INLINE Sum fast_two_sum(Vector a, Vector b) {
    const Vector sum = a + b;
    return {sum, (a - sum) + b};
}

// Exact (Knuth).
SQUARELY_INLINE Sum two_sum(Vector a, Vector b) {
    const Vector sum = a + b;
    const Vector b_part = sum - a;
    return {sum, added_by_multiplier(a - (sum - b_part), added_by_multiplier(b, -b_part))};
}

// The first 26 of 53 bits: products of two such numbers are exact.
constexpr std::uint64_t leading_bits = 0xfffffffff8000000;
SQUARELY_INLINE Vector leading(Vector x) { return from_bits(bits(x) & leading_bits); }

// Horner's rule, from the constant term up.
template <int count>
SQUARELY_INLINE Vector polynomial(Vector x, const double (&coefficients)[count]) {
    Vector sum = broadcast(coefficients[count - 1]);
    for (int i = count - 2; i >= 0; --i) sum = sum * x + coefficients[i];
    return sum;
}

// x = 2^exponent * (1 + fraction), exactly, with 1 + fraction in [0.6875, 1.375): f - f^2/2 is about as far from the
// logarithm at both ends.
struct Reduced {
    Vector exponent;
    Vector fraction;
};

// Of normal numbers, scaled by 2^-shift beforehand.
SQUARELY_INLINE Reduced reduced(Vector x, Vector shift) {
    constexpr std::uint64_t one = 0x3ff0000000000000;
    constexpr std::uint64_t lowest = 0x3fe6000000000000;
    const Bits shifted = bits(x) + (one - lowest);
    // An integer below 2^52, put beside the exponent of 2^52, is that many more than 2^52.
    const Vector biased = from_bits((shifted >> 52) | 0x4330000000000000u);
    const Vector significand = from_bits((shifted & fraction_bits) + lowest);
    return {biased - (shift + (0x1p52 + 1023)), significand - 1.0};
}

// Of every positive number.
SQUARELY_INLINE Reduced reduced(Vector x) {
    const auto is_small = x < 0x1p-1022;
    return reduced(is_small ? x * 0x1p54 : x, is_small ? broadcast(54.0) : broadcast(0.0));
}

// With s = f / (2 + f): log(1 + f) = 2 atanh(s) = f - s (f - R(s^2)) = f - f^2/2 + s (f^2/2 + R(s^2)).
SQUARELY_INLINE Vector atanh_argument(Vector f) { return f / (2.0 + f); }

// The last of these summands.
SQUARELY_INLINE Vector cubic_of(Vector f, Vector s) {
    // R(z) / z on [0, 0.0343], to 2^-60 of log(1 + f).
    constexpr double atanh_terms[] = {0x1.5555555555554p-1, 0x1.999999999a6abp-2, 0x1.249249238b800p-2,
                                      0x1.c71c7306505aep-3, 0x1.745cac2ce1026p-3, 0x1.3b289393210fap-3,
                                      0x1.0eb78d1533c6ap-3, 0x1.14d63ea03cfa3p-3};
    const Vector z = s * s;
    return s * (0.5 * f * f + z * polynomial(z, atanh_terms));
}

SQUARELY_INLINE Vector cubic_of(Vector f) { return cubic_of(f, atanh_argument(f)); }

// f^2 / 2 as a number of few bits and a small one.
struct HalfSquare {
    Vector value;
    Vector low;
};

SQUARELY_INLINE HalfSquare half_square_of(Vector f) {
    const Vector half = 0.5 * f;
    const Vector f_high = leading(f);
    const Vector half_high = leading(half);
    return {half_high * f_high, (half - half_high) * (f + f_high)};
}

// f - log(1 + f) but for its last part, in two words.
SQUARELY_INLINE Vector remainder_of(const HalfSquare& half_square, Vector cubic) {
    return half_square.value + (half_square.low - cubic);
}

// A reduced number, and what is added to the logarithm of its fraction beside exponent * ln2_high.
struct ReducedSum {
    Reduced sum;
    Vector low;
};

// log(2^exponent (1 + fraction)) + low. Large parts are added without error, so that the last addition makes nearly all
// of the error.
SQUARELY_INLINE Vector logarithm_of(const ReducedSum& x, const HalfSquare& half_square, Vector cubic) {
    const Sum linear = fast_two_sum(x.sum.exponent * ln2_high, x.sum.fraction);
    const Sum quadratic = fast_two_sum(linear.value, -half_square.value);
    const Vector lost = linear.error + quadratic.error - half_square.low;
    return quadratic.value + (lost + x.low + cubic);
}

SQUARELY_INLINE Vector logarithm_of(const ReducedSum& x) {
    return logarithm_of(x, half_square_of(x.sum.fraction), cubic_of(x.sum.fraction));
}

// log(x). 0.64 ulp.
SQUARELY_INLINE Vector logarithm(Vector x) {
    const Reduced number = reduced(x);
    const Vector finite = logarithm_of({number, number.exponent * ln2_low});
    const Vector special = x == 0.0 ? broadcast(-infinity) : (x > 0.0 ? x : broadcast(not_a_number));
    return ((x > 0.0) & (x < infinity)) ? finite : special;
}

// 1 / x for normal x above zero, to 2 % up to 2^1000, and next to nothing beyond: the bits of a double are nearly its
// logarithm, and then one step of Newton's. A division takes as long as all the rest of a logarithm.
SQUARELY_INLINE Vector rough_reciprocal(Vector x) {
    const Vector bounded = at_most(x, 0x1p1000);
    const Vector guess = from_bits(0x7fde623822fc16e6u - bits(bounded));
    return guess * (2.0 - bounded * guess);
}

// sum + error, with what the reduction loses, to first order of the logarithm. Where the sum is near one, it is one
// plus the fraction without an error.
SQUARELY_INLINE ReducedSum reduced_sum(Vector sum, Vector error, Vector fraction) {
    const Reduced reduced_value = reduced(sum, Vector{});
    const auto is_near_one = reduced_value.exponent == 0.0;
    const Vector correction = is_near_one ? Vector{} : error * rough_reciprocal(sum);
    return {{reduced_value.exponent, is_near_one ? fraction : reduced_value.fraction},
            reduced_value.exponent * ln2_low + correction};
}

// What 1 + x loses: exact, because the larger of them comes first.
SQUARELY_INLINE Vector error_of_one_plus(Vector x, Vector sum) { return at_most(x, 1.0) - (sum - at_least(x, 1.0)); }

SQUARELY_INLINE ReducedSum reduced_one_plus(Vector x) {
    const Vector sum = 1.0 + x;
    return reduced_sum(sum, error_of_one_plus(x, sum), x);
}

// log(1 + x). 0.64 ulp.
SQUARELY_INLINE Vector log1p(Vector x) {
    const Vector finite = logarithm_of(reduced_one_plus(x));
    const Vector with_sign = from_bits(bits(finite) | (bits(x) & sign_bit));  // of -0
    const Vector special = x == -1.0 ? broadcast(-infinity) : (x > -1.0 ? x : broadcast(not_a_number));
    return ((x > -1.0) & (x < infinity)) ? with_sign : special;
}

// delta less the logarithm of 1 + delta, which x is.
SQUARELY_INLINE Vector remainder_of(Vector delta, const ReducedSum& x, const HalfSquare& half_square, Vector cubic) {
    // Both zero where delta is the fraction.
    const Sum outer = two_sum(delta, -x.sum.exponent * ln2_high);
    const Sum linear = two_sum(outer.value, -x.sum.fraction);
    const Sum quadratic = two_sum(linear.value, half_square.value);
    const Vector lost = outer.error + linear.error + quadratic.error + half_square.low;
    return quadratic.value + (lost - x.low - cubic);
}

// delta - log(1 + delta): about delta^2 / 2 where delta is small. 1.4 ulp.
SQUARELY_INLINE Vector log1p_remainder(Vector delta) {
    const ReducedSum one_plus = reduced_one_plus(delta);
    const Vector fraction = one_plus.sum.fraction;
    const Vector finite = remainder_of(delta, one_plus, half_square_of(fraction), cubic_of(fraction));
    const Vector special = delta >= -1.0 ? broadcast(infinity) : broadcast(not_a_number);
    return ((delta > -1.0) & (delta < infinity)) ? finite : special;
}

// Keeps the exponent below in range; beyond these all results are infinite or zero. NaN stays NaN.
SQUARELY_INLINE Vector clamped_exponent(Vector x) {
    const Vector above = x < -746.0 ? broadcast(-746.0) : x;
    return above > 710.0 ? broadcast(710.0) : above;
}

// (exp(r) - 1 - r - r^2/2) / r^3 on [-log(2)/2, log(2)/2], to 2^-60 of exp(r).
constexpr double exponential_terms[] = {
    0x1.555555555555bp-3,  0x1.555555555555ap-5,  0x1.111111110ebffp-7,  0x1.6c16c16c14185p-10, 0x1.a01a01b3a28dfp-13,
    0x1.a01a01b1ef3f7p-16, 0x1.71ddefc8bc37fp-19, 0x1.27e4c2de9eb58p-22, 0x1.af6c7b0829f05p-26, 0x1.1f999401a0d58p-29};
constexpr double log2_of_e = 0x1.71547652b82fep+0;

// exp(high + low), high clamped, low at most 2^-40.
SQUARELY_INLINE Vector exponential_of(Vector high, Vector low) {
    constexpr double rounder = 0x1.8p52 + 2046;  // its sum with a small number has the nearest integer in its last bits

    // high + low = n log(2) + r, r in two words.
    const Vector shifted = high * log2_of_e + rounder;
    const Vector n = shifted - rounder;
    const Sum r = fast_two_sum(high - n * ln2_high, low - n * ln2_low);

    const Sum linear = fast_two_sum(broadcast(1.0), r.value);
    const Vector square = r.value * r.value;
    const Vector higher = 0.5 * square + square * r.value * polynomial(r.value, exponential_terms);
    const Vector value = linear.value + (higher + (linear.error + r.error * linear.value));

    // 2^n in two factors, both normal numbers: the first product is exact, the second one rounds subnormal results.
    const Bits first = (bits(shifted) & 0xfff) >> 1;  // n / 2 + 1023
    const Bits second = bits(shifted) - first;
    return value * from_bits(first << 52) * from_bits(second << 52);
}

// exp(x). 0.61 ulp; 0.77 where the result is subnormal, because it is rounded twice.
SQUARELY_INLINE Vector exponential(Vector x) {
    const Vector number = exponential_of(clamped_exponent(x), Vector{});
    return x == x ? number : broadcast(not_a_number);
}

// Two words; the first has 26 bits, and the second is smaller by 2^-24 at least.
struct Pair {
    Vector high;
    Vector low;
};

// product + error, the error at most 2^-24 of the product.
SQUARELY_INLINE Pair pair_of(Vector product, Vector error) {
    const Vector high = leading(product + error);
    return {high, (product - high) + error};
}

// constant + product + error, the product smaller than the constant, which has 26 bits.
SQUARELY_INLINE Pair pair_of(double constant, Vector product, Vector error) {
    const Vector high = leading(constant + product);
    return {high, ((constant - high) + product) + error};
}

// The error of a.high * b.high, which is exact, as the product of the pairs.
SQUARELY_INLINE Vector product_error(Pair a, Pair b) { return a.high * b.low + a.low * (b.high + b.low); }

// log(2^exponent (1 + fraction)) to 2^-68 of its size, as 2 s (1 + z (1/3 + z (1/5 + z R(z)))) with s = f / (2 + f) and
// z = s^2.
SQUARELY_INLINE Pair logarithm_pair(Reduced x) {
    // R on [0, 0.0343], to 2^-69 of the logarithm.
    constexpr double atanh_terms[] = {0x1.2492492492e2cp-3, 0x1.c71c71c52c909p-4, 0x1.745d1884677d8p-4,
                                      0x1.3b13462be635ep-4, 0x1.112593128c790p-4, 0x1.dd61b5a25e3cfp-5,
                                      0x1.f20c9ead8813dp-5};
    constexpr double third_high = 0x1.5555550000000p-2, third_low = 0x1.5555555555555p-28;
    constexpr double fifth_high = 0x1.9999998000000p-3, fifth_low = 0x1.999999999999ap-31;

    const Vector f = x.fraction;
    const Vector divisor = 2.0 + f;
    const Vector divisor_high = leading(divisor);
    const Vector divisor_low = (2.0 - divisor_high) + f;
    const Vector reciprocal = 1.0 / divisor;
    const Vector quotient = f * reciprocal;
    const Vector s_high = leading(quotient);
    const Pair s = {s_high, ((f - s_high * divisor_high) - s_high * divisor_low) * reciprocal};

    const Pair z = pair_of(s.high * s.high, s.low * (2.0 * s.high + s.low));
    const Vector square = quotient * quotient;
    const Pair fifth = {broadcast(fifth_high), fifth_low + square * polynomial(square, atanh_terms)};
    const Pair third = pair_of(third_high, z.high * fifth.high, product_error(z, fifth) + third_low);
    const Pair one = pair_of(1.0, z.high * third.high, product_error(z, third));

    const Sum sum = fast_two_sum(x.exponent * ln2_high, 2.0 * s.high * one.high);
    return pair_of(sum.value, sum.error + (x.exponent * ln2_low + 2.0 * product_error(s, one)));
}

// An exponent made ready for many powers.
struct Exponent {
    double high;  // 26 bits
    double low;
    double limit;  // from here on results are special
    double at_zero;
    double at_infinity;
    double elsewhere;  // of NaN and negative numbers
};

// error is what the exponent has lost by rounding.
SQUARELY_INLINE Exponent exponent_of(double exponent, double error = 0) {
    if (exponent != exponent) return {0, 0, 0, not_a_number, not_a_number, not_a_number};
    if (exponent == 0) return {0, 0, infinity, 1, 1, 1};
    // Beyond 2^65 results are 0, 1 or infinite, and the products must stay finite.
    const double limited = exponent > 0x1p65 ? 0x1p65 : exponent < -0x1p65 ? -0x1p65 : exponent;
    const double high = __builtin_bit_cast(double, __builtin_bit_cast(std::uint64_t, limited) & leading_bits);
    return {high,        (limited - high) + error, infinity, exponent > 0 ? 0 : infinity, exponent > 0 ? infinity : 0,
            not_a_number};
}

// x^exponent for x >= 0. 0.61 ulp, 0.77 where the result is subnormal, and exact where a double holds it. Special
// values are those of C's pow, but -0 is taken for 0, and 1^NaN is NaN.
SQUARELY_INLINE Vector power(Vector x, const Exponent& exponent) {
    const Pair factor = {broadcast(exponent.high), broadcast(exponent.low)};
    const Pair logarithm = logarithm_pair(reduced(x));
    const Sum product = fast_two_sum(factor.high * logarithm.high, product_error(factor, logarithm));
    const Vector high = clamped_exponent(product.value);
    const Vector finite = exponential_of(high, high == product.value ? product.error : Vector{});

    const Vector not_zero = x == infinity ? broadcast(exponent.at_infinity) : broadcast(exponent.elsewhere);
    const Vector special = x == 0.0 ? broadcast(exponent.at_zero) : not_zero;
    return ((x > 0.0) & (x < exponent.limit)) ? finite : special;
}

SQUARELY_INLINE Vector power(Vector x, double exponent) { return power(x, exponent_of(exponent)); }

// exp(x) - 1 to 2^-60 of what is larger, it or the square of x, for x from -708 to 708: as exponential_of, with another
// word of what cancels where one is taken away.
SQUARELY_INLINE Sum expm1_sum(const Sum& x) {
    constexpr double rounder = 0x1.8p52 + 1023;
    const Vector shifted = x.value * log2_of_e + rounder;
    const Vector n = shifted - rounder;
    const Sum r = fast_two_sum(x.value - n * ln2_high, x.error - n * ln2_low);

    const Vector r_high = leading(r.value);
    const Vector half_square = 0.5 * r_high * r_high;
    const Vector half_square_low = 0.5 * (r.value - r_high) * (r.value + r_high) + r.value * r.error;
    const Vector cubic = r.value * r.value * r.value * polynomial(r.value, exponential_terms);
    const Sum part = fast_two_sum(r.value, half_square);
    const Vector low = part.error + (half_square_low + cubic + r.error);

    const Vector scale = from_bits(bits(shifted) << 52);
    const Sum less_one = two_sum(scale, broadcast(-1.0));
    const Sum whole = two_sum(less_one.value, scale * part.value);
    return {whole.value, whole.error + less_one.error + scale * low};
}

// exp(-2a) of a from zero on, for what follows.
SQUARELY_INLINE Vector decay_of(Vector a) { return exponential_of(clamped_exponent(-2.0 * a), Vector{}); }

// log(cosh(a)) of finite a from zero on, given the decay and its cubic.
SQUARELY_INLINE Vector log_cosh_of(Vector a, Vector decay, Vector cubic) {
    // (log(cosh(a)) - a^2/2) / a^4 as a polynomial in a^2, for a in [0, 0.6875], to 2^-61 of log(cosh(a)).
    constexpr double terms[] = {-0x1.5555555555551p-4,  0x1.6c16c16c16219p-6,   -0x1.ba1ba1b99c5d3p-8,
                                0x1.1ea5d3825e01ep-9,   -0x1.833d9685663dap-11, 0x1.0d0ae03761268p-12,
                                -0x1.7d97e228ae337p-14, 0x1.12934b1f96074p-15,  -0x1.8c51c20671df9p-17,
                                0x1.130885452bb36p-18,  -0x1.41efbe009ea22p-20, 0x1.c08ca9447f8b7p-23};
    const Vector square = a * a;
    const Vector near = 0.5 * a * a + square * square * polynomial(square, terms);

    // a - log(2) + log(1 + exp(-2a)), where the exponential is below 0.253.
    const Sum line = fast_two_sum(a, broadcast(-ln2_high));
    const Vector nonlinear = remainder_of(half_square_of(decay), cubic);
    const Vector far = line.value + (decay - nonlinear + (line.error - ln2_low));

    // Near log(2), where the far form cancels nothing, and below sqrt(1/2), where a^2/2 gains a bit.
    return a < 0.6875 ? near : far;
}

// log(cosh(x)). 1.6 ulp.
SQUARELY_INLINE Vector log_cosh(Vector x) {
    const Vector a = absolute(x);
    const Vector decay = decay_of(a);
    const Vector finite = log_cosh_of(a, decay, cubic_of(decay));
    const Vector special = a == infinity ? a : broadcast(not_a_number);
    return a < infinity ? finite : special;
}

// The functions for arrays; count is a multiple of lanes.
template <Vector (*function)(Vector)>
void for_each(const double* source, double, std::ptrdiff_t count, double* target) {
    for (std::ptrdiff_t i = 0; i < count; i += lanes) store(target + i, function(load<Vector>(source + i)));
}

void powers(const double* source, double parameter, std::ptrdiff_t count, double* target) {
    const Exponent exponent = exponent_of(parameter);
    for (std::ptrdiff_t i = 0; i < count; i += lanes) store(target + i, power(load<Vector>(source + i), exponent));
}

}  // namespace
}  // namespace squarely
