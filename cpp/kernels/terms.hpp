// Terms: what one pair adds to a sum. A term is a fixed function of truth, prediction and perhaps a parameter, as one
// double or as several whose sum it is; sums/ never ask which. To add one: a struct here, a row in tables/terms.def.
//
// Without weights the exact sums of the first six are formed from slices, in sums/exact_moments.hpp, and hold no
// rounding at all. Here they serve the weighted sums and those that round as they go.
#pragma once

#include "kernels/difference.hpp"
#include "kernels/elementary.hpp"
#include "kernels/lanes.hpp"

namespace squarely {
namespace {

// value = high + middle + low + rest, exactly so (a term that is rounded: to 2^-102) as long as the number tested is
// zero or in the range below. The kernels test it, and leave other pairs to the core. A row of terms.def says how many
// words a term has; of three the rest is a fourth, zero but for numbers of very different sizes.
struct Words {
    Vector high = Vector{};
    Vector middle = Vector{};
    Vector low = Vector{};
    Vector rest = Vector{};
    Vector tested = Vector{};
};

constexpr Bits everywhere() { return Bits{} - 1; }

SQUARELY_INLINE Words one_word(Vector value) { return {value}; }

// Squares of these, times weights as large or small, stay clear of overflow and of subnormals to their last bit.
constexpr double least_to_square = 0x1p-300;
constexpr double greatest_to_square = 0x1p300;

SQUARELY_INLINE Bits is_safe(Vector value, double least, double greatest) {
    const Vector size = absolute(value);
    return mask(size == Vector{}) | (mask(size >= broadcast(least)) & mask(size <= broadcast(greatest)));
}

SQUARELY_INLINE Bits sign_of(Vector value) { return bits(value) & (Bits{} + 0x8000000000000000); }
SQUARELY_INLINE Vector with_sign_flipped(Vector value, Bits sign) { return from_bits(bits(value) ^ sign); }

SQUARELY_INLINE Words squared(Vector value) {
    const Vector square = value * value;
    return {square, product_error(value, value, square), Vector{}, Vector{}, value};
}

constexpr double never_safe = __builtin_inf();  // what is tested of a pair that is left to the core

SQUARELY_INLINE Words chosen(Bits mask, const Words& yes, const Words& no) {
    return {chosen(mask, yes.high, no.high), chosen(mask, yes.middle, no.middle), chosen(mask, yes.low, no.low),
            chosen(mask, yes.rest, no.rest), chosen(mask, yes.tested, no.tested)};
}

// high + a + b + c + d + f in words: a and b are as small as errors of the first, c and d as errors of those, f as one
// of d. Sums are taken with their errors, and the last of these are zero but in pairs made for it.
SQUARELY_INLINE Words joined(Vector high, Vector a, Vector b, Vector c, Vector d, Vector f, Vector tested) {
    const Sum middle = two_sum(a, b);
    const Sum small = two_sum(c, d);
    const Sum low = two_sum(middle.error, small.value);
    const Sum more = two_sum(low.error, small.error);
    const Sum rest = two_sum(more.value, f);
    const Bits is_whole = mask(more.error == Vector{}) & mask(rest.error == Vector{});
    return {high, middle.value, low.value, rest.value, chosen(is_whole, tested, broadcast(never_safe))};
}

// What is tested of a difference: times a weight, its error must keep its last bit, too.
SQUARELY_INLINE Vector tested_of(const Difference& difference) {
    const Bits is_safe_error = is_safe(difference.error, least_to_square, greatest_to_square);
    return chosen(is_safe_error, difference.rounded, broadcast(never_safe));
}

// d^2 + 2de + e^2
SQUARELY_INLINE Words squared(const Difference& difference) {
    const Vector d = difference.rounded;
    const Vector e = difference.error;
    if (!any(bits(absolute(e)))) return squared(d);  // of integers, of float32, of numbers alike: half the time
    const Vector square = d * d;
    const Vector mixed = (d + d) * e;
    const Vector least = e * e;
    return joined(square, product_error(d, d, square), mixed, product_error(d + d, e, mixed), least,
                  product_error(e, e, least), tested_of(difference));
}

// The same without the last words: they are below 2^-102 of it.
SQUARELY_INLINE Words rounded_square(const Difference& difference) {
    const Vector d = difference.rounded;
    const Vector square = d * d;
    const Vector low = product_error(d, d, square) + (d + d) * difference.error;
    return {square, low, Vector{}, Vector{}, d};
}

// A term is made once a block, from its parameter. What else is known of it stands in its row in tables/terms.def.
struct NoParameter {
    SQUARELY_INLINE explicit NoParameter(double) {}
};

struct SquaredError : NoParameter {
    using NoParameter::NoParameter;
    SQUARELY_INLINE Words value(Vector y_true, Vector y_pred) const { return squared(difference_of(y_true, y_pred)); }
};

struct Error : NoParameter {
    using NoParameter::NoParameter;
    SQUARELY_INLINE Words value(Vector y_true, Vector y_pred) const {
        const Difference difference = difference_of(y_pred, y_true);
        return {difference.rounded, difference.error, Vector{}, Vector{}, tested_of(difference)};
    }
};

struct AbsoluteError : NoParameter {
    using NoParameter::NoParameter;
    SQUARELY_INLINE Words value(Vector y_true, Vector y_pred) const {
        const Difference difference = difference_of(y_true, y_pred);
        const Vector low = with_sign_flipped(difference.error, sign_of(difference.rounded));
        return {absolute(difference.rounded), low, Vector{}, Vector{}, tested_of(difference)};
    }
};

struct Truth : NoParameter {
    using NoParameter::NoParameter;
    SQUARELY_INLINE Words value(Vector y_true, Vector) const { return one_word(y_true); }
};

struct SquaredTruth : NoParameter {
    using NoParameter::NoParameter;
    SQUARELY_INLINE Words value(Vector y_true, Vector) const { return squared(y_true); }
};

struct Prediction : NoParameter {
    using NoParameter::NoParameter;
    SQUARELY_INLINE Words value(Vector, Vector y_pred) const { return one_word(y_pred); }
};

struct SquaredPrediction : NoParameter {
    using NoParameter::NoParameter;
    SQUARELY_INLINE Words value(Vector, Vector y_pred) const { return squared(y_pred); }
};

struct AbsoluteTruth : NoParameter {
    using NoParameter::NoParameter;
    SQUARELY_INLINE Words value(Vector y_true, Vector) const { return one_word(absolute(y_true)); }
};

// One for every pair: what its weight is multiplied with.
struct One : NoParameter {
    using NoParameter::NoParameter;
    SQUARELY_INLINE Words value(Vector, Vector) const { return one_word(broadcast(1.0)); }
};

// The square of a difference above zero, and nothing for the others.
struct SquaredUnderprediction : NoParameter {
    using NoParameter::NoParameter;
    SQUARELY_INLINE Words value(Vector y_true, Vector y_pred) const {
        const Words square = squared(difference_of(y_true, y_pred));
        return chosen(mask(y_true > y_pred), square, Words{});
    }
};

// Half the square up to delta, and delta (|d| - delta / 2) beyond, to 2^-102 of it.
struct HuberLossTerm {
    double delta;
    Bits is_exact;  // as a factor

