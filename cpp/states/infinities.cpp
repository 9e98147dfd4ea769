#include "states/infinities.hpp"

#include "states/possible.hpp"

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

// Errors that are not all infinite on one side have an infinite variance.
bool do_errors_spread(const PairCounts& counts) {
    return finite_pairs(counts) > 0 || (!are_over(counts) && !are_under(counts));
}

// Of a share of what is under, and the rest of what is over.
double of_shares(const PairCounts& counts, double under) {
    const std::uint64_t none = under == 0   ? counts.low_pred + counts.high_true
                               : under == 1 ? counts.high_pred + counts.low_true
                                            : 0;
    return none > 0 && none == counts.infinite ? nan : infinity;
}

}  // namespace

double unknown(const OutputSums&, double) { return nan; }
double grows(const OutputSums&, double) { return infinity; }
double falls(const OutputSums&, double) { return -infinity; }

double grows_with_predictions(const OutputSums& sums, double) {
    return are_predictions_alone(sums.counts) ? infinity : nan;
}

// Of each pair alone: an infinite truth makes it one.
double of_percentage(const OutputSums& sums, double) {
    return sums.counts.high_pred + sums.counts.low_pred > 0 ? infinity : nan;
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

double of_explained_variance(const OutputSums& sums, double force_finite) {
    return do_errors_spread(sums.counts) ? of_variance_explained(sums, force_finite) : nan;
}

double of_residual_variance(const OutputSums& sums, double) { return do_errors_spread(sums.counts) ? infinity : nan; }

// Either the ratio of the means or that of the standard deviations grows, or both.
double of_kling_gupta(const OutputSums& sums, double) {
    const bool is_known = are_predictions_alone(sums.counts) && do_errors_spread(sums.counts);
    return is_known && !is_zero(spread_of_truth(sums)) ? -infinity : nan;
}

// The sign of the mean of the truth is not known.
double of_normalized_root(const OutputSums& sums, double normalization) {
    return normalization == 1 ? nan : grows_with_predictions(sums, normalization);
}

// Beyond a power of two a large prediction costs no more than so much.
double of_deviance(const OutputSums& sums, double power) {
    const PairCounts& counts = sums.counts;
    const bool is_bounded = power > 2 && are_predictions_alone(counts);
    return is_bounded ? nan : infinity;
}

double of_deviance_explained(const OutputSums& sums, double power) {
    if (power == 0) return of_variance_explained(sums, 1);
    const bool is_known = power <= 2 && are_predictions_alone(sums.counts) && !is_zero(spread_of_truth(sums));
    return is_known ? -infinity : nan;
}

}  // namespace squarely::infinities
