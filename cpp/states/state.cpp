#include "states/state.hpp"

#include "machine/floating_point.hpp"
#include "states/possible.hpp"
#include "states/summands.hpp"
#include "sums/rounded_sums.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace squarely {
namespace {

bool are_alike(const Sums& sums, const Sums& other) { return sums.summand == other.summand; }

void check_same_kind(const State& state, const State& other) {
    if (!are_of_one_kind(state, other) || state.counts.size() != other.counts.size()) {
        throw Refused(Reason::sums_differ);
    }
}

bool contains(const PairCounts& counts, const PairCounts& other) {
    const auto has_no_less = [&](auto count) { return counts.*count >= other.*count; };
    return std::all_of(std::begin(counts_of_every_output), std::end(counts_of_every_output), has_no_less) &&
           std::all_of(std::begin(counts_of_infinite_pairs), std::end(counts_of_infinite_pairs), has_no_less);
}

PairCounts difference(const PairCounts& counts, const PairCounts& other) {
    PairCounts rest = counts;
    for (auto count : counts_of_every_output) rest.*count -= other.*count;
    for (auto count : counts_of_infinite_pairs) rest.*count -= other.*count;
    return rest;
}

void check_is_part(bool is_part, std::size_t output) {
    if (!is_part) throw Refused(Reason::not_a_part, output);
}

void check_can_subtract(const State& state) {
    for (const Sums& sums : state.sums) {
        if (!is_extreme(sums.summand.term)) continue;
        throw Refused(Reason::extreme_not_a_sum, 0, static_cast<std::uint64_t>(sums.summand.term));
    }
}

// Of ten thousand states none is in the cache, and each sum lies elsewhere: asked for together, they come four times
// sooner than one after another.
void prefetch(const State& state) {
    if (state.counts.size() != 1) return;
    for (const Sums& sums : state.sums) {
        if (!sums.exact.empty()) __builtin_prefetch(sums.exact.data());
    }
}

ExtremeValue extreme_of(Term term, ExtremeValue a, ExtremeValue b) {
    return facts_of(term).extreme == Extreme::least ? std::min(a, b) : std::max(a, b);
}

void add(TermCounts& counted, const TermCounts& more) {
    counted.outside += more.outside;
    counted.infinite += more.infinite;
}

void merge_output(Sums& sums, std::size_t output, const Sums& other, std::size_t from) {
    if (!other.exact.empty()) squarely::merge(sums.exact[output], limbs_of(other.exact[from]));
    if (!other.rounded.empty()) sums.rounded[output] = joined(sums.rounded[output], other.rounded[from]);
    if (!other.extreme.empty()) {
        sums.extreme[output] = extreme_of(sums.summand.term, sums.extreme[output], other.extreme[from]);
    }
    if (!other.counted.empty()) add(sums.counted[output], other.counted[from]);
}

void subtract(TermCounts& counted, const TermCounts& taken, std::size_t output) {
    check_is_part(counted.outside >= taken.outside && counted.infinite >= taken.infinite, output);
    counted = {counted.outside - taken.outside, counted.infinite - taken.infinite};
}

// What is left of a rounded sum where nothing, or nothing below zero, can be left: the roundings, which are dropped.
// More than they can be of terms that are never negative was never summed here.
RoundedSum without_roundings(RoundedSum rest, double whole, bool is_never_negative, std::size_t output) {
    check_is_part(!is_never_negative || std::fabs(rest.high) <= 0x1p-30 * whole, output);
    return {};
}

RoundedSum rounded_rest(const State& state, const Sums& sums, RoundedSum taken, std::size_t output) {
    const RoundedSum whole = sums.rounded[output];
    const RoundedSum rest = joined(whole, {-taken.high, -taken.low});
    const bool is_never_negative = must_not_be_negative(state, sums);
    const bool is_of_none = summed_pairs(state, sums, output) == 0;
    if (is_of_none && std::isnan(rest.high)) return {};
    check_is_part(!std::isnan(rest.high), output);  // of two that are beyond the largest double nothing is known
    if (!is_of_none && !(is_never_negative && rest.high < 0)) return rest;
    return without_roundings(rest, whole.high, is_never_negative, output);
}

// The counts of the state are those of the rest already.
void subtract(const State& state, Sums& sums, const Sums& other) {
    for (std::size_t i = 0; i < sums.counted.size(); ++i) subtract(sums.counted[i], other.counted[i], i);
    for (std::size_t i = 0; i < sums.exact.size(); ++i) squarely::subtract(sums.exact[i], limbs_of(other.exact[i]));
    for (std::size_t i = 0; i < sums.rounded.size(); ++i) {
        sums.rounded[i] = rounded_rest(state, sums, other.rounded[i], i);
    }
    if (is_extreme(sums.summand.term)) return;
    for (std::size_t i = 0; i < state.counts.size(); ++i) check_is_part(is_possible(state, sums, i), i);
}

State difference(const State& state, const State& other) {
    check_same_kind(state, other);
    State rest = state;
    for (std::size_t i = 0; i < rest.counts.size(); ++i) {
        check_is_part(contains(state.counts[i], other.counts[i]), i);
        rest.counts.set(i, difference(state.counts[i], other.counts[i]));
        check_is_part(is_possible(rest.counts[i]), i);
    }
    for (std::size_t i = 0; i < rest.sums.size(); ++i) subtract(rest, rest.sums[i], other.sums[i]);
    return rest;
}

// Calls visit(table, that of the other state) for each that has something of every output.
template <class Visit>
void for_each_table(State& state, const State& other, Visit visit) {
    const auto visit_used = [&](auto& all, const auto& others) {
        if (!others.empty()) visit(all, others);
    };
    for (std::size_t i = 0; i < state.sums.size(); ++i) {
        visit_used(state.sums[i].exact, other.sums[i].exact);
        visit_used(state.sums[i].rounded, other.sums[i].rounded);
        visit_used(state.sums[i].extreme, other.sums[i].extreme);
        visit_used(state.sums[i].counted, other.sums[i].counted);
    }
}

Sums make_sums(const Summand& summand, Summation summation, bool weighted, std::size_t outputs) {
    Sums sums{summand, {}, {}, {}, {}};
    if (is_extreme(summand.term)) {
        sums.extreme.resize(outputs, {facts_of(summand.term).first});
    } else if (summation == Summation::exact) {
        sums.exact.resize(outputs);
    } else {
        sums.rounded.resize(outputs);
    }
    if (may_be_no_number(summand.term, weighted)) sums.counted.resize(outputs);
    return sums;
}

}  // namespace