    SQUARELY_INLINE explicit HuberLossTerm(double given)
        : delta(given), is_exact(is_safe(broadcast(given), least_to_square, greatest_to_square)) {}

    SQUARELY_INLINE Words value(Vector y_true, Vector y_pred) const {
        const Difference difference = difference_of(y_true, y_pred);
        const Words square = rounded_square(difference);
        const Vector size = absolute(difference.rounded);
        const Vector tail = with_sign_flipped(difference.error, sign_of(difference.rounded));
        const Difference above = difference_of(size, broadcast(0.5 * delta));
        const Vector line = broadcast(delta) * above.rounded;
        const Vector line_low =
            product_error(broadcast(delta), above.rounded, line) + broadcast(delta) * (above.error + tail);
        const Bits is_line = mask(size > broadcast(delta));
        return {chosen(is_line, line, 0.5 * square.high), chosen(is_line, line_low, 0.5 * square.middle), Vector{},
                Vector{}, chosen(is_exact, difference.rounded, broadcast(never_safe))};
    }
};

// Some terms of one word have a shorter way to the same bits (usual), for usual pairs only. At others sign bits of
// `unusual` are set, but not where the result is no finite number, which tells by itself. With a logarithm it goes in
// stages: what its number is made from (argument), the number, and what becomes of the logarithm (summand).
struct StagedLogarithm {
    ReducedSum number;
    Vector cubic;
};

// Signs of what is below a positive number, as integers; those of negative numbers must be looked at, too.
SQUARELY_INLINE Bits is_below(Vector value, std::uint64_t limit) { return bits(value) - limit; }
SQUARELY_INLINE Bits is_at_least(Vector value, std::uint64_t limit) { return bits(value) + (sign_bit - limit); }

constexpr std::uint64_t bits_of_power_of_two(int exponent) { return static_cast<std::uint64_t>(1023 + exponent) << 52; }

// The least |y| a percentage is taken of: 2^-52, as in scikit-learn. Where the error overflows, both are halved first.
struct AbsolutePercentageError : NoParameter {
    using NoParameter::NoParameter;

