#include "states/formulas.hpp"

#include "machine/elementary.hpp"

#include <cmath>
#include <limits>

namespace squarely {
namespace {

const Sums& sums_of(const OutputSums& sums, const Summand& summand) { return *find(sums.state, summand); }

}  // namespace

double special_value(const OutputSums& sums, const Summand& summand) {
    const Sums& own = sums_of(sums, summand);
    const TermCounts counted = own.counted.empty() ? TermCounts{} : own.counted[sums.output];
    if (counted.outside > 0) return std::numeric_limits<double>::quiet_NaN();
    const bool overflowed = !own.rounded.empty() && !std::isfinite(own.rounded[sums.output].high);
    return counted.infinite > 0 || overflowed ? std::numeric_limits<double>::infinity() : 0.0;
}

bool is_finite(const OutputSums& sums, const Summand& summand) { return special_value(sums, summand) == 0.0; }

BigNumber sum_of(const OutputSums& sums, const Summand& summand) {
    const Sums& own = sums_of(sums, summand);
    if (!own.exact.empty()) return big_number(own.exact[sums.output]);
    const RoundedSum& rounded = own.rounded[sums.output];
    return big_number(rounded.high) + big_number(rounded.low);
}

double extreme_of(const OutputSums& sums, Term term) { return sums_of(sums, {term}).extreme[sums.output]; }

BigNumber weight_of(const OutputSums& sums) {
    if (sums.state.weighted) return sum_of(sums, {Term::sample_weight});
    return big_number(sums.state.counts[sums.output].pairs);
}

namespace {

// How far a sum of squares may be from the truth, as a share of it.
constexpr int exact_to_two_words = -99;  // weighted errors, whose terms have no more
constexpr int exact_to_compensation = -80;
constexpr int exact_to_a_tree = -44;

// Moments without weights lose nothing.
bool are_exact(const OutputSums& sums) { return sums.state.summation == Summation::exact && !sums.state.weighted; }

BigNumber rounding_of(const OutputSums& sums, Term squares, const BigNumber& size) {
    const bool is_of_error = squares == Term::squared_error;
    if (sums.state.summation == Summation::pairwise && is_of_error) return scaled(size, exact_to_a_tree);
    if (sums.state.summation != Summation::exact) return scaled(size, exact_to_compensation);
    // The long integer ends where bits of a weighted term may go on: a million times what it may have cut off.
    const BigNumber cut =
        scaled(weight_of(sums) * big_number(sums.state.counts[sums.output].pairs), ExactSum::unit_exponent + 20);
    return is_of_error ? absolute(cut) + scaled(size, exact_to_two_words) : absolute(cut);
}

// What rounding may have left of nothing is nothing: only then is a constant recognised.
BigNumber spread(const OutputSums& sums, Term term, const BigNumber& weight, const BigNumber& squares,
                 const BigNumber& sum) {
    const BigNumber size = weight * squares;
    BigNumber rest = size - sum * sum;
    if (!are_exact(sums) && absolute(rest) < rounding_of(sums, term, absolute(size))) rest = {};
    return rest;
}

BigNumber spread(const OutputSums& sums, Term squares, Term values) {
    return spread(sums, squares, weight_of(sums), sum_of(sums, {squares}), sum_of(sums, {values}));
}

BigNumber joint_spread(const OutputSums& sums, const JointMoments& moments) {
    const bool is_constant = is_zero(moments.spread_of_truth) || is_zero(moments.spread_of_prediction);
    if (is_constant) return {};
    BigNumber products = moments.squared_truth + moments.squared_prediction - sum_of(sums, {Term::squared_error});
    --products.exponent;
    return moments.weight * products - moments.truth * moments.prediction;
}

}  // namespace

BigNumber spread_of_truth(const OutputSums& sums) { return spread(sums, Term::squared_truth, Term::truth); }
BigNumber spread_of_error(const OutputSums& sums) { return spread(sums, Term::squared_error, Term::error); }

JointMoments::JointMoments(const OutputSums& sums)
    : weight(weight_of(sums)),
      truth(sum_of(sums, {Term::truth})),
      prediction(sum_of(sums, {Term::prediction})),
      squared_truth(sum_of(sums, {Term::squared_truth})),
      squared_prediction(sum_of(sums, {Term::squared_prediction})),
      spread_of_truth(spread(sums, Term::squared_truth, weight, squared_truth, truth)),
      spread_of_prediction(spread(sums, Term::squared_prediction, weight, squared_prediction, prediction)),
      joint_spread(squarely::joint_spread(sums, *this)) {}

namespace {

constexpr double log_of_two = 0x1.62e42fefa39efp-1;
constexpr double decibels = 0x1.15f2ced384f29p+2;  // 10 / log(10)

double log1p_of(double value) {
    double result;
    apply_elementary("log1p", &value, 0, 1, &result);
    return result;
}

// The power of two below which a number lies, or a few less.
int top_of(const BigNumber& number) { return number.exponent + 64 * number.limbs.size(); }

double logarithm_of_ratio(const BigNumber& numerator, const BigNumber& denominator) {
    const double ratio = nearest_ratio(numerator, denominator);
    // Near one, the rounding of the quotient would be most of its logarithm.
    if (0.5 < ratio && ratio < 2) return log1p_of(nearest_ratio(numerator - denominator, denominator));
    if (std::isnormal(ratio)) return logarithm_of(ratio);
    const int power = top_of(numerator) - top_of(denominator);
    const double rest = nearest_ratio(scaled(numerator, -power), denominator);
    return power * log_of_two + logarithm_of(rest);
}

BigNumber power_of_ten(int exponent) {
    BigNumber power = big_number(std::uint64_t{1});
    for (int i = 0; i < exponent; ++i) power = power * big_number(std::uint64_t{10});
    return power;
}

}  // namespace

double decibels_of_ratio(const BigNumber& numerator, const BigNumber& denominator) {
    const double logarithm = logarithm_of_ratio(numerator, denominator);
    if (!std::isfinite(logarithm)) return logarithm;
    // Whole decades are taken out exactly, and what is left is small beside them.
    const double decades = std::round(logarithm * decibels / 10);
    const BigNumber power = power_of_ten(static_cast<int>(std::abs(decades)));
    const double rest = decades < 0 ? logarithm_of_ratio(numerator * power, denominator)
                                    : logarithm_of_ratio(numerator, denominator * power);
    return 10 * decades + decibels * rest;
}

}  // namespace squarely
