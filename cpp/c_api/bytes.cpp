// The byte form of Python's Accumulator: magic, version, length of the configuration, configuration (JSON), state,
// CRC-32. Little-endian. python/squarely/accumulator.py writes the same.
#include "c_api/library.hpp"

#include "accumulator/checksum.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace squarely {
namespace {

constexpr std::string_view magic = "sqac";
constexpr unsigned char version = 2;
constexpr std::size_t header_size = 4 + 1 + 4;
constexpr std::size_t checksum_size = 4;

constexpr std::string_view policies[] = {"raise", "propagate", "omit", "omit_true"};
constexpr std::string_view summations[] = {"exact", "kahan", "pairwise"};

// As Python's repr, which json uses: the shortest digits that tell the number apart, and ".0" after whole ones.
std::string shown(double value) {
    char text[32];
    const double size = std::fabs(value);
    const bool is_fixed = size == 0 || (size >= 1e-4 && size < 1e16);
    const auto format = is_fixed ? std::chars_format::fixed : std::chars_format::scientific;
    const std::string digits(text, std::to_chars(text, text + sizeof text, value, format).ptr);
    return is_fixed && digits.find('.') == std::string::npos ? digits + ".0" : digits;
}

std::string quoted(std::string_view word) { return std::string("\"").append(word).append("\""); }

std::string described(const squarely_state::Asked& asked) {
    const std::string name = quoted(asked.metric->name);
    if (asked.parameter == asked.metric->default_parameter) return name;
    return std::string("[").append(name).append(",").append(shown(asked.parameter)).append("]");
}

// The keys in the order of the alphabet, without a space.
std::string configuration_of(const squarely_state& state) {
    std::string text = "{\"complex_values\":false,\"metrics\":[";
    for (const auto& asked : state.metrics) {
        if (&asked != state.metrics.data()) text.append(",");
        text.append(described(asked));
    }
    text.append("],\"multioutput\":").append(state.multioutput);
    text.append(",\"nan_policy\":").append(quoted(policies[state.nan_policy]));
    if (!state.output_shape.empty()) text.append(",\"output_shape\":").append(state.output_shape);
    return text.append(",\"summation\":")
        .append(quoted(summations[static_cast<int>(state.sums.summation)]))
        .append("}");
}

void append(std::vector<unsigned char>& bytes, std::uint32_t value) {
    for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<unsigned char>(value >> (8 * i)));
}

std::uint32_t read_word(const unsigned char* bytes) {
    return std::uint32_t{bytes[0]} | std::uint32_t{bytes[1]} << 8 | std::uint32_t{bytes[2]} << 16 |
           std::uint32_t{bytes[3]} << 24;
}

[[noreturn]] void refuse(const std::string& what) {
    throw std::invalid_argument("These bytes are no squarely accumulator: " + what + ".");
}

// What is left to read of a configuration. It is written in one way only, so no general JSON is needed.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    bool skips(std::string_view expected) {
        if (!rest_.starts_with(expected)) return false;
        rest_.remove_prefix(expected.size());
        return true;
    }

    void expect(std::string_view expected) {
        if (!skips(expected)) refuse("their configuration is damaged, or nothing that C can hold");
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
        if (fault != std::errc{} || !std::isfinite(value)) refuse("a number of their configuration is damaged");
        rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
        return value;
    }

    // A list of numbers, as it is written.
    std::string_view numbers() {
        const std::string_view all = rest_;
        expect("[");
        do {
            number();
        } while (skips(","));
        expect("]");
        return all.substr(0, all.size() - rest_.size());
    }

    bool is_at(char next) const { return rest_.starts_with(next); }
    bool is_at_end() const { return rest_.empty(); }

  private:
    std::string_view rest_;
};

int index_of(std::string_view word, std::span<const std::string_view> words) {
    const auto found = std::find(words.begin(), words.end(), word);
    if (found == words.end()) refuse("'" + std::string(word) + "' in their configuration is unknown");
    return static_cast<int>(found - words.begin());
}