    SQUARELY_INLINE Vector usual(Vector y_true, Vector y_pred, Bits&) const {
        return of_difference(y_true - y_pred, y_true);
    }

    SQUARELY_INLINE Words value(Vector y_true, Vector y_pred) const {
        const Bits is_huge = mask(absolute(y_pred - y_true) > broadcast(0x1.fffffffffffffp1023));
        const Vector scale = chosen(is_huge, broadcast(0.5), broadcast(1.0));
        const Vector truth = y_true * scale;
        return one_word(absolute(y_pred * scale - truth) / larger(absolute(truth), broadcast(0x1p-52)));
    }

    // No number, or an infinite one, where the difference is.
    SQUARELY_INLINE static Vector of_difference(Vector difference, Vector y_true) {
        return absolute(difference) / at_least(absolute(y_true), 0x1p-52);
    }
};

// Twice |d| over |y| + |p|; zero where both are zero. Where the sum overflows, both are halved first.
struct SymmetricAbsolutePercentageError : NoParameter {
    using NoParameter::NoParameter;

    SQUARELY_INLINE Vector usual(Vector y_true, Vector y_pred, Bits& unusual) const {
        const Vector sum = absolute(y_true) + absolute(y_pred);
        unusual |= is_at_least(sum, bits_of_power_of_two(1024));
        const Vector share = (y_true - y_pred) / sum;
        return from_bits(bits(absolute(share + share)) & mask(sum != Vector{}));
    }

    SQUARELY_INLINE Words value(Vector y_true, Vector y_pred) const {
        const Vector sum = absolute(y_true) + absolute(y_pred);
        const Bits is_huge = mask(sum > broadcast(0x1.fffffffffffffp1023));
        const Vector scale = chosen(is_huge, broadcast(0.5), broadcast(1.0));
        const Vector truth = y_true * scale;
        const Vector prediction = y_pred * scale;
        const Vector share = (truth - prediction) / (absolute(truth) + absolute(prediction));
        return one_word(from_bits(bits(absolute(share + share)) & mask(sum > Vector{})));
    }
};

// log(y / p), also where the quotient leaves the range of normal doubles, which is rare enough for a branch.
[[gnu::noinline]] Vector logarithm_of_quotient(Vector y, Vector p) {
    const Vector quotient = y / p;
    const Bits is_large = mask(quotient > broadcast(0x1p1000));
    const Bits is_small = mask(quotient < broadcast(0x1p-1000)) & mask(y != Vector{});
    if (!any(is_large | is_small)) return logarithm(quotient);
    const Vector up = broadcast(0x1p550);
    const Vector down = broadcast(0x1p-550);
    const Vector one = broadcast(1.0);
    const Vector scaled = (y * chosen(is_large, down, chosen(is_small, up, one))) /
                          (p * chosen(is_large, up, chosen(is_small, down, one)));
    constexpr double log_of_scale = 1100 * 0x1.62e42fefa39efp-1;
    const Vector shift =
        chosen(is_large, broadcast(log_of_scale), chosen(is_small, broadcast(-log_of_scale), Vector{}));
    return logarithm(scaled) + shift;
}

// Where the logarithm of a quotient is taken from how far it is from one: elsewhere that would lose digits.
SQUARELY_INLINE Bits is_near_one(Vector less_one) {
    return mask(less_one >= broadcast(-0.5)) & mask(less_one <= broadcast(1.0));
}

// The difference of the logarithms, as one of how far the larger number is beyond the smaller: nothing cancels, and one
// logarithm does. NaN, which counts as outside the domain, for what is no more than -1.
struct SquaredLogError : NoParameter {
    using NoParameter::NoParameter;

