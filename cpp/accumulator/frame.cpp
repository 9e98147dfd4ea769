#include "accumulator/frame.hpp"

#include "accumulator/checksum.hpp"
#include "accumulator/sha256.hpp"
#include "accumulator/version_2.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace squarely {
namespace {

constexpr std::string_view magic = "sqac";
constexpr unsigned char version = 3;
constexpr std::size_t version_at = magic.size();
constexpr std::size_t body_at = version_at + 1;
constexpr std::size_t checksum_size = 4;

constexpr unsigned char is_complex = 1;
constexpr unsigned char is_weighted = 2;

using Bytes = std::vector<unsigned char>;

void append_configuration(Bytes& bytes, const Configuration& configuration, bool weighted) {
    append(bytes, static_cast<std::uint64_t>(configuration.nan_policy), 1);
    append(bytes, static_cast<std::uint64_t>(configuration.summation), 1);
    append(bytes, (configuration.complex_values ? is_complex : 0u) | (weighted ? is_weighted : 0u), 1);
    append(bytes, static_cast<std::uint64_t>(configuration.averaging), 1);
    append(bytes, configuration.output_weights.size(), 8);
    for (double weight : configuration.output_weights) append(bytes, weight);
    append(bytes, configuration.metrics.size(), 2);
    for (const AskedMetric& asked : configuration.metrics) {
        append(bytes, asked.metric->name.size(), 1);
        bytes.insert(bytes.end(), asked.metric->name.begin(), asked.metric->name.end());
        append(bytes, asked.parameter);
    }
}

template <class Choice>
Choice read_choice(ByteReader& reader, std::size_t count) {
    const std::uint64_t number = read_number(reader, 1);
    if (number >= count) throw Refused(Reason::bytes_configuration);
    return static_cast<Choice>(number);
}

// Before memory is asked for: a wrong number must not ask for all of it.
std::size_t read_length(ByteReader& reader, int size, std::size_t bytes_of_each) {
    const std::uint64_t length = read_number(reader, size);
    const auto left = static_cast<std::size_t>(reader.last - reader.next);
    if (length > left / bytes_of_each) throw Refused(Reason::bytes_cut);
    return static_cast<std::size_t>(length);
}

AskedMetric read_metric(ByteReader& reader) {
    const std::size_t length = read_length(reader, 1, 1);
    const std::string_view name{reinterpret_cast<const char*>(reader.next), length};
    reader.next += length;
    const double parameter = read_double(reader);
    if (parameter == 0 && std::signbit(parameter)) throw Refused(Reason::bytes_configuration);  // of two zeros one
    return checked_metric(name, parameter);
}

struct Header {
    Configuration configuration;
    bool weighted;
};

Header read_header(ByteReader& reader) {
    Header header{};
    Configuration& read = header.configuration;
    read.nan_policy = read_choice<NanPolicy>(reader, std::size(nan_policy_names));
    read.summation = read_choice<Summation>(reader, std::size(summation_names));
    const std::uint64_t flags = read_number(reader, 1);
    if (flags > (is_complex | is_weighted)) throw Refused(Reason::bytes_configuration);
    read.complex_values = (flags & is_complex) != 0;
    header.weighted = (flags & is_weighted) != 0;
    read.averaging = read_choice<Averaging>(reader, std::size(averaging_names) + 1);
    read.output_weights.resize(read_length(reader, 8, 8));
    for (double& weight : read.output_weights) weight = read_double(reader);
    const std::size_t metrics = read_length(reader, 2, 9);
    for (std::size_t i = 0; i < metrics; ++i) read.metrics.push_back(read_metric(reader));
    check_possible(read);
    if (header.weighted && !takes_weights(read)) throw Refused(Reason::bytes_configuration);
    return header;
}

Shape read_shape(ByteReader& reader) {
    Shape shape(read_length(reader, 1, 8));
    std::size_t outputs = 1;
    for (std::size_t& length : shape) {
        length = read_number(reader, 8);
        const auto left = static_cast<std::size_t>(reader.last - reader.next);
        if (length == 0 || length > left / outputs) throw Refused(Reason::bytes_outputs);
        outputs *= length;
    }
    return shape;
}

// What its own policy would have refused was never seen.
void check_let_through(const Accumulator& accumulator) {
    if (!accumulator.state) return;
    const OutputCounts& counts = accumulator.state->counts;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        if (!lets_through(accumulator.configuration->nan_policy, counts[i])) throw Refused(Reason::bytes_output, i);
    }
}

Accumulator read_version_3(std::span<const unsigned char> body) {
    ByteReader reader{body.data(), body.data() + body.size()};
    Header header = read_header(reader);
    Accumulator accumulator(std::make_shared<Configuration>(std::move(header.configuration)));
    accumulator.shape = read_shape(reader);
    if (accumulator.shape.empty()) {
        if (header.weighted) throw Refused(Reason::bytes_configuration);
        if (reader.next != reader.last) throw Refused(Reason::bytes_go_on);
        return accumulator;
    }
    const Configuration& configuration = *accumulator.configuration;
    const std::size_t outputs = outputs_of(accumulator.shape);
    const std::size_t weights = configuration.output_weights.size();
    if (weights > 0 && weights != outputs) throw Refused(Reason::bytes_outputs);
    accumulator.state = read_sums(empty_state(configuration, 1, header.weighted), outputs, reader);
    accumulator.has_seen = true;
    return accumulator;
}

}  // namespace

std::vector<unsigned char> to_bytes(Accumulator& accumulator) {
    const State* sums = sums_of(accumulator);
    Bytes bytes(magic.begin(), magic.end());
    append(bytes, version, 1);
    append_configuration(bytes, *accumulator.configuration, sums != nullptr && sums->weighted);
    append(bytes, sums == nullptr ? 0 : accumulator.shape.size(), 1);
    if (sums != nullptr) {
        for (std::size_t length : accumulator.shape) append(bytes, length, 8);
        append_sums(*sums, bytes);
    }
    append(bytes, crc32(bytes), 4);
    return bytes;
}

Accumulator from_bytes(std::span<const unsigned char> bytes) {
    const std::size_t shared = std::min(bytes.size(), magic.size());
    if (!std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(shared), magic.begin()) || shared == 0) {
        throw Refused(Reason::bytes_of_something_else);
    }
    if (bytes.size() < body_at + checksum_size) throw Refused(Reason::bytes_too_few, 0, bytes.size());
    const unsigned char found = bytes[version_at];
    if (found != version && found != 2) throw Refused(Reason::bytes_of_version, 0, found);
    const std::size_t end = bytes.size() - checksum_size;
    ByteReader checksum{bytes.data() + end, bytes.data() + bytes.size()};
    if (read_number(checksum, 4) != crc32(bytes.first(end))) throw Refused(Reason::bytes_changed);
    const auto body = bytes.subspan(body_at, end - body_at);
    Accumulator accumulator = found == version ? read_version_3(body) : read_version_2(body);
    if (accumulator.shape.size() > most_dimensions) throw Refused(Reason::bytes_outputs);
    check_let_through(accumulator);
    return accumulator;
}

std::string digest(Accumulator& accumulator) { return sha256(to_bytes(accumulator)); }

}  // namespace squarely
