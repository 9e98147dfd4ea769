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

void merge_others(Sums& sums, std::size_t output, const Sums& other, std::size_t from, bool is_first) {
    if (!other.rounded.empty()) {
        sums.rounded[output] = is_first ? other.rounded[from] : joined(sums.rounded[output], other.rounded[from]);
    }
    if (!other.extreme.empty()) {
        sums.extreme[output] = extreme_of(sums.summand.term, sums.extreme[output], other.extreme[from]);
    }
    if (!other.counted.empty()) add(sums.counted[output], other.counted[from]);
}

// From the last of so many to the first: each sum was what it then is again, and has room for it.
void take_back(Sums& sums, const Sums& other, const Places& places, std::size_t count) {
    while (count-- > 0) {
        if (!other.exact.empty()) squarely::subtract(sums.exact[places(count)], limbs_of(other.exact[count]));
        if (!other.by_size.empty()) squarely::subtract(sums.by_size[places(count)], other.by_size[count]);
    }
}

void take_back(State& state, const State& other, const Places& places, std::size_t summands) {
    while (summands-- > 0) take_back(state.sums[summands], other.sums[summands], places, other.counts.size());
}

void merge_exact(Sums& sums, const Sums& other, const Places& places, std::size_t outputs) {
    if (other.exact.empty() && other.by_size.empty()) return;
    std::size_t merged = 0;
    try {
        for (; merged < outputs; ++merged) {
            if (!other.exact.empty()) squarely::merge(sums.exact[places(merged)], limbs_of(other.exact[merged]));
            if (!other.by_size.empty()) squarely::merge(sums.by_size[places(merged)], other.by_size[merged]);
        }
    } catch (...) {
        take_back(sums, other, places, merged);
        throw;
    }
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
    for (std::size_t i = 0; i < sums.by_size.size(); ++i) {
        check_is_part(squarely::subtract(sums.by_size[i], other.by_size[i]), i);
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

Sums make_sums(const Summand& summand, Summation summation, bool weighted, std::size_t outputs) {
    Sums sums{summand, {}, {}, {}, {}, {}};
    if (is_extreme(summand.term)) {
        sums.extreme.resize(outputs, {facts_of(summand.term).first});
    } else if (is_by_size(summand.term)) {
        sums.by_size.resize(outputs);
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
    const auto for_each = [&](auto change) {
        for (Sums& sums : state.sums) {
            if (is_extreme(sums.summand.term)) {
                change(sums.extreme, ExtremeValue{facts_of(sums.summand.term).first});
            } else if (is_by_size(sums.summand.term)) {
                change(sums.by_size, SizeCounts());
            } else if (state.summation == Summation::exact) {
                change(sums.exact, CompactSum());
            } else {
                change(sums.rounded, RoundedSum());
            }
            if (may_be_no_number(sums.summand.term, state.weighted)) change(sums.counted, TermCounts());
        }
    };
    // Twice as much, as they come a few at a time. Afterwards nothing asks for memory.
    state.counts.reserve(outputs);
    for_each([outputs](auto& all, const auto&) {
        if (outputs > all.capacity()) all.reserve(std::max(outputs, 2 * all.capacity()));
    });
    state.counts.resize(outputs);
    for_each([outputs](auto& all, const auto& nothing) { all.resize(outputs, nothing); });
}

void set_output(State& state, std::size_t output, const State& other, std::size_t from) {
    state.counts.set(output, other.counts[from]);
    const auto set = [=](auto& all, const auto& others) {
        if (!others.empty()) all[output] = others[from];
    };
    for (std::size_t i = 0; i < state.sums.size(); ++i) {
        set(state.sums[i].exact, other.sums[i].exact);
        set(state.sums[i].rounded, other.sums[i].rounded);
        set(state.sums[i].extreme, other.sums[i].extreme);
        set(state.sums[i].counted, other.sums[i].counted);
        set(state.sums[i].by_size, other.sums[i].by_size);
    }
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
        part.sums.push_back({sums.summand, some(sums.exact), some(sums.rounded), some(sums.extreme), some(sums.counted),
                             some(sums.by_size)});
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
            append(whole.sums[i].by_size, part->sums[i].by_size);
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
    merge_outputs(state, other, {});
}

void merge_exact_sums(State& state, const State& other, const Places& places) {
    state.counts.make_room(other.counts);
    std::size_t merged = 0;
    try {
        for (; merged < state.sums.size(); ++merged) {
            merge_exact(state.sums[merged], other.sums[merged], places, other.counts.size());
        }
    } catch (...) {
        take_back(state, other, places, merged);
        throw;
    }
}

void take_exact_sums_back(State& state, const State& other, const Places& places) {
    take_back(state, other, places, state.sums.size());
}

void merge_the_rest(State& state, const State& other, const Places& places) {
    const FloatingPointEnvironment environment;
    for (std::size_t from = 0; from < other.counts.size(); ++from) {
        const std::size_t output = places(from);
        const bool is_first = places.are_set_first && rows_of(state.counts[output]) == 0;
        for (std::size_t i = 0; i < state.sums.size(); ++i) {
            merge_others(state.sums[i], output, other.sums[i], from, is_first);
        }
        state.counts.add(output, other.counts[from]);
    }
}

void merge_outputs(State& state, const State& other, const Places& places) {
    merge_exact_sums(state, other, places);
    merge_the_rest(state, other, places);
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