    SQUARELY_INLINE Vector argument(Vector y_true, Vector y_pred, Bits& unusual) const {
        const Vector greatest = larger(y_true, y_pred);
        const Vector ratio = absolute(y_true - y_pred) / (1.0 + other(greatest, y_true, y_pred));
        unusual |= bits(ratio) | is_at_least(ratio, bits_of_power_of_two(1000));
        return ratio;
    }

    SQUARELY_INLINE ReducedSum number(Vector, Vector, Vector ratio, Bits&) const { return reduced_one_plus(ratio); }

    SQUARELY_INLINE Vector summand(Vector, Vector, Vector, const StagedLogarithm& x) const {
        const Vector difference = logarithm_of(x.number, half_square_of(x.number.sum.fraction), x.cubic);
        return difference * difference;
    }

    SQUARELY_INLINE Words value(Vector y_true, Vector y_pred) const {
        const Vector greatest = larger(y_true, y_pred);
        const Vector least = other(greatest, y_true, y_pred);
        const Bits inside = mask(least > broadcast(-1.0));
        const Vector ratio = absolute(y_true - y_pred) / (1.0 + least);
        Vector difference = log1p(ratio);
        const Bits is_extreme = inside & mask(ratio > broadcast(0x1p1000));
        if (any(is_extreme)) {  // rare enough for a branch
            difference = chosen(is_extreme, logarithm_of_quotient(1.0 + greatest, 1.0 + least), difference);
        }
        return one_word(from_bits(bits(difference * difference) | ~inside));
    }

    SQUARELY_INLINE static Vector other(Vector one, Vector y_true, Vector y_pred) {
        return from_bits(bits(y_true) ^ bits(y_pred) ^ bits(one));
    }
};

struct LogCoshLossTerm : NoParameter {
    using NoParameter::NoParameter;

    SQUARELY_INLINE Vector argument(Vector y_true, Vector y_pred, Bits&) const { return absolute(y_pred - y_true); }

    SQUARELY_INLINE ReducedSum number(Vector, Vector, Vector size, Bits&) const {
        return {{Vector{}, decay_of(size)}, Vector{}};
    }

    SQUARELY_INLINE Vector summand(Vector, Vector, Vector size, const StagedLogarithm& x) const {
        return log_cosh_of(size, x.number.sum.fraction, x.cubic);
    }

    SQUARELY_INLINE Words value(Vector y_true, Vector y_pred) const { return one_word(log_cosh(y_pred - y_true)); }
};

// c^2/6 (1 - (1 - (e/c)^2)^3) up to c, as e^2/6 times a polynomial of (e/c)^2: nothing cancels, and the squares of e
// and c overflow only where the loss does. c^2/6 beyond.
struct TukeyLoss {
    SQUARELY_INLINE explicit TukeyLoss(double given) : c(given) {}

    double c;

    SQUARELY_INLINE Words value(Vector y_true, Vector y_pred) const {
        const Vector error = y_pred - y_true;
        const Vector ratio = error / broadcast(c);
        const Vector square = ratio * ratio;
        const Bits is_inside = mask(absolute(ratio) <= broadcast(1.0));
        const Vector bounded = chosen(is_inside, error, broadcast(c));
        const Vector factor = chosen(is_inside, square * (square - broadcast(3.0)) + broadcast(3.0), broadcast(1.0));
        const Vector loss = (0x1.5555555555555p-3 * bounded * bounded) * factor;
        const Vector limit = broadcast(0x1.5555555555555p-3 * c * c);  // which rounding may pass by an ulp
        return one_word(chosen(mask(loss > limit), limit, loss));
    }
};

// 2 (y log(y/p) - y + p) = 2p ((1 + r) log(1 + r) - r) with r = (y - p) / p. NaN outside y >= 0, p > 0.
struct PoissonDeviance : NoParameter {
    using NoParameter::NoParameter;

    SQUARELY_INLINE Vector argument(Vector y_true, Vector y_pred, Bits& unusual) const {
        const Vector ratio = (y_true - y_pred) / y_pred;
        const Bits is_tiny = is_below(y_pred, least_bits) | (is_below(y_true, least_bits) & mask(y_true != Vector{}));
        unusual |= bits(y_true) | bits(y_pred) | is_tiny;
        unusual |= is_at_least(absolute(ratio), bits_of_power_of_two(1000));
        return bounded(ratio);
    }

    SQUARELY_INLINE ReducedSum number(Vector, Vector, Vector ratio, Bits&) const { return reduced_one_plus(ratio); }

