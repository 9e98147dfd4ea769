#include "sums/exact_terms.hpp"

#include "machine/elementary.hpp"

#include <algorithm>
#include <cmath>

namespace squarely {
namespace {

// The exact forms that the rows of tables/terms.def name.
namespace exact_forms {

BigNumber squared(const BigNumber& number) { return number * number; }

std::optional<BigNumber> squared_error(const BigNumber& y_true, const BigNumber& y_pred, double) {
    return squared(y_true - y_pred);
}
std::optional<BigNumber> error(const BigNumber& y_true, const BigNumber& y_pred, double) { return y_pred - y_true; }
std::optional<BigNumber> absolute_error(const BigNumber& y_true, const BigNumber& y_pred, double) {
    return absolute(y_true - y_pred);
}
std::optional<BigNumber> truth(const BigNumber& y_true, const BigNumber&, double) { return y_true; }
std::optional<BigNumber> squared_truth(const BigNumber& y_true, const BigNumber&, double) { return squared(y_true); }
std::optional<BigNumber> prediction(const BigNumber&, const BigNumber& y_pred, double) { return y_pred; }
std::optional<BigNumber> squared_prediction(const BigNumber&, const BigNumber& y_pred, double) {
    return squared(y_pred);
}
BigNumber one() { return big_number(std::uint64_t{1}); }
std::optional<BigNumber> one(const BigNumber&, const BigNumber&, double) { return one(); }
std::optional<BigNumber> absolute_truth(const BigNumber& y_true, const BigNumber&, double) { return absolute(y_true); }

std::optional<BigNumber> squared_underprediction(const BigNumber& y_true, const BigNumber& y_pred, double) {
    return y_pred < y_true ? squared(y_true - y_pred) : BigNumber{};
}

std::optional<BigNumber> huber_loss(const BigNumber& y_true, const BigNumber& y_pred, double delta) {
    const BigNumber size = absolute(y_true - y_pred);
    const BigNumber bound = big_number(delta);
    if (bound < size) return bound * (size - scaled(bound, -1));
    return scaled(squared(size), -1);
}

// Those below are rounded, of the exact difference.

std::optional<BigNumber> absolute_percentage_error(const BigNumber& y_true, const BigNumber& y_pred, double) {
    const BigNumber least = big_number(0x1p-52);  // as of doubles
    return big_number(nearest_ratio(absolute(y_true - y_pred), std::max(absolute(y_true), least)));
}

std::optional<BigNumber> symmetric_absolute_percentage_error(const BigNumber& y_true, const BigNumber& y_pred, double) {
    const BigNumber size = absolute(y_true) + absolute(y_pred);
    return big_number(nearest_ratio(scaled(absolute(y_true - y_pred), 1), size));
}

std::optional<BigNumber> squared_log_error(const BigNumber& y_true, const BigNumber& y_pred, double) {
    const BigNumber least = std::min(y_true, y_pred) + one();
    if (is_zero(least) || least.negative) return std::nullopt;
    const double ratio = nearest_ratio(absolute(y_true - y_pred), least);
    double logarithm;
    apply_elementary("log1p", &ratio, 0, 1, &logarithm);
    return squared(big_number(logarithm));
}

// 2 p^(2 - k) sum of binom(-k, i) r^(i + 2) / ((i + 1) (i + 2)) with r = (y - p) / p, of numbers close to each other:
// the difference of others is not lost where they are rounded.
std::optional<BigNumber> tweedie_deviance(const BigNumber& y_true, const BigNumber& y_pred, double power) {
    if (is_zero(y_pred) || y_pred.negative) return std::nullopt;
    const double ratio = nearest_ratio(y_true - y_pred, y_pred);
    if (std::fabs(ratio) * std::max(1.0, std::fabs(power)) > 0.25) return std::nullopt;
    double sum = 0;
    double coefficient = 1;
    for (int i = 0; std::fabs(coefficient) > 0x1p-60; ++i) {
        sum += coefficient / ((i + 1) * (i + 2));
        coefficient *= ratio * (-power - i) / (i + 1);
    }
    const double factor = 2 * power_of(nearest(y_pred), 2 - power) * ratio * sum;
    if (!std::isfinite(factor)) return std::nullopt;
    return big_number(factor) * big_number(ratio);
}

std::optional<BigNumber> poisson_deviance(const BigNumber& y_true, const BigNumber& y_pred, double) {
    return tweedie_deviance(y_true, y_pred, 1);
}

std::optional<BigNumber> gamma_deviance(const BigNumber& y_true, const BigNumber& y_pred, double) {
    return tweedie_deviance(y_true, y_pred, 2);
}

constexpr std::nullptr_t no_exact_form = nullptr;

}  // namespace exact_forms

using ExactForm = std::optional<BigNumber> (*)(const BigNumber& y_true, const BigNumber& y_pred, double parameter);

constexpr ExactForm forms[] = {
#define SQUARELY_TERM(name, number, kernel, exact_form, ...) exact_forms::exact_form,
#include "tables/terms.def"
#undef SQUARELY_TERM
};

// The kernels leave pairs to exact arithmetic that words do not hold.
static_assert(
    [] {
        for (int i = 0; i < term_count; ++i) {
            if (term_rows::facts[i].words > 1 && forms[i] == nullptr) return false;
        }
        return true;
    }(),
    "A term of several words needs an exact form: a function here, which its row names.");

}  // namespace

std::optional<BigNumber> exact_term(const Summand& summand, const BigNumber& y_true, const BigNumber& y_pred) {
    const ExactForm form = forms[static_cast<int>(summand.term)];
    return form == nullptr ? std::nullopt : form(y_true, y_pred, summand.parameter);
}

}  // namespace squarely
