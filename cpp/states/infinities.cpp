#include "states/infinities.hpp"

#include <limits>

namespace squarely::infinities {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

// Of truths that are infinite a state of version 2 does not say so.
bool are_predictions_alone(const PairCounts& counts) {
    return counts.infinite > 0 && counts.high_pred + counts.low_pred == counts.infinite;
}

bool are_over(const PairCounts& counts) {
    return counts.infinite > 0 && counts.high_pred + counts.low_true == counts.infinite;
}

bool are_under(const PairCounts& counts) {
    return counts.infinite > 0 && counts.low_pred + counts.high_true == counts.infinite;
}

// Of a share of what is under, and the rest of what is over: none of infinity is no number.
double of_shares(const PairCounts& counts, double under) {
    if (under == 0) return are_over(counts) ? infinity : nan;
    if (under == 1) return are_under(counts) ? infinity : nan;
    return infinity;
}

}  // namespace

double unknown(const OutputSums&, double) { return nan; }
double grows(const OutputSums&, double) { return infinity; }
double falls(const OutputSums&, double) { return -infinity; }

double grows_with_predictions(const OutputSums& sums, double) {
    return are_predictions_alone(sums.counts) ? infinity : nan;
}

double of_error(const OutputSums& sums, double) {
    if (are_over(sums.counts)) return infinity;
    return are_under(sums.counts) ? -infinity : nan;
}

double of_squared_bias(const OutputSums& sums, double) {
    const bool has_two_signs = sums.counts.infinite > 0 && !are_over(sums.counts) && !are_under(sums.counts);
    return has_two_signs ? nan : infinity;
}

double of_pinball(const OutputSums& sums, double alpha) { return of_shares(sums.counts, alpha); }
double of_asymmetric(const OutputSums& sums, double tau) { return of_shares(sums.counts, tau); }

// Of the truths beside infinite predictions no sum knows: they may be all that varies, or may not.
double of_variance_explained(const OutputSums& sums, double force_finite) {
    if (!are_predictions_alone(sums.counts)) return nan;
    return force_finite == 0 || !is_zero(spread_of_truth(sums)) ? -infinity : nan;
}

// The sign of the mean of the truth is not known.
double of_normalized_root(const OutputSums& sums, double normalization) {
    return normalization == 1 ? nan : grows_with_predictions(sums, normalization);
}

// From a power of two on a large prediction costs no more than so much.
double of_deviance(const OutputSums& sums, double power) {
    const PairCounts& counts = sums.counts;
    if (power <= 2) return infinity;
    return counts.high_true + counts.low_true == counts.infinite ? infinity : nan;
}

double of_deviance_explained(const OutputSums& sums, double power) {
    if (power == 0) return of_variance_explained(sums, 1);
    const bool is_known = power <= 2 && are_predictions_alone(sums.counts) && !is_zero(spread_of_truth(sums));
    return is_known ? -infinity : nan;
}

}  // namespace squarely::infinities