    SQUARELY_INLINE Vector summand(Vector y_true, Vector y_pred, Vector, const StagedLogarithm& x) const {
        return doubled(y_true, y_pred, usual_half(y_true, y_pred, x));
    }

    SQUARELY_INLINE Words value(Vector y_true, Vector y_pred) const {
        const Bits inside = mask(y_true >= Vector{}) & mask(y_pred > Vector{});
        const Vector ratio = (y_true - y_pred) / y_pred;
        const ReducedSum number = reduced_one_plus(bounded(ratio));
        Vector half = usual_half(y_true, y_pred, {number, cubic_of(number.sum.fraction)});
        const Bits is_tiny = mask(y_true < broadcast(0x1p-960)) | mask(y_pred < broadcast(0x1p-960));
        const Bits is_extreme = inside & (is_tiny | mask(ratio > broadcast(0x1p1000))) & mask(y_true != Vector{});
        if (any(is_extreme)) {  // as above
            const Vector remainder = log1p_remainder(ratio);
            const Vector close = y_pred * (ratio * (ratio - remainder) - remainder);
            const Vector apart = y_true * logarithm_of_quotient(y_true, y_pred) - (y_true - y_pred);
            half = chosen(is_extreme, chosen(is_near_one(ratio), close, apart), half);
        }
        return one_word(from_bits(bits(doubled(y_true, y_pred, half)) | ~inside));
    }

    static constexpr std::uint64_t least_bits = bits_of_power_of_two(-960);

    // Below it y log(y/p) is less than the last bit of p, which is all that is left.
    SQUARELY_INLINE static Vector bounded(Vector ratio) { return larger(ratio, broadcast(-1.0 + 0x1p-53)); }

    SQUARELY_INLINE static Vector usual_half(Vector y_true, Vector y_pred, const StagedLogarithm& x) {
        const Vector fraction = x.number.sum.fraction;
        const HalfSquare half_square = half_square_of(fraction);
        const Vector logarithm = logarithm_of(x.number, half_square, x.cubic);
        const Vector near = y_pred * (fraction * logarithm - remainder_of(half_square, x.cubic));
        const Vector far = y_true * logarithm - (y_true - y_pred);
        // As long as the ratio itself is the fraction: beyond it less of what is subtracted cancels.
        return chosen(mask(x.number.sum.exponent == Vector{}), near, far);
    }

    SQUARELY_INLINE static Vector doubled(Vector y_true, Vector y_pred, Vector half) {
        const Vector at_zero = chosen(mask(y_true > Vector{}), half, y_pred);
        return at_zero + at_zero;
    }
};

// 2 (log(p/y) + y/p - 1) = 2 (r - log(1 + r)) with r as above. NaN outside y > 0, p > 0.
struct GammaDeviance : NoParameter {
    using NoParameter::NoParameter;

    SQUARELY_INLINE Vector argument(Vector y_true, Vector y_pred, Bits& unusual) const {
        unusual |= bits(y_true) | bits(y_pred);
        return (y_true - y_pred) / y_pred;
    }

    // 1 + r where that is near one, and else y / p.
    SQUARELY_INLINE ReducedSum number(Vector y_true, Vector y_pred, Vector ratio, Bits& unusual) const {
        const Vector quotient = y_true / y_pred;
        unusual |= is_below(quotient, bits_of_power_of_two(-1000)) | is_at_least(quotient, bits_of_power_of_two(1000));
        const Bits is_near = is_near_one(ratio);
        const Vector sum = 1.0 + ratio;
        const Vector error = error_of_one_plus(ratio, sum);
        return reduced_sum(chosen(is_near, sum, quotient), from_bits(bits(error) & is_near), ratio);
    }

    SQUARELY_INLINE Vector summand(Vector, Vector, Vector ratio, const StagedLogarithm& x) const {
        const HalfSquare half_square = half_square_of(x.number.sum.fraction);
        const Vector near = near_remainder(ratio, x, half_square);
        const Vector far = ratio - logarithm_of(x.number, half_square, x.cubic);
        const Vector half = chosen(is_near_one(ratio), near, far);
        return half + half;
    }

    // As log1p_remainder, in whose sum the first two additions are exact: the exponent is -1, 0 or 1, and then ratio,
    // exponent * ln2_high and fraction are multiples of 2^-54, and what is left of them is below a half.
    SQUARELY_INLINE static Vector near_remainder(Vector ratio, const StagedLogarithm& x,
                                                 const HalfSquare& half_square) {
        const Vector linear = multiply_add(-x.number.sum.exponent, broadcast(ln2_high), ratio) - x.number.sum.fraction;
        const Sum quadratic = two_sum(linear, half_square.value);
        return quadratic.value + (quadratic.error + half_square.low - x.number.low - x.cubic);
    }

