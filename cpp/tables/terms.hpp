// What is summed: the terms by name, and the facts of their rows in terms.def. Plain data: kernels see it too, so that
// no function of this header may be left to run time there.
#pragma once

#include <cstdint>
#include <limits>

namespace squarely {

enum class Term : std::uint8_t {
#define SQUARELY_TERM(name, number, ...) name = number,
#include "tables/terms.def"
#undef SQUARELY_TERM
};

// Of the loop over moments, which polynomials of truth and prediction that are neither weighed nor rounded come from.
enum class Part : std::uint8_t { none, square, error, truth, prediction };

enum class Extreme : std::uint8_t { none, largest, least };

// A number of a pair. The residual is y_true - y_pred, as the nearest double.
enum class Number : std::uint8_t { none, truth, prediction, residual };

// The size of a number is its exponent and so many bits of its significand below the leading one, which make an
// integer: the leading bits of the double, with its sign before them. Zeros of both signs have one size.
struct SizeAxis {
    Number number = Number::none;
    int bits = 0;
};

// Pairs that are counted by the sizes of one number, or of two together.
struct BySize {
    SizeAxis first;
    SizeAxis second;
};

struct TermFacts {
    const char* name = "";
    int words = 1;            // doubles whose sum it is: one that is rounded, or several, exactly
    bool is_rounded = false;  // though of two words: to 2^-102 of it
    Part part = Part::none;
    Extreme extreme = Extreme::none;
    double first = 0;  // the extreme of no pairs
    BySize by_size = {};
    const char* parameter = "";
    bool is_never_negative = false;  // whatever the data are, unless weights are negative
    bool is_subtracted = false;  // from another sum, as the metrics of variance do: pairwise sums are too rough for it
    bool is_of_difference = false;    // alone, whatever the numbers are
    bool is_always_a_number = false;  // never infinite, nor outside its domain, for two finite numbers
};

namespace term_rows {

constexpr double infinity = std::numeric_limits<double>::infinity();

constexpr TermFacts facts[] = {
#define SQUARELY_TERM(term, number, kernel, exact_form, ...) {.name = #term __VA_OPT__(, ) __VA_ARGS__},
#include "tables/terms.def"
#undef SQUARELY_TERM
};

constexpr int numbers[] = {
#define SQUARELY_TERM(name, number, ...) number,
#include "tables/terms.def"
#undef SQUARELY_TERM
};

}  // namespace term_rows

constexpr int term_count = sizeof(term_rows::facts) / sizeof(TermFacts);

static_assert(
    [] {
        for (int i = 0; i < term_count; ++i) {
            if (term_rows::numbers[i] != i) return false;
        }
        return true;
    }(),
    "The rows of terms.def stand in the order of their numbers, without a gap.");

// What tables of counts are made for: see size_window.hpp.
constexpr int most_size_bits = 7;
constexpr int most_size_bits_of_two[] = {6, 3};

static_assert(
    [] {
        for (const TermFacts& facts : term_rows::facts) {
            const SizeAxis& first = facts.by_size.first;
            const SizeAxis& second = facts.by_size.second;
            if (first.number == Number::none && second.number == Number::none) continue;
            const bool is_of_two = second.number != Number::none;
            if (facts.extreme != Extreme::none || first.number == Number::none) return false;
            if (is_of_two && (first.number == Number::residual || second.number != Number::residual)) return false;
            if (!is_of_two && first.number != Number::residual) return false;
            if (first.bits != (is_of_two ? most_size_bits_of_two[0] : most_size_bits)) return false;
            if (is_of_two && second.bits != most_size_bits_of_two[1]) return false;
        }
        return true;
    }(),
    "Counts are of the residual by seven bits, or of truth or prediction by six and the residual by three.");

constexpr const TermFacts& facts_of(Term term) { return term_rows::facts[static_cast<int>(term)]; }

constexpr bool is_extreme(Term term) { return facts_of(term).extreme != Extreme::none; }

constexpr bool is_by_size(Term term) { return facts_of(term).by_size.first.number != Number::none; }

constexpr bool is_summed(Term term) { return !is_extreme(term) && !is_by_size(term); }

// The square of a large number times a large weight may be none, too.
constexpr bool may_be_no_number(Term term, bool weighted) {
    return (weighted || !facts_of(term).is_always_a_number) && is_summed(term);
}

// Three words hold all but terms of numbers of very different sizes, which have a fourth.
constexpr int words_at_most(Term term) { return facts_of(term).words == 3 ? 4 : facts_of(term).words; }

// In how many words a term is summed where all of it fits the first ones: a word times a weight is two, exactly.
constexpr int words_to_sum(Term term, bool weighted) {
    const bool is_doubled = weighted && !facts_of(term).is_rounded;
    return facts_of(term).words * (is_doubled ? 2 : 1);
}

constexpr int most_words = [] {
    int most = 0;
    for (int i = 0; i < term_count; ++i) {
        const int words = 2 * words_at_most(static_cast<Term>(i));
        most = words > most ? words : most;
    }
    return most;
}();

}  // namespace squarely
