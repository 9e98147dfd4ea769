// The sums of one output as exact numbers, under short names: what the formulas of the metrics are written in.
#pragma once

#include "numbers/big_number.hpp"
#include "states/state.hpp"

namespace squarely {

// Only refers to sums, which a state has, or a pass that has just ended. Of what one metric sums, and of the weights.
struct OutputSums {
    OutputSums(Summation way, bool is_weighted, const PairCounts& counted)
        : summation(way), weighted(is_weighted), counts(counted) {}

    Summation summation;
    bool weighted;
    PairCounts counts;
    int number = 0;
    SumOfOutput sums[SummandList::most + 1];  // so many of them are set
};

OutputSums sums_of_output(const State& state, std::size_t output, const SummandList& summands);

// Those of another output of the state, in the place of what sums_of_output told of one.
void refer_to(OutputSums& sums, const State& state, std::size_t output);

void append(OutputSums& sums, const SumOfOutput& sum);

// Of one of these summands.
const SumOfOutput& find(const OutputSums& sums, const Summand& summand);

// Whether some sum may be no finite number: most are exact, of terms that always are numbers.
bool may_be_special(const OutputSums& sums);

// Not a finite number where some term was none, or where a rounding sum has overflowed.
bool is_finite(const OutputSums& sums, const Summand& summand);
double special_value(const OutputSums& sums, const Summand& summand);  // then: NaN or infinity

BigNumber sum_of(const OutputSums& sums, const Summand& summand);
ExtremeValue extreme_of(const OutputSums& sums, Term term);

// The number of finite pairs, or the sum of their weights: of those that the sums are of.
BigNumber weight_of(const OutputSums& sums);

// n Σx² - (Σx)², which is n² times the variance: of the truth, and of the errors.
BigNumber spread_of_truth(const OutputSums& sums);
BigNumber spread_of_error(const OutputSums& sums);

// What correlations are made of, together: reading a long integer costs as much as any arithmetic with it.
struct JointMoments {
    explicit JointMoments(const OutputSums& sums);

    BigNumber weight;
    BigNumber truth;
    BigNumber prediction;
    BigNumber squared_truth;
    BigNumber squared_prediction;
    BigNumber spread_of_truth;
    BigNumber spread_of_prediction;
    BigNumber joint_spread;  // n Σyp - Σy Σp, by 2 Σyp = Σy² + Σp² - Σ(y - p)²
};

// 10 log10(numerator / denominator), also where the quotient is near one or beyond all doubles. NaN where it is
// negative. Neither is zero.
double decibels_of_ratio(const BigNumber& numerator, const BigNumber& denominator);

}  // namespace squarely