    SQUARELY_INLINE Words value(Vector y_true, Vector y_pred) const {
        const Bits inside = mask(y_true > Vector{}) & mask(y_pred > Vector{});
        const Vector ratio = (y_true - y_pred) / y_pred;
        const Bits is_far = ~is_near_one(ratio);
        Vector half = log1p_remainder(ratio);
        if (any(is_far)) half = chosen(is_far, ratio - logarithm_of_quotient(y_true, y_pred), half);
        return one_word(from_bits(bits(half + half) | ~inside));
    }
};

// What the domain of a power demands of the truth; the prediction must be positive.
SQUARELY_INLINE Bits truth_in_domain(Vector y_true, double p) {
    if (p < 0) return everywhere();
    return p < 2 ? mask(y_true >= Vector{}) : mask(y_true > Vector{});
}

// y / p and its logarithm, each in two words, for numbers whose quotient is between 2^-480 and 2^480.
struct Quotient {
    Sum value;
    Pair logarithm;
};

SQUARELY_INLINE Quotient quotient_of(Vector y, Vector p) {
    const Vector quotient = y / p;
    const Vector product = quotient * p;
    const Vector rest = (y - product) - product_error(quotient, p, product);
    const Pair logarithm = logarithm_pair(reduced(quotient));
    return {{quotient, rest / p}, {logarithm.high, logarithm.low + rest / y}};
}

// 2 - k, 1 - k or half of them, exactly, and as what numbers are raised to.
struct PowerLess {
    double value;
    double error;
    Exponent exponent;

    SQUARELY_INLINE PowerLess(double constant, double k, double scale) {
        const double rounded = constant - k;
        const double back = rounded - constant;
        value = scale * rounded;
        error = scale * ((constant - (rounded - back)) - (k + back));
        exponent = exponent_of(value, error);
    }
};

// Of the other powers k; see Jorgensen, "The theory of dispersion models" (1997). NaN outside the domain of the power.
//
// 2 (y^(2-k) / ((1-k)(2-k)) - y p^(1-k) / (1-k) + p^(2-k) / (2-k)) cancels where y is near p, and everywhere where k is
// near 1 or 2. With q = 2 - k, s = 1 - k, r = y/p - 1 and t = log(y/p) it is 2 p^q / (q s) times
//     exp(qt) - 1 - q r             for k from 1.5 on, and else
//     (y/p) (exp(st) - 1) - s r     which is the same:
// what is divided by s or q is then never small beside it. Seven bits cancel at most, of sixty and more, because near
// r = 0 it is 2 p^q times the integral of (r - t) (1 + t)^-k over t from 0 to r, by its power series.
struct TweedieDeviance {
    double k;
    PowerLess two_less, one_less, half_two_less, half_one_less;
    bool is_from_above;  // k is at least 1.5
    double near;         // the largest r of the series
    double series[13];   // of the integral over r^2: 2^-58 of it is left where r is largest

    SQUARELY_INLINE explicit TweedieDeviance(double given)
        : k(given),
          two_less(2, given, 1),
          one_less(1, given, 1),
          half_two_less(2, given, 0.5),
          half_one_less(1, given, 0.5),
          is_from_above(given >= 1.5) {
        const double size = k < -1 ? -k : k > 1 ? k : 1;
        near = size <= 0x1p64 ? 0.0625 / size : 0;  // beyond it coefficients overflow
        series[0] = 0.5;
        for (int n = 0; n < 12; ++n) series[n + 1] = -series[n] * ((k + n) / (n + 3));
    }

