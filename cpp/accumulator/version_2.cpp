#include "accumulator/version_2.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

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

    std::vector<double> numbers() {
        std::vector<double> all;
        expect("[");
        do {
            all.push_back(number());
        } while (skips(","));
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
    if (!has_parameter) return checked_metric(name, metric->default_parameter);
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
    for (double length : scanner.numbers()) {
        outputs *= length;
        const bool is_possible = length > 0 && outputs <= 0x1p53 && std::trunc(length) == length;
        if (!is_possible) throw Refused(Reason::bytes_outputs);
        shape.push_back(static_cast<std::size_t>(length));
    }
    if (shape.size() < 2) throw Refused(Reason::bytes_outputs);
    return shape;
}

// In order, because bytes may name a great many.
bool is_each_once(std::vector<AskedMetric> metrics) {
    const auto key = [](const AskedMetric& asked) { return std::pair(asked.metric, asked.parameter); };
    std::sort(metrics.begin(), metrics.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
    return std::adjacent_find(metrics.begin(), metrics.end()) == metrics.end();
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

}  // namespace

AskedMetric checked_metric(std::string_view name, double parameter) {
    const Metric* metric = find_metric(name);
    if (metric == nullptr || metric->name != name || metric->kind != MetricKind::sums) {
        throw Refused(Reason::bytes_configuration);
    }
    const bool has_parameter = metric->parameter->contains != nullptr;
    const bool is_allowed =
        has_parameter ? metric->parameter->contains(parameter) && std::isfinite(parameter) : parameter == 0;
    if (!is_allowed) throw Refused(Reason::bytes_configuration);
    return {metric, parameter + 0.0};  // of two zeros one
}

void check_possible(const Configuration& configuration) {
    bool is_possible = !configuration.metrics.empty() && configuration.metrics.size() <= most_metrics;
    is_possible = is_possible && is_each_once(configuration.metrics);
    for (const AskedMetric& asked : configuration.metrics) {
        is_possible &= !configuration.complex_values || asked.metric->takes_complex_values;
    }
    const std::vector<double>& weights = configuration.output_weights;
    is_possible &= (configuration.averaging == Averaging::weights) == !weights.empty();
    is_possible &= std::all_of(weights.begin(), weights.end(), [](double weight) { return std::isfinite(weight); });
    if (!is_possible) throw Refused(Reason::bytes_configuration);
}

Accumulator read_version_2(std::span<const unsigned char> body) {
    ByteReader reader{body.data(), body.data() + body.size()};
    const std::uint64_t length = read_number(reader, 4);
    if (length > static_cast<std::uint64_t>(reader.last - reader.next)) throw Refused(Reason::bytes_cut);
    Read read = read_configuration({reinterpret_cast<const char*>(reader.next), length});
    reader.next += length;
    Accumulator accumulator(std::make_shared<Configuration>(std::move(read.configuration)));
    if (reader.next == reader.last) return accumulator;
    State state = state_of_version_2({reader.next, reader.last});
    const std::size_t outputs = state.counts.size();
    const std::size_t weights = accumulator.configuration->output_weights.size();
    accumulator.shape = read.shape.empty() ? Shape{outputs} : std::move(read.shape);
    if (outputs_of(accumulator.shape) != outputs || (weights > 0 && weights != outputs)) {
        throw Refused(Reason::bytes_outputs);
    }
    if (!are_of_one_kind(state, empty_state(*accumulator.configuration, 1, state.weighted))) {
        throw Refused(Reason::bytes_of_other_sums);
    }
    accumulator.state = std::move(state);
    accumulator.has_seen = true;
    return accumulator;
}

}  // namespace squarely
