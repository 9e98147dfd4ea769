#include "states/state.hpp"

#include "binding/binding.hpp"
#include "states/summands.hpp"
#include "tables/metrics.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>

namespace squarely {
namespace {

Summation summation_named(const std::string& name) {
    if (name == "exact") return Summation::exact;
    if (name == "kahan") return Summation::kahan;
    if (name == "pairwise") return Summation::pairwise;
    throw std::invalid_argument("The 'summation' parameter must be 'exact', 'kahan' or 'pairwise'. Got '" + name +
                                "'.");
}

std::string name_of(Summation summation) {
    return summation == Summation::exact ? "exact" : summation == Summation::kahan ? "kahan" : "pairwise";
}

using MetricsAsked = std::vector<std::pair<std::string, double>>;

// The sums of all of them, each once.
std::vector<Summand> summands_of(const MetricsAsked& metrics) {
    std::vector<Summand> summands;
    for (const auto& [name, parameter] : metrics) {
        for (const Summand& summand : metric_named(name).summands(parameter)) summands.push_back(summand);
    }
    return summands;
}

void update_from(State& state, const py::object& y_true, const py::object& y_pred, const py::object& where,
                 py::ssize_t axis, const py::object& sample_weight) {
    const PairsList pairs = pairs_of(y_true, y_pred, where, axis);
    if (pairs.outputs.size() != state.counts.size()) {
        throw std::invalid_argument("The arrays do not have as many outputs as the state.");
    }
    if (sample_weight.is_none() == state.weighted) {
        throw std::invalid_argument("A weighted state is updated with sample_weight, any other without.");
    }
    ColumnList weights;
    if (state.weighted) {
        weights = columns_of(sample_weight, 0);
        if (weights.columns.size() != 1 || weights.rows != pairs.rows) {
            throw std::invalid_argument("The weights do not have as many rows as the arrays.");
        }
    }
    const py::gil_scoped_release release;
    update(state, pairs.outputs, state.weighted ? weights.columns.data() : nullptr, pairs.rows);
}

std::vector<double> values_of(const State& state, const std::string& name, double parameter) {
    const Metric& metric = metric_named(name);
    for (const Summand& summand : metric.summands(parameter)) {
        if (find(state, summand) == nullptr) {
            throw std::invalid_argument("The state has no sums of the metric '" + name + "'.");
        }
    }
    std::vector<double> values;
    for (std::size_t i = 0; i < state.counts.size(); ++i) values.push_back(metric.value(state, i, parameter));
    return values;
}

// How many pairs are outside the domain of the metric, by output.
std::vector<std::uint64_t> outside_of(const State& state, const std::string& name, double parameter) {
    std::vector<std::uint64_t> outside(state.counts.size());
    for (const Summand& summand : metric_named(name).summands(parameter)) {
        const Sums* sums = find(state, summand);
        if (sums == nullptr || sums->counted.empty()) continue;
        for (std::size_t i = 0; i < outside.size(); ++i) outside[i] = std::max(outside[i], sums->counted[i].outside);
    }
    return outside;
}

// The sums of the weights, as far as doubles tell them.
std::vector<double> total_weights(const State& state) {
    std::vector<double> totals;
    const Sums* sums = find(state, {Term::sample_weight});
    for (std::size_t i = 0; i < state.counts.size(); ++i) {
        if (sums == nullptr) {
            totals.push_back(static_cast<double>(state.counts[i].pairs));
        } else {
            totals.push_back(sums->exact.empty() ? sums->rounded[i].high : to_double(sums->exact[i]));
        }
    }
    return totals;
}

// The largest and least values, by the names of their terms.
std::map<std::string, std::vector<double>> extremes_of(const State& state) {
    std::map<std::string, std::vector<double>> extremes;
    for (const Sums& sums : state.sums) {
        if (!sums.extreme.empty()) extremes[squarely::name_of(sums.summand.term)] = sums.extreme;
    }
    return extremes;
}

void set_extreme(State& state, const std::string& term, const std::vector<double>& values) {
    for (Sums& sums : state.sums) {
        if (squarely::name_of(sums.summand.term) != term || sums.extreme.size() != values.size()) continue;
        sums.extreme = values;
        return;
    }
    throw std::invalid_argument("The state has no extreme '" + term + "' of that many outputs.");
}

std::vector<std::uint64_t> counted(const State& state, std::uint64_t PairCounts::* member) {
    std::vector<std::uint64_t> values;
    for (const PairCounts& counts : state.counts) values.push_back(counts.*member);
    return values;
}

py::bytes bytes_of(const State& state) {
    const std::vector<unsigned char> bytes = to_bytes(state);
    return py::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

State state_from(const py::bytes& bytes) {
    const auto view = static_cast<std::string_view>(bytes);
    return from_bytes({reinterpret_cast<const unsigned char*>(view.data()), view.size()});
}

}  // namespace

void register_state(py::module_& module) {
    py::class_<State>(module, "State")
        .def(
            py::init([](std::size_t outputs, const std::string& summation, const MetricsAsked& metrics, bool weighted) {
                return make_state(outputs, summation_named(summation), summands_of(metrics), weighted);
            }),
            py::arg("outputs"), py::arg("summation"), py::arg("metrics"), py::arg("weighted") = false)
        .def("update", &update_from, py::arg("y_true"), py::arg("y_pred"), py::arg("where") = py::none(),
             py::arg("axis") = 0, py::arg("sample_weight") = py::none())
        .def(
            "merge", [](State& state, const State& other) { merge(state, other); }, py::arg("other"))
        .def(
            "subtract", [](State& state, const State& other) { subtract(state, other); }, py::arg("other"))
        .def(
            "subtract_sums", [](State& state, const State& other) { subtract_sums(state, other); }, py::arg("other"))
        .def("set_extreme", &set_extreme, py::arg("term"), py::arg("values"))
        .def("is_of_one_kind_with", &are_of_one_kind, py::arg("other"))
        .def("copy", [](const State& state) { return State(state); })
        .def("outputs_from", &outputs_from, py::arg("first"), py::arg("count"))
        .def_static(
            "outputs_together", [](const std::vector<const State*>& parts) { return outputs_together(parts); },
            py::arg("parts"))
        .def("values", &values_of, py::arg("metric"), py::arg("parameter") = 0.0)
        .def("outside", &outside_of, py::arg("metric"), py::arg("parameter") = 0.0)
        .def("to_bytes", &bytes_of)
        .def_static("from_bytes", &state_from, py::arg("bytes"))
        .def_property_readonly("outputs", [](const State& state) { return state.counts.size(); })
        .def_property_readonly("weighted", [](const State& state) { return state.weighted; })
        .def_property_readonly("extremes", &extremes_of)
        .def_property_readonly("total_weights", &total_weights)
        .def_property_readonly("summation", [](const State& state) { return name_of(state.summation); })
        .def_property_readonly("pairs", [](const State& state) { return counted(state, &PairCounts::pairs); })
        .def_property_readonly("infinite", [](const State& state) { return counted(state, &PairCounts::infinite); })
        .def_property_readonly("undefined", [](const State& state) { return counted(state, &PairCounts::undefined); })
        .def_property_readonly("missing_true",
                               [](const State& state) { return counted(state, &PairCounts::missing_true); })
        .def_property_readonly("masked", [](const State& state) { return counted(state, &PairCounts::masked); })
        .def_property_readonly("missing_pred",
                               [](const State& state) { return counted(state, &PairCounts::missing_pred); });
}

}  // namespace squarely