    // Once in a kernel object, not once for every vector of every loop: it is long enough to be called.
    [[gnu::noinline]] Words value(Vector y_true, Vector y_pred) const {
        const Bits inside = truth_in_domain(y_true, k) & mask(y_pred > Vector{});
        // Powers of two away from numbers whose products overflow: quotients stay what they are.
        const Vector scale = chosen(mask(y_pred > broadcast(0x1p480)), broadcast(0x1p-500),
                                    chosen(mask(y_pred < broadcast(0x1p-480)), broadcast(0x1p500), broadcast(1.0)));
        const Quotient quotient = quotient_of(y_true * scale, y_pred * scale);
        const Sum less_one = two_sum(quotient.value.value, broadcast(-1.0));
        const Sum ratio = fast_two_sum(less_one.value, less_one.error + quotient.value.error);
        const PowerLess& less = is_from_above ? two_less : one_less;
        const Pair factor = {broadcast(less.exponent.high), broadcast(less.exponent.low)};
        const Sum power_of_e =
            fast_two_sum(factor.high * quotient.logarithm.high, product_error(factor, quotient.logarithm));
        const Vector ordinary = from_zero(y_true, ratio, quotient.value, less, power_of_e);
        const Vector shape = chosen(mask(absolute(ratio.value) <= broadcast(near)), from_series(ratio), ordinary);
        const Vector size = power(y_pred, two_less.exponent);
        Vector half = size * shape;

        const Bits is_positive = mask(y_true > Vector{});
        const Bits is_apart = mask(absolute(quotient.value.value) > broadcast(0x1p480)) |
                              (is_positive & mask(quotient.value.value < broadcast(0x1p-480)));
        const Bits is_steep = is_positive & mask(power_of_e.value > broadcast(300.0));
        const Bits is_out_of_range = mask(size < broadcast(0x1p-1000)) | mask(size > broadcast(0x1p1000));
        const Bits is_extreme = inside & (is_apart | is_steep | is_out_of_range);
        if (any(is_extreme)) {  // rare enough for a branch
            const Vector root = power(y_pred, half_two_less.exponent);
            half = chosen(is_out_of_range, (root * shape) * root, half);
            half = chosen(is_steep, steep(y_true), half);
            half = chosen(is_apart, apart(y_true, y_pred), half);
        }
        const Vector known = from_bits(bits(half) & mask(y_true != y_pred));
        return one_word(from_bits(bits(known + known) | ~inside));
    }

    // What p^q is multiplied with, by the power series.
    SQUARELY_INLINE Vector from_series(const Sum& ratio) const {
        const Vector square = ratio.value * ratio.value + (ratio.value + ratio.value) * ratio.error;
        return square * polynomial(ratio.value, series);
    }

    // The same from where the exponential less one is zero; of truth that is not above zero there is no exponential.
    SQUARELY_INLINE Vector from_zero(Vector y_true, const Sum& ratio, const Sum& quotient, const PowerLess& less,
                                     const Sum& power_of_e) const {
        const Sum grown = expm1_sum({clamped_to_normal(power_of_e.value), power_of_e.error});
        const Bits is_positive = mask(y_true > Vector{});
        const Vector growth = chosen(is_positive, grown.value, broadcast(-1.0));
        const Vector growth_low = from_bits(bits(grown.error) & is_positive);
        const Vector factor = is_from_above ? broadcast(1.0) : quotient.value;
        const Vector factor_low = is_from_above ? Vector{} : quotient.error;
        const Vector first = factor * growth;
        const Vector first_low = product_error(factor, growth, first) + (factor * growth_low + factor_low * growth);
        const Vector second = broadcast(less.value) * ratio.value;
        const Vector second_low = product_error(broadcast(less.value), ratio.value, second) +
                                  (less.value * ratio.error + less.error * ratio.value);
        const Sum numerator = two_sum(first, -second);
        return (numerator.value + (numerator.error + (first_low - second_low))) / broadcast(two_less.value) /
               broadcast(one_less.value);
    }

    SQUARELY_INLINE static Vector clamped_to_normal(Vector x) {
        const Vector above = x < -700.0 ? broadcast(-700.0) : x;
        return above > 700.0 ? broadcast(700.0) : above;
    }

    // Where the first of the three summands is all there is.
    SQUARELY_INLINE Vector steep(Vector y_true) const {
        const Vector root = power(y_true, half_two_less.exponent);
        return (root / broadcast(two_less.value)) * (root / broadcast(one_less.value));
    }

