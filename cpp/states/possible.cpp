#include "states/possible.hpp"

#include "numbers/big_number.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <iterator>

namespace squarely {
namespace {

bool are_possible(const TermCounts& counted, std::uint64_t finite) {
    return counted.outside <= finite && counted.infinite <= finite - counted.outside;
}

bool is_plus_zero(double value) { return std::bit_cast<std::uint64_t>(value) == 0; }

bool is_possible_exact(const SumLimbs& sum, bool is_of_none, bool may_be_negative) {
    return is_of_none ? is_zero(sum) : may_be_negative || !is_negative(sum);
}

// The low part is what rounding the high one has left, some units of its last place at most.
bool is_possible_rounded(RoundedSum sum, bool is_of_none, bool may_be_negative) {
    if (is_of_none) return is_plus_zero(sum.high) && is_plus_zero(sum.low);
    if (std::isnan(sum.high) || !std::isfinite(sum.low)) return false;
    if (std::isinf(sum.high)) return sum.low == 0 && (may_be_negative || sum.high > 0);
    return std::fabs(sum.low) <= 0x1p-50 * std::fabs(sum.high) && (may_be_negative || sum.high >= 0);
}

// The rest of a 64-bit integer.
bool is_possible_rest(ExtremeValue value) {
    if (is_plus_zero(value.rest)) return true;
    return std::fabs(value.nearest) <= 0x1p64 && std::rint(value.rest) == value.rest && value.rest != 0 &&
           value.nearest + value.rest == value.nearest;
}

// A difference of two finite numbers may be beyond the largest double; a truth is one of them. Of two zeros one, so
// that equal states have equal bytes.
bool is_possible_extreme(Term term, ExtremeValue value, bool is_of_none) {
    const double first = facts_of(term).first;
    const double nearest = value.nearest;
    if (is_of_none) {
        return std::bit_cast<std::uint64_t>(nearest) == std::bit_cast<std::uint64_t>(first) && is_plus_zero(value.rest);
    }
    if (std::isnan(nearest) || (nearest == 0 && std::signbit(nearest))) return false;
    if (term == Term::largest_error) return nearest >= 0 && is_plus_zero(value.rest);
    return std::isfinite(nearest) && is_possible_rest(value);
}

const ExtremeValue* find_extreme(const State& state, Term term, std::size_t output) {
    const Sums* sums = find(state, {term});
    return sums == nullptr ? nullptr : &sums->extreme[output];
}

std::optional<SumLimbs> find_exact(const State& state, Term term, std::size_t output) {
    const Sums* sums = find(state, {term});
    return sums == nullptr ? std::nullopt : std::optional(limbs_of(sums->exact[output]));
}

bool are_possible_extremes(const State& state, std::size_t output) {
    const ExtremeValue* least = find_extreme(state, Term::least_truth, output);
    const ExtremeValue* greatest = find_extreme(state, Term::greatest_truth, output);
    if (least == nullptr || greatest == nullptr || finite_pairs(state.counts[output]) == 0) return true;
    return *least <= *greatest;
}

bool are_possible_counts(const State& state, std::size_t output) {
    for (const Sums& sums : state.sums) {
        for (const Sums* other = &sums + 1; other < state.sums.data() + state.sums.size(); ++other) {
            if (sums.by_size.empty() || other->by_size.empty()) continue;
            if (!are_possible_together(facts_of(sums.summand.term).by_size, sums.by_size[output],
                                       facts_of(other->summand.term).by_size, other->by_size[output])) {
                return false;
            }
        }
    }
    return true;
}

// No numbers are larger together than their squares allow (Cauchy and Schwarz).
struct SquaredTerm {
    Term term, squares;
};
constexpr SquaredTerm squared_terms[] = {{Term::error, Term::squared_error},
                                         {Term::absolute_error, Term::squared_error},
                                         {Term::truth, Term::squared_truth},
                                         {Term::prediction, Term::squared_prediction}};

// No number is larger than its magnitude, and no part than the whole.
struct PartOfTerm {
    Term part, whole;
};
constexpr PartOfTerm parts_of_terms[] = {{Term::error, Term::absolute_error},
                                         {Term::truth, Term::absolute_truth},
                                         {Term::squared_underprediction, Term::squared_error}};

bool is_within(const std::optional<SumLimbs>& values, const std::optional<SumLimbs>& squares, std::uint64_t pairs) {
    if (!values || !squares || is_zero(*values)) return true;
    const BigNumber sum = big_number(*values);
    return !(big_number(pairs) * big_number(*squares) < sum * sum);
}

bool is_part(const std::optional<SumLimbs>& part, const std::optional<SumLimbs>& whole) {
    if (!part || !whole) return true;
    return !(big_number(*whole) < absolute(big_number(*part)));
}

}  // namespace

bool is_possible(const PairCounts& counts) {
    // One after the other, because their sum could wrap.
    std::uint64_t room = INT64_MAX;
    for (std::uint64_t count : {counts.pairs, counts.missing_true, counts.missing_pred, counts.masked}) {
        if (count > room) return false;
        room -= count;
    }
    if (counts.infinite > counts.pairs || counts.undefined > counts.pairs - counts.infinite) return false;
    room = counts.infinite;  // those that version 2 counted are of no kind
    for (auto count : counts_of_infinite_pairs) {
        if (counts.*count > room) return false;
        room -= counts.*count;
    }
    return true;
}

bool is_possible(const State& state, const Sums& sums, std::size_t output) {
    const std::uint64_t finite = finite_pairs(state.counts[output]);
    if (!sums.counted.empty() && !are_possible(sums.counted[output], finite)) return false;
    if (!sums.by_size.empty()) {
        return are_possible(facts_of(sums.summand.term).by_size, sums.by_size[output], finite);
    }
    const bool is_of_none = summed_pairs(state, sums, output) == 0;
    const bool may_be_negative = !must_not_be_negative(state, sums);
    if (!sums.exact.empty()) return is_possible_exact(limbs_of(sums.exact[output]), is_of_none, may_be_negative);
    if (!sums.rounded.empty()) return is_possible_rounded(sums.rounded[output], is_of_none, may_be_negative);
    return is_possible_extreme(sums.summand.term, sums.extreme[output], is_of_none);
}

bool are_possible_together(const State& state, std::size_t output) {
    if (!are_possible_extremes(state, output) || !are_possible_counts(state, output)) return false;
    if (state.weighted || state.summation != Summation::exact) return true;
    const std::uint64_t pairs = finite_pairs(state.counts[output]);
    const auto sum_of = [&](Term term) { return find_exact(state, term, output); };
    return std::all_of(std::begin(squared_terms), std::end(squared_terms),
                       [&](const auto& one) { return is_within(sum_of(one.term), sum_of(one.squares), pairs); }) &&
           std::all_of(std::begin(parts_of_terms), std::end(parts_of_terms),
                       [&](const auto& one) { return is_part(sum_of(one.part), sum_of(one.whole)); });
}

std::uint64_t finite_pairs(const PairCounts& counts) { return counts.pairs - counts.infinite - counts.undefined; }

std::uint64_t summed_pairs(const State& state, const Sums& sums, std::size_t output) {
    const std::uint64_t finite = finite_pairs(state.counts[output]);
    if (sums.counted.empty()) return finite;
    return finite - sums.counted[output].outside - sums.counted[output].infinite;
}

bool must_not_be_negative(const State& state, const Sums& sums) {
    return !state.weighted && facts_of(sums.summand.term).is_never_negative;
}

}  // namespace squarely
