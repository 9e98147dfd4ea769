#include "sums/exact_terms.hpp"

#include <stdexcept>

namespace squarely {
namespace {

BigNumber squared(const BigNumber& number) { return number * number; }

BigNumber huber_loss(const BigNumber& size, double delta) {
    const BigNumber bound = big_number(delta);
    if (bound < size) return bound * (size - scaled(bound, -1));
    return scaled(squared(size), -1);
}

}  // namespace

bool has_exact_term(Term term) { return term <= Term::huber_loss; }

BigNumber exact_term(const Summand& summand, const BigNumber& y_true, const BigNumber& y_pred) {
    const BigNumber difference = y_true - y_pred;
    switch (summand.term) {
        case Term::squared_error: return squared(difference);
        case Term::error: return -BigNumber{difference};
        case Term::absolute_error: return absolute(difference);
        case Term::truth: return y_true;
        case Term::squared_truth: return squared(y_true);
        case Term::prediction: return y_pred;
        case Term::squared_prediction: return squared(y_pred);
        case Term::sample_weight: return big_number(std::uint64_t{1});
        case Term::absolute_truth: return absolute(y_true);
        case Term::squared_underprediction: return y_pred < y_true ? squared(difference) : BigNumber{};
        case Term::huber_loss: return huber_loss(absolute(difference), summand.parameter);
        default: throw std::logic_error("This term has no exact form.");
    }
}

}  // namespace squarely
