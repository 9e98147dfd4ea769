// The byte form of a state.
#include "states/possible.hpp"
#include "states/state.hpp"
#include "states/summands.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace squarely {
namespace {

constexpr std::size_t counts_size = 8 * std::size(counts_of_every_output);

void append_counts(std::vector<unsigned char>& bytes, const PairCounts& counts) {
    for (auto count : counts_of_every_output) append(bytes, counts.*count, 8);
    if (counts.infinite == 0) return;
    for (auto count : counts_of_infinite_pairs) append(bytes, counts.*count, 8);
}

void append_output(std::vector<unsigned char>& bytes, const Sums& sums, std::size_t output) {
    if (!sums.exact.empty()) append_bytes(limbs_of(sums.exact[output]), bytes);
    if (!sums.extreme.empty()) {
        append(bytes, sums.extreme[output].nearest);
        append(bytes, sums.extreme[output].rest);
    }
    if (!sums.rounded.empty()) {
        append(bytes, sums.rounded[output].high);
        append(bytes, sums.rounded[output].low);
    }
    if (!sums.counted.empty()) {
        append(bytes, sums.counted[output].outside, 8);
        append(bytes, sums.counted[output].infinite, 8);
    }
    if (!sums.by_size.empty()) append_bytes(sums.by_size[output], bytes);
}

PairCounts read_counts(ByteReader& reader, ByteForm form) {
    PairCounts counts;
    for (auto count : counts_of_every_output) counts.*count = read_number(reader, 8);
    if (counts.infinite == 0 || form == ByteForm::version_2) return counts;
    for (auto count : counts_of_infinite_pairs) counts.*count = read_number(reader, 8);
    return counts;
}

// False where what follows is no sum.
bool read_output(ByteReader& reader, Sums& sums, std::size_t output, ByteForm form) {
    if (!sums.exact.empty()) {
        ExactSum sum;
        const unsigned char* next = read_bytes(sum, reader.next, reader.last);
        if (next == nullptr) return false;
        merge(sums.exact[output], sum);
        reader.next = next;
    }
    if (!sums.extreme.empty()) {
        sums.extreme[output].nearest = read_double(reader);
        if (form == ByteForm::version_3) sums.extreme[output].rest = read_double(reader);
    }
    if (!sums.rounded.empty()) {
        sums.rounded[output].high = read_double(reader);
        sums.rounded[output].low = read_double(reader);
    }
    if (!sums.counted.empty()) {
        sums.counted[output].outside = read_number(reader, 8);
        sums.counted[output].infinite = read_number(reader, 8);
    }
    return sums.by_size.empty() || read_bytes(sums.by_size[output], reader);
}

std::vector<Summand> read_summands(ByteReader& reader, std::size_t number, bool weighted) {
    std::vector<Summand> summands;
    for (std::size_t i = 0; i < number; ++i) {
        const auto term = static_cast<int>(read_number(reader, 1));
        const double parameter = read_double(reader);
        const bool is_known = term < term_count && std::isfinite(parameter);
        if (!is_known || (static_cast<Term>(term) == Term::sample_weight && !weighted)) {
            throw Refused(Reason::bytes_of_other_sums);
        }
        summands.push_back({static_cast<Term>(term), parameter});
    }
    return summands;
}

// What an output takes at least, where all sums are zero.
std::size_t least_size_of_output(const State& state, ByteForm form) {
    std::size_t size = counts_size;
    for (const Sums& sums : state.sums) {
        if (is_by_size(sums.summand.term)) {
            size += 1;
            continue;
        }
        const bool is_exact = state.summation == Summation::exact && !is_extreme(sums.summand.term);
        size += is_exact ? 3 : form == ByteForm::version_2 && is_extreme(sums.summand.term) ? 8 : 16;
        if (may_be_no_number(sums.summand.term, state.weighted)) size += 16;
    }
    return size;
}

// A state of so many outputs, before memory is asked for: a wrong number must not ask for all of it.
State state_of_outputs(const State& kind, std::uint64_t outputs, const ByteReader& reader, ByteForm form) {
    const auto left = static_cast<std::size_t>(reader.last - reader.next);
    if (outputs == 0 || outputs > left / least_size_of_output(kind, form)) throw Refused(Reason::bytes_outputs);
    return empty_like(kind, outputs);
}

// To the bit: of two zeros one, here too.
bool have_same_summands(const State& state, const std::vector<Summand>& summands) {
    return std::equal(state.sums.begin(), state.sums.end(), summands.begin(), summands.end(),
                      [](const Sums& sums, const Summand& summand) {
                          return sums.summand == summand &&
                                 std::signbit(sums.summand.parameter) == std::signbit(summand.parameter);
                      });
}

void read_outputs(State& state, ByteReader& reader, ByteForm form) {
    for (std::size_t i = 0; i < state.counts.size(); ++i) {
        const PairCounts counts = read_counts(reader, form);
        state.counts.set(i, counts);
        bool possible = is_possible(counts);
        for (Sums& sums : state.sums) {
            possible = possible && read_output(reader, sums, i, form) && is_possible(state, sums, i);
        }
        if (!possible || !are_possible_together(state, i)) throw Refused(Reason::bytes_output, i);
    }
    if (reader.next != reader.last) throw Refused(Reason::bytes_go_on);
}

}  // namespace

void append_sums(const State& state, std::vector<unsigned char>& bytes) {
    append(bytes, state.sums.size(), 2);
    for (const Sums& sums : state.sums) {
        append(bytes, static_cast<std::uint64_t>(sums.summand.term), 1);
        append(bytes, sums.summand.parameter);
    }
    for (std::size_t i = 0; i < state.counts.size(); ++i) {
        append_counts(bytes, state.counts[i]);
        for (const Sums& sums : state.sums) append_output(bytes, sums, i);
    }
}

State read_sums(const State& kind, std::size_t outputs, ByteReader& reader, ByteForm form) {
    const std::vector<Summand> summands = read_summands(reader, read_number(reader, 2), kind.weighted);
    if (!have_same_summands(kind, summands)) throw Refused(Reason::bytes_of_other_sums);
    State state = state_of_outputs(kind, outputs, reader, form);
    read_outputs(state, reader, form);
    return state;
}

}  // namespace squarely
