#include "squarely/state.hpp"

#include "checksum.hpp"
#include "floating_point.hpp"
#include "rounded_squares.hpp"

#include <bit>
#include <cmath>
#include <stdexcept>
#include <string>

namespace squarely {
namespace {

constexpr unsigned char magic[4] = {'s', 'q', 's', 't'};
constexpr unsigned char version = 1;
constexpr std::size_t header_size = 4 + 1 + 1 + 8;
constexpr std::size_t checksum_size = 4;
constexpr std::size_t counts_size = 6 * 8;
constexpr std::size_t smallest_output_size = counts_size + 3;

const char* name_of(Summation summation) {
    switch (summation) {
        case Summation::exact: return "exact";
        case Summation::kahan: return "kahan";
        case Summation::pairwise: return "pairwise";
    }
    return "unknown";
}

std::string described(const State& state) {
    return std::to_string(state.counts.size()) + " output(s) with summation='" + name_of(state.summation) + "'";
}

void check_same_kind(const State& state, const State& other) {
    if (state.summation == other.summation && state.counts.size() == other.counts.size()) return;
    throw std::invalid_argument("The states do not match: this one has " + described(state) + ", the other " +
                                described(other) + ".");
}

bool contains(const PairCounts& counts, const PairCounts& other) {
    return counts.pairs >= other.pairs && counts.infinite >= other.infinite && counts.undefined >= other.undefined &&
           counts.missing_true >= other.missing_true && counts.missing_pred >= other.missing_pred &&
           counts.masked >= other.masked;
}

// Beyond it the proofs about the long integer end, and so do the counts of every caller's language.
constexpr std::uint64_t most_rows = INT64_MAX;

std::uint64_t rows_of(const PairCounts& counts) {
    return counts.pairs + counts.missing_true + counts.missing_pred + counts.masked;
}

void check_room(const PairCounts& counts, const PairCounts& more, std::size_t output) {
    if (rows_of(counts) <= most_rows - rows_of(more)) return;
    throw std::invalid_argument("Output " + std::to_string(output) + " would have seen more than 2^63 - 1 rows.");
}

bool is_possible(const PairCounts& counts) {
    // One after the other, because their sum could wrap.
    std::uint64_t room = most_rows;
    for (std::uint64_t count : {counts.pairs, counts.missing_true, counts.missing_pred, counts.masked}) {
        if (count > room) return false;
        room -= count;
    }
    return counts.infinite <= counts.pairs && counts.undefined <= counts.pairs - counts.infinite;
}

PairCounts difference(const PairCounts& counts, const PairCounts& other) {
    return {counts.pairs - other.pairs,
            counts.infinite - other.infinite,
            counts.undefined - other.undefined,
            counts.missing_true - other.missing_true,
            counts.missing_pred - other.missing_pred,
            counts.masked - other.masked};
}

void check_is_part(bool is_part, std::size_t output) {
    if (is_part) return;
    throw std::invalid_argument(
        "The other state is no part of this one (output " + std::to_string(output) +
        " would be left with a negative count or sum). Subtract only what was merged or updated before.");
}

void append(std::vector<unsigned char>& bytes, std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes.push_back(static_cast<unsigned char>(value >> (8 * i)));
}

std::uint64_t read(const unsigned char* first, int size) {
    std::uint64_t value = 0;
    for (int i = 0; i < size; ++i) value |= std::uint64_t{first[i]} << (8 * i);
    return value;
}

void append_counts(std::vector<unsigned char>& bytes, const PairCounts& counts) {
    for (std::uint64_t count :
         {counts.pairs, counts.infinite, counts.undefined, counts.missing_true, counts.missing_pred, counts.masked}) {
        append(bytes, count, 8);
    }
}

PairCounts read_counts(const unsigned char* first) {
    return {read(first, 8),      read(first + 8, 8),  read(first + 16, 8),
            read(first + 24, 8), read(first + 32, 8), read(first + 40, 8)};
}

[[noreturn]] void refuse(const std::string& what) {
    throw std::invalid_argument("These bytes are no squarely state: " + what + ".");
}

const unsigned char* read_sum(State& state, std::size_t output, const unsigned char* first, const unsigned char* last) {
    if (state.summation == Summation::exact) return read_bytes(state.squared_error[output], first, last);
    if (last - first < 16) return nullptr;
    state.rounded_squared_error[output] = {std::bit_cast<double>(read(first, 8)),
                                           std::bit_cast<double>(read(first + 8, 8))};
    return first + 16;
}

void check_frame(std::span<const unsigned char> bytes) {
    if (bytes.size() < header_size + checksum_size)
        refuse("there are only " + std::to_string(bytes.size()) + " of them");
    if (!std::equal(std::begin(magic), std::end(magic), bytes.begin())) refuse("they do not start with 'sqst'");
    if (bytes[4] != version) {
        refuse("they have version " + std::to_string(bytes[4]) + ", and this squarely reads version " +
               std::to_string(version));
    }
    const std::size_t body = bytes.size() - checksum_size;
    if (read(bytes.data() + body, 4) != crc32(bytes.first(body)))
        refuse("the checksum does not match; they were cut or changed");
    if (bytes[5] > 2) refuse("the summation is unknown");
}

}  // namespace

void add(PairCounts& counts, const PairCounts& more) {
    counts.pairs += more.pairs;
    counts.infinite += more.infinite;
    counts.undefined += more.undefined;
    counts.missing_true += more.missing_true;
    counts.missing_pred += more.missing_pred;
    counts.masked += more.masked;
}

State make_state(std::size_t outputs, Summation summation) {
    State state{summation, std::vector<PairCounts>(outputs), {}, {}};
    if (summation == Summation::exact) {
        state.squared_error.resize(outputs);
    } else {
        state.rounded_squared_error.resize(outputs);
    }
    return state;
}

void merge(State& state, const State& other) {
    const FloatingPointEnvironment environment;
    check_same_kind(state, other);
    for (std::size_t i = 0; i < state.counts.size(); ++i) check_room(state.counts[i], other.counts[i], i);
    for (std::size_t i = 0; i < state.counts.size(); ++i) {
        add(state.counts[i], other.counts[i]);
        if (state.summation == Summation::exact) {
            merge(state.squared_error[i], other.squared_error[i]);
        } else {
            state.rounded_squared_error[i] = joined(state.rounded_squared_error[i], other.rounded_squared_error[i]);
        }
    }
}

void subtract(State& state, const State& other) {
    const FloatingPointEnvironment environment;
    check_same_kind(state, other);
    State rest = state;
    for (std::size_t i = 0; i < rest.counts.size(); ++i) {
        check_is_part(contains(state.counts[i], other.counts[i]), i);
        rest.counts[i] = difference(state.counts[i], other.counts[i]);
        if (rest.summation == Summation::exact) {
            subtract(rest.squared_error[i], other.squared_error[i]);
            check_is_part(!is_negative(rest.squared_error[i]), i);
        } else {
            const RoundedSum taken = other.rounded_squared_error[i];
            rest.rounded_squared_error[i] = joined(rest.rounded_squared_error[i], {-taken.high, -taken.low});
        }
    }
    state = std::move(rest);
}

std::vector<unsigned char> to_bytes(const State& state) {
    std::vector<unsigned char> bytes(std::begin(magic), std::end(magic));
    append(bytes, version, 1);
    append(bytes, static_cast<std::uint64_t>(state.summation), 1);
    append(bytes, state.counts.size(), 8);
    for (std::size_t i = 0; i < state.counts.size(); ++i) {
        append_counts(bytes, state.counts[i]);
        if (state.summation == Summation::exact) {
            append_bytes(state.squared_error[i], bytes);
        } else {
            append(bytes, std::bit_cast<std::uint64_t>(state.rounded_squared_error[i].high), 8);
            append(bytes, std::bit_cast<std::uint64_t>(state.rounded_squared_error[i].low), 8);
        }
    }
    append(bytes, crc32(bytes), 4);
    return bytes;
}

State from_bytes(std::span<const unsigned char> bytes) {
    check_frame(bytes);
    const std::uint64_t outputs = read(bytes.data() + 6, 8);
    const unsigned char* first = bytes.data() + header_size;
    const unsigned char* last = bytes.data() + bytes.size() - checksum_size;
    // Before memory is asked for: a wrong number must not ask for all of it.
    if (outputs > static_cast<std::uint64_t>(last - first) / smallest_output_size)
        refuse("the number of outputs does not fit their length");
    State state = make_state(outputs, static_cast<Summation>(bytes[5]));
    for (std::size_t i = 0; i < outputs; ++i) {
        if (last - first < static_cast<std::ptrdiff_t>(counts_size)) refuse("they end too early");
        state.counts[i] = read_counts(first);
        first = read_sum(state, i, first + counts_size, last);
        const bool is_sum =
            first != nullptr && (state.summation != Summation::exact || !is_negative(state.squared_error[i]));
        if (!is_sum || !is_possible(state.counts[i])) refuse("output " + std::to_string(i) + " is damaged");
    }
    if (first != last) refuse("they go on after the last output");
    return state;
}

}  // namespace squarely
