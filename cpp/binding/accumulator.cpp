#include "accumulator/accumulator.hpp"

#include "accumulator/frame.hpp"
#include "accumulator/scores.hpp"
#include "binding/binding.hpp"
#include "binding/plain_sides.hpp"

#include <string>

namespace squarely {
namespace {

using MetricsAsked = std::vector<std::pair<std::string, double>>;
using SharedConfiguration = std::shared_ptr<Configuration>;

template <class Choice, std::size_t count>
Choice chosen(const std::string& name, const std::string_view (&names)[count]) {
    const std::optional<Choice> choice = choice_named<Choice>(name, names);
    if (!choice) throw std::invalid_argument("There is no choice '" + name + "'.");
    return *choice;
}

SharedConfiguration configured(const MetricsAsked& metrics, const py::object& multioutput,
                               const std::string& nan_policy, const std::string& summation, bool complex_values) {
    auto configuration = std::make_shared<Configuration>();
    if (metrics.size() > most_metrics) {
        throw std::invalid_argument("An accumulator has at most " + std::to_string(most_metrics) + " metrics. Got " +
                                    std::to_string(metrics.size()) + ".");
    }
    for (const auto& [name, parameter] : metrics) {
        const Metric& metric = metric_named(name);
        if (metric.summands == nullptr) throw std::invalid_argument("The metric " + name + " is not of sums.");
        configuration->metrics.push_back({&metric, parameter});
    }
    if (py::isinstance<py::str>(multioutput)) {
        configuration->averaging = chosen<Averaging>(multioutput.cast<std::string>(), averaging_names);
    } else {
        configuration->averaging = Averaging::weights;
        configuration->output_weights = multioutput.cast<std::vector<double>>();
    }
    configuration->nan_policy = chosen<NanPolicy>(nan_policy, nan_policy_names);
    configuration->summation = chosen<Summation>(summation, summation_names);
    configuration->complex_values = complex_values;
    return configuration;
}

py::object multioutput_of(const Configuration& configuration) {
    if (configuration.averaging == Averaging::weights) return py::cast(configuration.output_weights);
    return py::str(std::string(averaging_names[static_cast<int>(configuration.averaging)]));
}

MetricsAsked metrics_of(const Configuration& configuration) {
    MetricsAsked metrics;
    for (const AskedMetric& asked : configuration.metrics) {
        metrics.emplace_back(std::string(asked.metric->name), asked.parameter);
    }
    return metrics;
}

const AskedMetric& asked_at(const Accumulator& accumulator, std::size_t index) {
    return accumulator.configuration->metrics.at(index);
}

const State& sums_or_throw(Accumulator& accumulator) {
    const State* sums = sums_of(accumulator);
    if (sums == nullptr) throw Refused(Reason::no_pairs);
    return *sums;
}

Shape shape_of(const PlainPairs& pairs) { return pairs.shape.empty() ? Shape{1} : pairs.shape; }

// Whether the chunk was plain, and is added.
bool update_from(Accumulator& accumulator, const py::object& y_true, const py::object& y_pred,
                 const py::object& sample_weight, const py::object& where, py::ssize_t axis, bool takes_numbers) {
    WideRows wide;
    if (sample_weight.is_none() && where.is_none() && see_wide_rows(y_true, y_pred, axis, wide) &&
        add_wide_rows(accumulator, wide.rows, wide.shape)) {
        return true;
    }
    PlainPairs pairs;
    if (!see_plain_pairs(y_true, y_pred, sample_weight, where, axis, takes_numbers ? Numbers::taken : Numbers::refused,
                         pairs))
        return false;
    if (pairs.several.empty() && add_short_chunk(accumulator, pairs.one, pairs.rows)) return true;
    const std::shared_ptr<const Configuration> configuration = accumulator.configuration;
    State sums;
    without_the_interpreter([&] { sums = pass_over(*configuration, pairs.outputs(), pairs.rows); });
    add(accumulator, std::move(sums), shape_of(pairs));
    return true;
}

py::object score_at(Accumulator& accumulator, std::size_t index) {
    const State& sums = sums_or_throw(accumulator);
    const AskedMetric& asked = asked_at(accumulator, index);
    const Configuration& configuration = *accumulator.configuration;
    const Refusal refusal = why_no_score(configuration, sums, asked);
    if (refusal.reason != Reason::none) throw Refused(refusal);
    const std::vector<double> values = values_of(configuration, sums, asked);
    if (configuration.averaging == Averaging::raw_values) return array_of(accumulator.shape, values);
    return py::float_(averaged(configuration, sums, values));
}

// All of one moment, or None where there is something to say about one.
py::object scores_of(Accumulator& accumulator) {
    const State* sums = sums_of(accumulator);
    if (sums == nullptr) return py::none();
    const std::vector<AskedMetric>& metrics = accumulator.configuration->metrics;
    std::size_t count = 0;
    for (const AskedMetric& asked : metrics) {
        if (asked.metric->is_kept_beside) continue;
        ++count;
        const bool has_score = why_no_score(*accumulator.configuration, *sums, asked).reason == Reason::none;
        if (!has_score || has_too_few_pairs(*sums, asked)) return py::none();
    }
    py::tuple scores(count);
    for (std::size_t i = 0; i < count; ++i) scores[i] = score_at(accumulator, i);
    return scores;
}

template <class Number, class Make>
py::array_t<Number> array_from(const SizeCounts& counts, Make make) {
    py::array_t<Number> array(static_cast<py::ssize_t>(counts.all.size()));
    std::transform(counts.all.begin(), counts.all.end(), array.mutable_data(), make);
    return array;
}

// Sizes in their order, or pairs of sizes, and how many pairs have each.
py::tuple counts_by_size(Accumulator& accumulator, const std::string& name, std::size_t output) {
    const State& state = sums_or_throw(accumulator);
    for (const Sums& sums : state.sums) {
        const TermFacts& facts = facts_of(sums.summand.term);
        if (facts.name != name || !is_by_size(sums.summand.term)) continue;
        const SizeCounts& counts = sums.by_size.at(output);
        const SizeAxis &first = facts.by_size.first, &second = facts.by_size.second;
        const auto pairs = array_from<std::uint64_t>(counts, [](const SizeCount& count) { return count.pairs; });
        const SizePlace length = second.number == Number::none ? 1 : length_of(second);
        const auto firsts = array_from<std::int64_t>(
            counts, [&](const SizeCount& count) { return size_at(count.place / length, first); });
        if (length == 1) return py::make_tuple(firsts, pairs);
        const auto seconds = array_from<std::int64_t>(
            counts, [&](const SizeCount& count) { return size_at(count.place % length, second); });
        return py::make_tuple(firsts, seconds, pairs);
    }
    throw Refused(Reason::no_such_sums);
}

// One value an output, NaN where it has none.
std::vector<double> defined_values(Accumulator& accumulator, std::size_t index) {
    const State& sums = sums_or_throw(accumulator);
    return values_where_defined(*accumulator.configuration, sums, asked_at(accumulator, index));
}

py::bytes bytes_of(Accumulator& accumulator) {
    const std::vector<unsigned char> bytes = to_bytes(accumulator);
    return py::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Accumulator accumulator_from(const py::bytes& bytes) {
    const auto view = static_cast<std::string_view>(bytes);
    return from_bytes({reinterpret_cast<const unsigned char*>(view.data()), view.size()});
}

py::object state_copy(Accumulator& accumulator) {
    const State* sums = sums_of(accumulator);
    return sums == nullptr ? py::object(py::none()) : py::cast(State(*sums));
}

template <class Count>
std::vector<std::uint64_t> counted(Accumulator& accumulator, Count count) {
    const State* sums = sums_of(accumulator);
    if (sums == nullptr) return {};
    std::vector<std::uint64_t> values;
    for (const PairCounts counts : sums->counts) values.push_back(count(counts));
    return values;
}

std::vector<std::uint64_t> pairs_of_outputs(Accumulator& accumulator) {
    return counted(accumulator, [](const PairCounts& counts) { return counts.pairs; });
}

std::vector<std::uint64_t> omitted_of_outputs(Accumulator& accumulator) {
    return counted(accumulator,
                   [](const PairCounts& counts) { return counts.missing_true + counts.missing_pred + counts.masked; });
}

py::tuple tuple_of(const Shape& shape) {
    py::tuple tuple(shape.size());
    for (std::size_t i = 0; i < shape.size(); ++i) tuple[i] = shape[i];
    return tuple;
}

}  // namespace

void register_accumulator(py::module_& module) {
    py::class_<Configuration, SharedConfiguration>(module, "Configuration")
        .def(py::init(&configured), py::arg("metrics"), py::arg("multioutput"), py::arg("nan_policy"),
             py::arg("summation"), py::arg("complex_values"))
        .def_property_readonly("metrics", &metrics_of)
        .def_property_readonly("multioutput", &multioutput_of)
        .def_property_readonly("nan_policy",
                               [](const Configuration& own) { return std::string(name_of(own.nan_policy)); })
        .def_property_readonly("summation",
                               [](const Configuration& own) { return std::string(name_of(own.summation)); })
        .def_readonly("complex_values", &Configuration::complex_values);
    py::class_<Accumulator>(module, "Accumulator")
        .def(py::init([](const SharedConfiguration& configuration) { return Accumulator(configuration); }),
             py::arg("configuration"))
        .def("update", &update_from, py::arg("y_true"), py::arg("y_pred"), py::arg("sample_weight"), py::arg("where"),
             py::arg("axis"), py::arg("takes_numbers"))
        .def(
            "add",
            [](Accumulator& accumulator, const State& sums, const Shape& shape) {
                add(accumulator, State(sums), shape);
            },
            py::arg("sums"), py::arg("shape"))
        .def(
            "merge", [](Accumulator& accumulator, Accumulator& other) { merge(accumulator, other); }, py::arg("other"))
        .def(
            "subtract", [](Accumulator& accumulator, Accumulator& other) { subtract(accumulator, other); },
            py::arg("other"))
        .def("reset", &reset)
        .def("copy", &copy_of)
        .def("score", &score_at, py::arg("index"))
        .def("scores", &scores_of)
        .def("counts_by_size", &counts_by_size, py::arg("term"), py::arg("output") = 0)
        .def("values_where_defined", &defined_values, py::arg("index"))
        .def("check_weights",
             [](Accumulator& accumulator) {
                 const Refusal refusal = why_no_weights(sums_or_throw(accumulator));
                 if (refusal.reason != Reason::none) throw Refused(refusal);
             })
        .def(
            "has_too_few_pairs",
            [](Accumulator& accumulator, std::size_t index) {
                return has_too_few_pairs(sums_or_throw(accumulator), asked_at(accumulator, index));
            },
            py::arg("index"))
        .def("state", &state_copy)
        .def("to_bytes", &bytes_of)
        .def_static("from_bytes", &accumulator_from, py::arg("bytes"))
        .def("digest", &digest)
        .def_property_readonly("configuration",
                               [](const Accumulator& accumulator) {
                                   return std::const_pointer_cast<Configuration>(accumulator.configuration);
                               })
        .def_property_readonly(
            "weighted",
            [](const Accumulator& accumulator) { return accumulator.has_seen && accumulator.state->weighted; })
        .def_property_readonly("pairs", &pairs_of_outputs)
        .def_property_readonly("omitted", &omitted_of_outputs)
        .def_property_readonly("shape", [](const Accumulator& accumulator) { return tuple_of(accumulator.shape); });
}

}  // namespace squarely