    // Of numbers far from each other: the larger summand times what the other adds to one.
    SQUARELY_INLINE Vector apart(Vector y_true, Vector y_pred) const {
        const double q = two_less.value;
        const double s = one_less.value;
        const Bits is_above = mask(absolute(y_true) > y_pred);
        const Bits is_negative = mask(y_true < Vector{});  // which has no power, and is far above in size
        const Vector root = power(y_pred, half_one_less.exponent);
        // y p^(1-k) / -s, divided first where that makes it smaller
        const Vector line =
            s > 1 || s < -1 ? ((y_true / broadcast(-s)) * root) * root : ((y_true * root) * root) / broadcast(-s);
        const Vector root_of_size = power(y_pred, half_two_less.exponent);
        const Vector power_of_e = broadcast(is_from_above ? q : s) * logarithm_of_quotient(y_true, y_pred);
        const Bits is_gentle = mask(absolute(power_of_e) <= broadcast(1.0));
        const Sum sum = expm1_sum({clamped_to_normal(power_of_e), Vector{}});
        const Vector growth = sum.value + sum.error;
        const Vector decay = exponential(Vector{} - absolute(power_of_e));
        if (is_from_above) {
            const Vector gentle = root_of_size * ((growth + broadcast(q)) / broadcast(q) / broadcast(s)) * root_of_size;
            const Vector steepest = q < 0 ? steep(y_true) * (1.0 + broadcast(q - 1) * decay)
                                          : root_of_size * (root_of_size / broadcast(q)) * (1.0 + decay / broadcast(s));
            return chosen(is_above, line, chosen(is_gentle, gentle, steepest));
        }
        const Vector gentle = ((y_true * root) * root) * ((growth - broadcast(s)) / broadcast(q) / broadcast(s));
        const Vector steepest =
            s > 0 ? steep(y_true) * (1.0 - broadcast(q) * decay) : line * (1.0 - decay / broadcast(q));
        const Vector above = chosen(is_negative, line, chosen(is_gentle, gentle, steepest));
        return chosen(is_above, above, root_of_size * (root_of_size / broadcast(q)));
    }
};

// What of a deviance depends on the truth alone: y log y, log y, or y^(2-p) / ((1-p)(2-p)).
struct TruthOfPoissonDeviance : NoParameter {
    using NoParameter::NoParameter;
    SQUARELY_INLINE Words value(Vector y_true, Vector) const {
        const Vector product = y_true * logarithm(y_true);
        const Vector at_zero = from_bits(bits(product) & mask(y_true != Vector{}));
        return one_word(from_bits(bits(at_zero) | ~mask(y_true >= Vector{})));
    }
};

struct TruthOfGammaDeviance : NoParameter {
    using NoParameter::NoParameter;
    SQUARELY_INLINE Words value(Vector y_true, Vector) const {
        return one_word(from_bits(bits(logarithm(y_true)) | ~mask(y_true > Vector{})));
    }
};

struct TruthOfTweedieDeviance {
    double p;
    PowerLess two_less;

    SQUARELY_INLINE explicit TruthOfTweedieDeviance(double given) : p(given), two_less(2, given, 1) {}

    SQUARELY_INLINE Words value(Vector y_true, Vector) const {
        const Vector value = power(larger(y_true, Vector{}), two_less.exponent) / broadcast((1 - p) * (2 - p));
        return one_word(from_bits(bits(value) | ~truth_in_domain(y_true, p)));
    }
};

// The terms of a block, word by word. Bit i % 64 of out_of_range[i / 64] is set where the words of pair i are zero
// because words cannot hold its term. True where there is none.
template <class Kernel, int words_of_term>
bool term_values(const Block& block, double parameter, double* const* words, std::uint64_t* out_of_range) {
    const Kernel term{parameter};
    Bits all = everywhere();
    std::uint64_t out_of_range_here = 0;  // not in memory: a word that was just stored is loaded late
    for (std::ptrdiff_t i = 0; i < block.length; i += lanes) {
        const Words value = term.value(load<Vector>(block.y_true + i), load<Vector>(block.y_pred + i));
        if constexpr (words_of_term == 1) {
            store(words[0] + i, value.high);
        } else {
            const Bits in_range = is_safe(value.tested, least_to_square, greatest_to_square);
            store(words[0] + i, from_bits(bits(value.high) & in_range));
            store(words[1] + i, from_bits(bits(value.middle) & in_range));
            if constexpr (words_of_term > 2) {
                store(words[2] + i, from_bits(bits(value.low) & in_range));
                store(words[3] + i, from_bits(bits(value.rest) & in_range));
            }
            all &= in_range;
            out_of_range_here |= lanes_set(~in_range) << i % 64;
            if ((i + lanes) % 64 == 0) {
                out_of_range[i / 64] = out_of_range_here;
                out_of_range_here = 0;
            }
        }
    }
    return !any(~all);
}

}  // namespace
}  // namespace squarely
