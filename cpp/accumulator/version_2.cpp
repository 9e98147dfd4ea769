#include "accumulator/version_2.hpp"

#include "accumulator/checksum.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>

namespace squarely {
namespace {

// What is left to read of a configuration. It was written in one way only, with sorted keys and without a space, so no
// general JSON is needed.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    bool skips(std::string_view expected) {
        if (!rest_.starts_with(expected)) return false;
        rest_.remove_prefix(expected.size());
        return true;
    }

    void expect(std::string_view expected) {
        if (!skips(expected)) throw Refused(Reason::bytes_configuration);
    }

    std::string_view word() {
        expect("\"");
        const std::string_view found = rest_.substr(0, rest_.find('"'));
        rest_.remove_prefix(found.size());
        expect("\"");
        return found;
    }

    double number() {
        double value = 0;
        const auto [end, fault] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
        if (fault != std::errc{} || !std::isfinite(value)) throw Refused(Reason::bytes_configuration);
        rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
        return value;
    }

    // At once, since a list that grows on its way takes more than ten times the memory of a text of short numbers.
    std::vector<double> numbers() {
        expect("[");
        const std::string_view text = rest_.substr(0, rest_.find(']'));
        std::vector<double> all(1 + static_cast<std::size_t>(std::count(text.begin(), text.end(), ',')));
        for (double& one : all) {
            one = number();
            if (&one != &all.back()) expect(",");
        }
        expect("]");
        return all;
    }

    bool is_at(char next) const { return rest_.starts_with(next); }
    bool is_at_end() const { return rest_.empty(); }

  private:
    std::string_view rest_;
};

template <class Choice, std::size_t count>
Choice read_choice(Scanner& scanner, const std::string_view (&names)[count]) {
    const std::optional<Choice> choice = choice_named<Choice>(scanner.word(), names);
    if (!choice) throw Refused(Reason::bytes_configuration);
    return *choice;
}

AskedMetric read_metric(Scanner& scanner) {
    const bool has_parameter = scanner.skips("[");
    const std::string_view name = scanner.word();
    const Metric* metric = find_metric(name);
    if (metric == nullptr) throw Refused(Reason::bytes_configuration);
    // Version 2 knew a default data range.
    if (!has_parameter) return checked_metric(name, has_default(*metric) ? metric->default_parameter : 1.0);
    scanner.expect(",");
    const double parameter = scanner.number();
    scanner.expect("]");
    return checked_metric(name, parameter);
}

struct Read {
    Configuration configuration;
    Shape shape;  // of two dimensions or more
};

Shape read_shape(Scanner& scanner) {
    Shape shape;
    double outputs = 1;
    const std::vector<double> lengths = scanner.numbers();
    if (lengths.size() > most_dimensions) throw Refused(Reason::bytes_outputs);
    for (double length : lengths) {
        outputs *= length;
        const bool is_possible = length > 0 && outputs <= 0x1p53 && std::trunc(length) == length;
        if (!is_possible) throw Refused(Reason::bytes_outputs);
        shape.push_back(static_cast<std::size_t>(length));
    }
    if (shape.size() < 2) throw Refused(Reason::bytes_outputs);
    return shape;
}

Read read_configuration(std::string_view text) {
    Scanner scanner(text);
    Read read;
    Configuration& configuration = read.configuration;
    scanner.expect("{");
    if (scanner.skips("\"complex_values\":")) {
        configuration.complex_values = scanner.skips("true");
        if (!configuration.complex_values) scanner.expect("false");
        scanner.expect(",");
    }
    scanner.expect("\"metrics\":[");
    do {
        configuration.metrics.push_back(read_metric(scanner));
        if (configuration.metrics.size() > most_metrics) throw Refused(Reason::bytes_configuration);
    } while (scanner.skips(","));
    scanner.expect("],\"multioutput\":");
    if (scanner.is_at('[')) {
        configuration.averaging = Averaging::weights;
        configuration.output_weights = scanner.numbers();
    } else {
        configuration.averaging = read_choice<Averaging>(scanner, averaging_names);
    }
    scanner.expect(",\"nan_policy\":");
    configuration.nan_policy = read_choice<NanPolicy>(scanner, nan_policy_names);
    if (scanner.skips(",\"output_shape\":")) read.shape = read_shape(scanner);
    scanner.expect(",\"summation\":");
    configuration.summation = read_choice<Summation>(scanner, summation_names);
    scanner.expect("}");
    if (!scanner.is_at_end()) throw Refused(Reason::bytes_configuration);
    check_possible(configuration);
    return read;
}

// The frame that a state had of its own.
constexpr unsigned char magic[4] = {'s', 'q', 's', 't'};
constexpr unsigned char version = 2;
constexpr std::size_t header_size = 4 + 1 + 1 + 1 + 8 + 2;
constexpr std::size_t checksum_size = 4;

void check_frame(std::span<const unsigned char> bytes) {
    const bool is_state = bytes.size() >= header_size + checksum_size &&
                          std::equal(std::begin(magic), std::end(magic), bytes.begin()) && bytes[4] == version;
    if (!is_state) throw Refused(Reason::bytes_cut);
    const std::size_t body = bytes.size() - checksum_size;
    ByteReader checksum{bytes.data() + body, bytes.data() + bytes.size()};
    if (read_number(checksum, 4) != crc32(bytes.first(body))) throw Refused(Reason::bytes_changed);
    if (bytes[5] >= std::size(summation_names) || bytes[6] > 1) throw Refused(Reason::bytes_configuration);
}

State read_state(const Configuration& configuration, std::span<const unsigned char> bytes) {
    check_frame(bytes);
    ByteReader reader{bytes.data() + 5, bytes.data() + bytes.size() - checksum_size};
    const auto summation = static_cast<Summation>(read_number(reader, 1));
    const bool weighted = read_number(reader, 1) != 0;
    const std::uint64_t outputs = read_number(reader, 8);
    if (summation != configuration.summation) throw Refused(Reason::bytes_of_other_sums);
    return read_sums(empty_state(configuration, 1, weighted), outputs, reader, ByteForm::version_2);
}

}  // namespace

Accumulator read_version_2(std::span<const unsigned char> body) {
    ByteReader reader{body.data(), body.data() + body.size()};
    const std::uint64_t length = read_number(reader, 4);
    if (length > static_cast<std::uint64_t>(reader.last - reader.next)) throw Refused(Reason::bytes_cut);
    Read read = read_configuration({reinterpret_cast<const char*>(reader.next), length});
    reader.next += length;
    Accumulator accumulator(std::make_shared<Configuration>(std::move(read.configuration)));
    if (reader.next == reader.last) return accumulator;
    accumulator.state = read_state(*accumulator.configuration, {reader.next, reader.last});
    const std::size_t outputs = accumulator.state->counts.size();
    const std::size_t weights = accumulator.configuration->output_weights.size();
    accumulator.shape = read.shape.empty() ? Shape{outputs} : std::move(read.shape);
    if (outputs_of(accumulator.shape) != outputs || (weights > 0 && weights != outputs)) {
        throw Refused(Reason::bytes_outputs);
    }
    accumulator.has_seen = true;
    return accumulator;
}

}  // namespace squarely
