#include "states/formulas.hpp"

#include "machine/elementary.hpp"
#include "states/possible.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace squarely {
namespace {

template <class Kind>
const Kind* one_of(const std::vector<Kind>& outputs, std::size_t output) {
    return outputs.empty() ? nullptr : &outputs[output];
}

void append(OutputSums& sums, const State& state, std::size_t output, const Summand& summand) {
    const Sums& own = *find(state, summand);
    append(sums, {summand, own.exact.empty() ? std::nullopt : std::optional(limbs_of(own.exact[output])),
                  one_of(own.rounded, output), own.extreme.empty() ? std::nullopt : std::optional(own.extreme[output]),
                  one_of(own.counted, output), one_of(own.by_size, output)});
}

}  // namespace

void append(OutputSums& sums, const SumOfOutput& sum) { sums.sums[sums.number++] = sum; }

OutputSums sums_of_output(const State& state, std::size_t output, const SummandList& summands) {
    OutputSums sums(state.summation, state.weighted, state.counts[output]);
    for (const Summand& summand : summands) append(sums, state, output, summand);
    if (state.weighted) append(sums, state, output, {Term::sample_weight});
    return sums;
}

void refer_to(OutputSums& sums, const State& state, std::size_t output) {
    sums.counts = state.counts[output];
    for (int i = 0; i < sums.number; ++i) {
        SumOfOutput& sum = sums.sums[i];
        const Sums& own = *find(state, sum.summand);
        if (sum.exact) sum.exact = limbs_of(own.exact[output]);
        if (sum.rounded != nullptr) sum.rounded = &own.rounded[output];
        if (sum.extreme) sum.extreme = own.extreme[output];
        if (sum.counted != nullptr) sum.counted = &own.counted[output];
        if (sum.by_size != nullptr) sum.by_size = &own.by_size[output];
    }
}

const SumOfOutput& find(const OutputSums& sums, const Summand& summand) {
    int i = 0;
    while (sums.sums[i].summand != summand) ++i;
    return sums.sums[i];
}

bool may_be_special(const OutputSums& sums) {
    return std::any_of(sums.sums, sums.sums + sums.number,
                       [](const SumOfOutput& sum) { return sum.counted != nullptr || sum.rounded != nullptr; });
}

double special_value(const OutputSums& sums, const Summand& summand) {
    const SumOfOutput& own = find(sums, summand);
    const TermCounts counted = own.counted == nullptr ? TermCounts{} : *own.counted;
    if (counted.outside > 0) return std::numeric_limits<double>::quiet_NaN();
    const bool overflowed = own.rounded != nullptr && !std::isfinite(own.rounded->high);
    return counted.infinite > 0 || overflowed ? std::numeric_limits<double>::infinity() : 0.0;
}

bool is_finite(const OutputSums& sums, const Summand& summand) { return special_value(sums, summand) == 0.0; }

BigNumber sum_of(const OutputSums& sums, const Summand& summand) {
    const SumOfOutput& own = find(sums, summand);
    if (own.exact) return big_number(*own.exact);
    return big_number(own.rounded->high) + big_number(own.rounded->low);
}

ExtremeValue extreme_of(const OutputSums& sums, Term term) { return *find(sums, {term}).extreme; }

BigNumber weight_of(const OutputSums& sums) {
    if (sums.weighted) return sum_of(sums, {Term::sample_weight});
    return big_number(finite_pairs(sums.counts));
}

namespace {

// How far a sum of squares may be from the truth, as a share of it.
constexpr int exact_to_compensation = -80;
constexpr int exact_to_a_tree = -44;

// Moments without weights lose nothing.
bool are_exact(const OutputSums& sums) { return sums.summation == Summation::exact && !sums.weighted; }

BigNumber rounding_of(const OutputSums& sums, Term squares, const BigNumber& size) {
    const bool is_of_error = squares == Term::squared_error;
    if (sums.summation == Summation::pairwise && is_of_error) return scaled(size, exact_to_a_tree);
    if (sums.summation != Summation::exact) return scaled(size, exact_to_compensation);
    // The long integer ends where bits of the square of a subnormal number times a weight may go on: all it may have
    // cut.
    return absolute(scaled(weight_of(sums) * big_number(sums.counts.pairs), ExactSum::unit_exponent));
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
