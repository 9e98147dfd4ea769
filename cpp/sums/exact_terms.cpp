#include "sums/exact_terms.hpp"

namespace squarely {
namespace {

// The exact forms that the rows of tables/terms.def name.
namespace exact_forms {

BigNumber squared(const BigNumber& number) { return number * number; }

BigNumber squared_error(const BigNumber& y_true, const BigNumber& y_pred, double) { return squared(y_true - y_pred); }
BigNumber error(const BigNumber& y_true, const BigNumber& y_pred, double) { return y_pred - y_true; }
BigNumber absolute_error(const BigNumber& y_true, const BigNumber& y_pred, double) { return absolute(y_true - y_pred); }
BigNumber truth(const BigNumber& y_true, const BigNumber&, double) { return y_true; }
BigNumber squared_truth(const BigNumber& y_true, const BigNumber&, double) { return squared(y_true); }
BigNumber prediction(const BigNumber&, const BigNumber& y_pred, double) { return y_pred; }
BigNumber squared_prediction(const BigNumber&, const BigNumber& y_pred, double) { return squared(y_pred); }
BigNumber one(const BigNumber&, const BigNumber&, double) { return big_number(std::uint64_t{1}); }
BigNumber absolute_truth(const BigNumber& y_true, const BigNumber&, double) { return absolute(y_true); }

BigNumber squared_underprediction(const BigNumber& y_true, const BigNumber& y_pred, double) {
    return y_pred < y_true ? squared(y_true - y_pred) : BigNumber{};
}

BigNumber huber_loss(const BigNumber& y_true, const BigNumber& y_pred, double delta) {
    const BigNumber size = absolute(y_true - y_pred);
    const BigNumber bound = big_number(delta);
    if (bound < size) return bound * (size - scaled(bound, -1));
    return scaled(squared(size), -1);
}

constexpr std::nullptr_t no_exact_form = nullptr;

}  // namespace exact_forms

using ExactForm = BigNumber (*)(const BigNumber& y_true, const BigNumber& y_pred, double parameter);

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

bool has_exact_term(Term term) { return forms[static_cast<int>(term)] != nullptr; }

BigNumber exact_term(const Summand& summand, const BigNumber& y_true, const BigNumber& y_pred) {
    return forms[static_cast<int>(summand.term)](y_true, y_pred, summand.parameter);
}

}  // namespace squarely
