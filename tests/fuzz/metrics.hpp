// The metrics, each as it is defined, and whether a value is the double nearest to it.
#pragma once

#include "expected.hpp"
#include "nearest.hpp"

#include <cmath>
#include <cstring>

namespace fuzz {

enum class Verdict : std::uint8_t { right, wrong, not_known };

// Of one pass over the rows, formed once.
struct Totals {
    Integer weight, error, absolute_error, squared_error, truth_spread, error_spread;
    Counts counts;
    bool propagates = false;   // what is missing
    bool knows_values = true;  // no term beyond what is summed
    bool knows_squares = true;
    bool knows_spreads = true;  // of weighted rows: nothing is so near to zero that it is taken for zero
    double largest_error = 0;
    bool knows_largest_error = true;
};

inline Integer unit() { return shifted_left(Integer(1), -unit_exponent); }

// Weighted spreads below what the last place may have cut off are zero by definition.
inline bool is_far_from_last_place(const Integer& spread, const Integer& weight, std::uint64_t pairs) {
    if (spread.is_zero()) return true;
    const Integer cut_off = shifted_left(magnitude(weight) * Integer(pairs), -unit_exponent - 2148);
    return compare(magnitude(spread), shifted_left(cut_off, 1)) > 0;
}

inline Totals totals_of(const Expected& expected, bool is_weighted) {
    const Sums& sums = expected.sums;
    Totals totals;
    totals.counts = expected.counts;
    totals.weight = sums.weight.value();
    const Integer truth = sums.truth.value();
    totals.error = sums.prediction.value() - truth;
    totals.absolute_error = sums.absolute_error.value();
    const Integer product = sums.product.value();
    const Integer squared_truth = sums.squared_truth.value();
    totals.squared_error = squared_truth + sums.squared_prediction.value() - product - product;
    totals.truth_spread = totals.weight * squared_truth - truth * truth;
    totals.error_spread = totals.weight * totals.squared_error - totals.error * totals.error;
    totals.largest_error = expected.largest_error;
    totals.knows_largest_error = expected.knows_largest_error;
    if (is_weighted) {
        totals.knows_values = expected.reach.of_values < 1024;
        totals.knows_squares = expected.reach.of_squares < 1024 && expected.reach.last_of_squares >= -2148;
        totals.knows_spreads = totals.knows_squares;
        for (const Integer* spread : {&totals.truth_spread, &totals.error_spread}) {
            totals.knows_spreads &= is_far_from_last_place(*spread, totals.weight, totals.counts.pairs);
        }
    }
    return totals;
}

struct Found {
    squarely_status status;
    double value;
};

inline Verdict verdict(bool is_right) { return is_right ? Verdict::right : Verdict::wrong; }

inline bool has_no_value(const Found& found) { return found.status == SQUARELY_UNDEFINED && std::isnan(found.value); }

inline Verdict judge_quotient(Of of, const Integer& numerator, const Integer& denominator, const Found& found) {
    const bool is_undefined = denominator.is_zero() || (of == Of::root && numerator.sign() * denominator.sign() < 0);
    if (is_undefined) return verdict(has_no_value(found));
    return verdict(found.status == SQUARELY_OK && is_nearest(of, numerator, denominator, found.value));
}

// 1 - part / whole, and where the truth has no spread 1 for all that is explained and 0 for anything else.
inline Verdict judge_share(const Totals& totals, const Integer& part, const Found& found) {
    if (totals.counts.pairs < 2 || totals.weight.is_zero()) return verdict(has_no_value(found));
    if (!totals.truth_spread.is_zero()) {
        return judge_quotient(Of::quotient, totals.truth_spread - part, totals.truth_spread, found);
    }
    return verdict(found.status == SQUARELY_OK && found.value == (part.is_zero() ? 1.0 : 0.0));
}

constexpr const char* metric_names[] = {
    "mean_squared_error", "root_mean_squared_error",  "sum_squared_error", "mean_absolute_error", "mean_error",
    "r2_score",           "explained_variance_score", "max_error"};

inline Verdict judge_sums(const char* metric, const Totals& totals, const Found& found) {
    const auto is = [&](const char* name) { return std::strcmp(metric, name) == 0; };
    const bool is_of_values = is("mean_absolute_error") || is("mean_error");
    const bool is_of_spreads = is("r2_score") || is("explained_variance_score");
    const bool is_known = is_of_values    ? totals.knows_values
                          : is_of_spreads ? totals.knows_spreads
                                          : totals.knows_squares;
    if (!is_known) return Verdict::not_known;
    if (is("mean_squared_error")) return judge_quotient(Of::quotient, totals.squared_error, totals.weight, found);
    if (is("root_mean_squared_error")) return judge_quotient(Of::root, totals.squared_error, totals.weight, found);
    if (is("sum_squared_error")) return judge_quotient(Of::quotient, totals.squared_error, unit(), found);
    if (is("mean_absolute_error")) return judge_quotient(Of::quotient, totals.absolute_error, totals.weight, found);
    if (is("mean_error")) return judge_quotient(Of::quotient, totals.error, totals.weight, found);
    if (is("r2_score")) return judge_share(totals, totals.weight * totals.squared_error, found);
    return judge_share(totals, totals.error_spread, found);
}

inline Verdict judge(const char* metric, const Totals& totals, const Found& found) {
    const Counts& counts = totals.counts;
    if (totals.propagates && counts.missing_true + counts.missing_pred > 0) {
        return verdict(found.status == SQUARELY_OK && std::isnan(found.value));
    }
    if (counts.pairs == 0) return verdict(has_no_value(found));
    if (counts.finite() < counts.pairs) return Verdict::not_known;
    if (totals.weight.is_zero()) return verdict(has_no_value(found));
    if (std::strcmp(metric, "max_error") != 0) return judge_sums(metric, totals, found);
    if (!totals.knows_largest_error) return Verdict::not_known;
    return verdict(found.status == SQUARELY_OK && found.value == totals.largest_error);
}

}  // namespace fuzz
