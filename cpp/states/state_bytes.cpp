// The byte form of a state. Little-endian on every machine.
#include "accumulator/checksum.hpp"
#include "states/state.hpp"
#include "states/summands.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>
#include <string>

namespace squarely {
namespace {

constexpr unsigned char magic[4] = {'s', 'q', 's', 't'};
constexpr unsigned char version = 2;
constexpr std::size_t header_size = 4 + 1 + 1 + 1 + 8 + 2;
constexpr std::size_t summand_size = 1 + 8;
constexpr std::size_t checksum_size = 4;
constexpr std::size_t counts_size = 6 * 8;

using Bytes = std::vector<unsigned char>;

[[noreturn]] void refuse(const std::string& what) {
    throw std::invalid_argument("These bytes are no squarely state: " + what + ".");
}

void append(Bytes& bytes, std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes.push_back(static_cast<unsigned char>(value >> (8 * i)));
}

void append(Bytes& bytes, double value) { append(bytes, std::bit_cast<std::uint64_t>(value), 8); }

void append_counts(Bytes& bytes, const PairCounts& counts) {
    for (std::uint64_t count :
         {counts.pairs, counts.infinite, counts.undefined, counts.missing_true, counts.missing_pred, counts.masked}) {
        append(bytes, count, 8);
    }
}

void append_output(Bytes& bytes, const Sums& sums, std::size_t output) {
    if (!sums.exact.empty()) append_bytes(sums.exact[output], bytes);
    if (!sums.extreme.empty()) append(bytes, sums.extreme[output]);
    if (!sums.rounded.empty()) {
        append(bytes, sums.rounded[output].high);
        append(bytes, sums.rounded[output].low);
    }
    if (!sums.counted.empty()) {
        append(bytes, sums.counted[output].outside, 8);
        append(bytes, sums.counted[output].infinite, 8);
    }
}

// What is left to read.
struct Reader {
    const unsigned char* next;
    const unsigned char* last;
};

std::uint64_t read(Reader& reader, int size) {
    if (reader.last - reader.next < size) refuse("they end too early");
    std::uint64_t value = 0;
    for (int i = 0; i < size; ++i) value |= std::uint64_t{*reader.next++} << (8 * i);
    return value;
}

double read_double(Reader& reader) { return std::bit_cast<double>(read(reader, 8)); }

PairCounts read_counts(Reader& reader) {
    PairCounts counts;
    for (std::uint64_t* count : {&counts.pairs, &counts.infinite, &counts.undefined, &counts.missing_true,
                                 &counts.missing_pred, &counts.masked}) {
        *count = read(reader, 8);
    }
    return counts;
}

bool is_possible(const PairCounts& counts) {
    // One after the other, because their sum could wrap.
    std::uint64_t room = INT64_MAX;
    for (std::uint64_t count : {counts.pairs, counts.missing_true, counts.missing_pred, counts.masked}) {
        if (count > room) return false;
        room -= count;
    }
    return counts.infinite <= counts.pairs && counts.undefined <= counts.pairs - counts.infinite;
}

// Whether what follows is the sum of an output.
bool read_output(Reader& reader, const State& state, Sums& sums, std::size_t output) {
    const PairCounts& counts = state.counts[output];
    bool possible = true;
    if (!sums.exact.empty()) {
        const unsigned char* next = read_bytes(sums.exact[output], reader.next, reader.last);
        if (next == nullptr) return false;
        reader.next = next;
        const bool may_be_negative = state.weighted || !is_never_negative(sums.summand.term);
        possible = may_be_negative || !is_negative(sums.exact[output]);
    }
    if (!sums.extreme.empty()) {
        sums.extreme[output] = read_double(reader);
        const bool may_be_negative = sums.summand.term != Term::largest_error;
        possible = may_be_negative ? !std::isnan(sums.extreme[output]) : sums.extreme[output] >= 0;
    }
    if (!sums.rounded.empty()) {
        sums.rounded[output].high = read_double(reader);
        sums.rounded[output].low = read_double(reader);
        possible = !std::isnan(sums.rounded[output].high) && std::isfinite(sums.rounded[output].low);
    }
    if (!sums.counted.empty()) {
        TermCounts& counted = sums.counted[output];
        counted.outside = read(reader, 8);
        counted.infinite = read(reader, 8);
        possible &= counted.outside <= counts.pairs && counted.infinite <= counts.pairs - counted.outside;
    }
    return possible;
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
    Reader checksum{bytes.data() + body, bytes.data() + bytes.size()};
    if (read(checksum, 4) != crc32(bytes.first(body))) refuse("the checksum does not match; they were cut or changed");
    if (bytes[5] > 2) refuse("the summation is unknown");
    if (bytes[6] > 1) refuse("it is unknown whether they are weighted");
}

std::vector<Summand> read_summands(Reader& reader, std::size_t number, bool weighted) {
    std::vector<Summand> summands;
    for (std::size_t i = 0; i < number; ++i) {
        const auto term = static_cast<int>(read(reader, 1));
        if (term >= term_count) refuse("a summand in them is unknown to this squarely");
        const double parameter = read_double(reader);
        if (!std::isfinite(parameter)) refuse("a parameter in them is no finite number");
        if (static_cast<Term>(term) == Term::sample_weight && !weighted) refuse("they sum weights and have none");
        summands.push_back({static_cast<Term>(term), parameter});
    }
    return summands;
}

// Before memory is asked for: a wrong number must not ask for all of it.
void check_outputs(std::uint64_t outputs, const std::vector<Summand>& summands, std::size_t bytes) {
    if (outputs == 0 || outputs > bytes / (counts_size + 3 * summands.size()))
        refuse("the number of outputs does not fit their length");
}

bool have_same_summands(const State& state, const std::vector<Summand>& summands) {
    return std::equal(state.sums.begin(), state.sums.end(), summands.begin(), summands.end(),
                      [](const Sums& sums, const Summand& summand) { return sums.summand == summand; });
}

}  // namespace

std::vector<unsigned char> to_bytes(const State& state) {
    Bytes bytes(std::begin(magic), std::end(magic));
    append(bytes, version, 1);
    append(bytes, static_cast<std::uint64_t>(state.summation), 1);
    append(bytes, state.weighted ? 1 : 0, 1);
    append(bytes, state.counts.size(), 8);
    append(bytes, state.sums.size(), 2);
    for (const Sums& sums : state.sums) {
        append(bytes, static_cast<std::uint64_t>(sums.summand.term), 1);
        append(bytes, sums.summand.parameter);
    }
    for (std::size_t i = 0; i < state.counts.size(); ++i) {
        append_counts(bytes, state.counts[i]);
        for (const Sums& sums : state.sums) append_output(bytes, sums, i);
    }
    append(bytes, crc32(bytes), 4);
    return bytes;
}

State from_bytes(std::span<const unsigned char> bytes) {
    check_frame(bytes);
    Reader reader{bytes.data() + 5, bytes.data() + bytes.size() - checksum_size};
    const auto summation = static_cast<Summation>(read(reader, 1));
    const bool weighted = read(reader, 1) != 0;
    const std::uint64_t outputs = read(reader, 8);
    const std::vector<Summand> summands = read_summands(reader, read(reader, 2), weighted);
    if (summands.empty()) refuse("they sum nothing");
    check_outputs(outputs, summands, bytes.size());
    State state = make_state(outputs, summation, summands, weighted);
    if (!have_same_summands(state, summands)) refuse("their summands are out of order");
    for (std::size_t i = 0; i < state.counts.size(); ++i) {
        state.counts[i] = read_counts(reader);
        bool possible = is_possible(state.counts[i]);
        for (Sums& sums : state.sums) possible = possible && read_output(reader, state, sums, i);
        if (!possible) refuse("output " + std::to_string(i) + " is damaged");
    }
    if (reader.next != reader.last) refuse("they go on after the last output");
    return state;
}

}  // namespace squarely
