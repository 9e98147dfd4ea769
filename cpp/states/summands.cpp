#include "states/summands.hpp"

#include <algorithm>
#include <tuple>

namespace squarely {
namespace {

constexpr const char* names[term_count] = {
    "squared_error",
    "error",
    "absolute_error",
    "truth",
    "squared_truth",
    "prediction",
    "squared_prediction",
    "sample_weight",
    "absolute_truth",
    "squared_underprediction",
    "huber_loss",
    "absolute_percentage_error",
    "symmetric_absolute_percentage_error",
    "squared_log_error",
    "log_cosh_loss",
    "tukey_loss",
    "poisson_deviance",
    "gamma_deviance",
    "tweedie_deviance",
    "truth_of_poisson_deviance",
    "truth_of_gamma_deviance",
    "truth_of_tweedie_deviance",
    "largest_error",
    "least_truth",
    "greatest_truth",
};

auto key(const Summand& summand) { return std::tuple(summand.term, summand.parameter); }

}  // namespace

const char* name_of(Term term) { return names[static_cast<int>(term)]; }

bool is_extreme(Term term) {
    return term == Term::largest_error || term == Term::least_truth || term == Term::greatest_truth;
}

bool is_moment(Term term) { return term <= Term::squared_prediction; }

bool may_be_no_number(Term term, bool weighted) { return (weighted || term >= Term::huber_loss) && !is_extreme(term); }

bool is_never_negative(Term term) {
    return term == Term::squared_error || term == Term::absolute_error || term == Term::squared_truth ||
           term == Term::squared_prediction || term == Term::absolute_truth || term == Term::squared_underprediction;
}

bool is_kept_whole(Term term) { return term == Term::squared_truth || term == Term::squared_prediction; }

std::vector<Summand> in_order(std::vector<Summand> summands) {
    std::sort(summands.begin(), summands.end(), [](const auto& a, const auto& b) { return key(a) < key(b); });
    summands.erase(std::unique(summands.begin(), summands.end()), summands.end());
    return summands;
}

}  // namespace squarely