squarely_state::Asked read_metric(Scanner& scanner) {
    const bool has_parameter = scanner.skips("[");
    const std::string name(scanner.word());
    const Metric& metric = metric_asked(name.c_str());
    if (!has_parameter) return {&metric, metric.default_parameter};
    scanner.expect(",");
    const double parameter = scanner.number();
    scanner.expect("]");
    return {&metric, parameter_asked(metric, &parameter)};
}

std::string read_multioutput(Scanner& scanner) {
    if (scanner.is_at('[')) return std::string(scanner.numbers());
    constexpr std::string_view known[] = {"uniform_average", "raw_values"};
    return quoted(known[index_of(scanner.word(), known)]);
}

struct Configuration {
    std::vector<squarely_state::Asked> metrics;
    std::string multioutput;
    std::string output_shape;
    squarely_nan_policy nan_policy = 0;
    Summation summation = Summation::exact;
};

Configuration read_configuration(std::string_view text) {
    Scanner scanner(text);
    Configuration read;
    scanner.expect("{\"complex_values\":false,\"metrics\":[");
    do {
        read.metrics.push_back(read_metric(scanner));
    } while (scanner.skips(","));
    scanner.expect("],\"multioutput\":");
    read.multioutput = read_multioutput(scanner);
    scanner.expect(",\"nan_policy\":");
    read.nan_policy = index_of(scanner.word(), policies);
    if (scanner.skips(",\"output_shape\":")) read.output_shape = scanner.numbers();
    scanner.expect(",\"summation\":");
    read.summation = static_cast<Summation>(index_of(scanner.word(), summations));
    scanner.expect("}");
    if (!scanner.is_at_end()) refuse("their configuration goes on after its end");
    return read;
}

void check_frame(std::span<const unsigned char> bytes) {
    if (bytes.size() < header_size + checksum_size)
        refuse("there are only " + std::to_string(bytes.size()) + " of them");
    if (!std::equal(magic.begin(), magic.end(), bytes.begin())) refuse("they do not start with 'sqac'");
    if (bytes[4] != version) {
        refuse("they have version " + std::to_string(bytes[4]) + ", and this squarely reads version " +
               std::to_string(version));
    }
    const std::size_t body = bytes.size() - checksum_size;
    if (read_word(bytes.data() + body) != crc32(bytes.first(body)))
        refuse("the checksum does not match; they were cut or changed");
    if (read_word(bytes.data() + 5) > body - header_size) refuse("their configuration is longer than they are");
}

// The sums must be those that the metrics need, or values would be asked of sums that are not there.
void check_fits(const State& sums, const squarely_state& configured) {
    if (!are_of_one_kind(sums, configured.sums)) refuse("their state has other sums than their configuration needs");
}

}  // namespace

std::vector<unsigned char> accumulator_bytes(const squarely_state& state) {
    const std::string configuration = configuration_of(state);
    const std::vector<unsigned char> sums = to_bytes(state.sums);
    std::vector<unsigned char> bytes(magic.begin(), magic.end());
    bytes.push_back(version);
    append(bytes, static_cast<std::uint32_t>(configuration.size()));
    bytes.insert(bytes.end(), configuration.begin(), configuration.end());
    bytes.insert(bytes.end(), sums.begin(), sums.end());
    append(bytes, crc32(bytes));
    return bytes;
}

squarely_state from_accumulator_bytes(std::span<const unsigned char> bytes) {
    check_frame(bytes);
    const std::size_t length = read_word(bytes.data() + 5);
    const auto* text = reinterpret_cast<const char*>(bytes.data() + header_size);
    Configuration read = read_configuration({text, length});
    const auto stored = bytes.subspan(header_size + length, bytes.size() - header_size - length - checksum_size);
    if (stored.empty()) refuse("it has seen no pairs, so that the number of its outputs is not known");
    State sums = from_bytes(stored);
    squarely_state state = new_state(1, read.summation, std::move(read.metrics), sums.weighted, read.nan_policy);
    check_fits(sums, state);
    state.sums = std::move(sums);
    state.multioutput = std::move(read.multioutput);
    state.output_shape = std::move(read.output_shape);
    state.is_new = false;
    return state;
}

}  // namespace squarely