bool are_of_one_kind(const State& state, const State& other) {
    return state.summation == other.summation && state.weighted == other.weighted &&
           std::equal(state.sums.begin(), state.sums.end(), other.sums.begin(), other.sums.end(), are_alike);
}

State make_state(std::size_t outputs, Summation summation, std::vector<Summand> summands, bool weighted) {
    if (weighted) summands.push_back({Term::sample_weight});
    State state{summation, weighted, OutputCounts(outputs), {}};
    for (const Summand& summand : in_order(std::move(summands))) {
        state.sums.push_back(make_sums(summand, summation, weighted, outputs));
    }
    return state;
}

State empty_like(const State& state, std::size_t outputs) {
    State empty{state.summation, state.weighted, OutputCounts(outputs), {}};
    for (const Sums& sums : state.sums) {
        empty.sums.push_back(make_sums(sums.summand, state.summation, state.weighted, outputs));
    }
    return empty;
}

void resize_outputs(State& state, std::size_t outputs) {
    const State empty = empty_like(state, 1);
    state.counts.reserve(outputs);
    for_each_table(state, empty, [outputs](auto& all, const auto&) { reserve_to_grow(all, outputs); });
    // From here on nothing asks for memory.
    state.counts.resize(outputs);
    for_each_table(state, empty, [outputs](auto& all, const auto& one) { all.resize(outputs, one[0]); });
}

void set_output(State& state, std::size_t output, const State& other, std::size_t from) {
    state.counts.set(output, other.counts[from]);
    for_each_table(state, other, [=](auto& all, const auto& others) { all[output] = others[from]; });
}

State outputs_from(const State& state, std::size_t first, std::size_t count) {
    if (first > state.counts.size() || count > state.counts.size() - first) {
        throw Refused(Reason::outputs_differ);
    }
    const auto some = [&](const auto& all) {
        const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first);
        return all.empty() ? all : std::decay_t<decltype(all)>(begin, begin + static_cast<std::ptrdiff_t>(count));
    };
    State part{state.summation, state.weighted, state.counts.part(first, count), {}};
    for (const Sums& sums : state.sums) {
        part.sums.push_back(
            {sums.summand, some(sums.exact), some(sums.rounded), some(sums.extreme), some(sums.counted)});
    }
    return part;
}

State outputs_together(std::span<const State* const> parts) {
    State whole = *parts.front();
    const auto append = [](auto& all, const auto& more) { all.insert(all.end(), more.begin(), more.end()); };
    for (const State* part : parts.subspan(1)) {
        if (!are_of_one_kind(whole, *part)) throw Refused(Reason::sums_differ);
        whole.counts.append(part->counts);
        for (std::size_t i = 0; i < whole.sums.size(); ++i) {
            append(whole.sums[i].exact, part->sums[i].exact);
            append(whole.sums[i].rounded, part->sums[i].rounded);
            append(whole.sums[i].extreme, part->sums[i].extreme);
            append(whole.sums[i].counted, part->sums[i].counted);
        }
    }
    return whole;
}

void add_to_output(Sums& sums, std::size_t output, const SumOfOutput& more) {
    if (more.exact) merge(sums.exact[output], *more.exact);
    if (more.rounded != nullptr) sums.rounded[output] = *more.rounded;
    if (more.extreme) {
        sums.extreme[output] = extreme_of(sums.summand.term, sums.extreme[output], *more.extreme);
    }
    if (more.counted != nullptr) add(sums.counted[output], *more.counted);
}

const Sums* find(const State& state, const Summand& summand) {
    for (const Sums& sums : state.sums) {
        if (sums.summand == summand) return &sums;
    }
    return nullptr;
}

void merge(State& state, const State& other) {
    const FloatingPointEnvironment environment;
    prefetch(other);
    check_same_kind(state, other);
    for (std::size_t i = 0; i < state.counts.size(); ++i) check_room(state.counts[i], other.counts[i], i);
    merge_outputs(state, 0, other);
}

void merge_outputs(State& state, std::size_t first, const State& other) {
    const FloatingPointEnvironment environment;
    for (std::size_t i = 0; i < other.counts.size(); ++i) merge_output(state, first + i, other, i);
}

void merge_output(State& state, std::size_t output, const State& other, std::size_t from) {
    state.counts.add(output, other.counts[from]);
    for (std::size_t i = 0; i < state.sums.size(); ++i) merge_output(state.sums[i], output, other.sums[i], from);
}

void subtract(State& state, const State& other) {
    const FloatingPointEnvironment environment;
    check_same_kind(state, other);
    check_can_subtract(state);
    State rest = difference(state, other);
    for (std::size_t i = 0; i < rest.counts.size(); ++i) check_is_part(are_possible_together(rest, i), i);
    state = std::move(rest);
}

void subtract_sums(State& state, const State& other) {
    const FloatingPointEnvironment environment;
    state = difference(state, other);
}

}  // namespace squarely
