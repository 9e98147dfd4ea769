#include "tables/metrics.hpp"
#include "states/metric_formulas.hpp"

#include "binding/binding.hpp"
#include "numbers/average.hpp"

#include <stdexcept>
#include <string>

namespace squarely {
namespace {

const char* word_of(MetricKind kind) {
    return kind == MetricKind::sums ? "sums" : kind == MetricKind::order ? "order" : "internal";
}

const char* word_of(Better better) {
    return better == Better::lower ? "lower" : better == Better::greater ? "greater" : "zero";
}

const char* word_of(Domain domain) {
    return domain == Domain::all ? "" : domain == Domain::logarithm ? "logarithm" : "deviance";
}

py::dict words_of(const Parameter& parameter) {
    py::dict words;
    for (const ParameterWord& one : parameter.words) words[py::str(std::string(one.word))] = one.number;
    return words;
}

// The terms it sums, at the default of its parameter.
py::tuple terms_of(const Metric& metric) {
    py::list names;
    if (metric.summands == nullptr) return py::tuple(names);
    for (const Summand& summand : metric.summands(metric.default_parameter)) names.append(facts_of(summand.term).name);
    return py::tuple(names);
}

// The same with their parameters, at one of its own.
std::vector<std::pair<std::string, double>> summands_of(const Metric& metric, double parameter) {
    std::vector<std::pair<std::string, double>> summands;
    if (metric.summands == nullptr) return summands;
    for (const Summand& summand : metric.summands(parameter)) {
        summands.emplace_back(facts_of(summand.term).name, summand.parameter);
    }
    return summands;
}

bool allows(const Metric& metric, double value) {
    return metric.parameter->contains != nullptr && metric.parameter->contains(value);
}

void register_rows(py::module_& module) {
    const auto reference = py::return_value_policy::reference;
    py::class_<Metric>(module, "MetricRow")
        .def_readonly("name", &Metric::name)
        .def_readonly("short_name", &Metric::short_name)
        .def_readonly("is_everyday", &Metric::is_everyday)
        .def_readonly("default", &Metric::default_parameter)
        .def_property_readonly("has_default", &has_default)
        .def_readonly("least_pairs", &Metric::least_pairs)
        .def_readonly("title", &Metric::title)
        .def_readonly("fixed_power", &Metric::fixed_power)
        .def_readonly("takes_variance_weights", &Metric::takes_variance_weights)
        .def_readonly("takes_one_output", &Metric::takes_one_output)
        .def_readonly("takes_complex_values", &Metric::takes_complex_values)
        .def_readonly("takes_weights", &Metric::takes_weights)
        .def_readonly("is_kept_beside", &Metric::is_kept_beside)
        .def_property_readonly("kind", [](const Metric& metric) { return word_of(metric.kind); })
        .def_property_readonly("better", [](const Metric& metric) { return word_of(metric.better); })
        .def_property_readonly("domain", [](const Metric& metric) { return word_of(metric.domain); })
        .def_property_readonly("parameter", [](const Metric& metric) { return metric.parameter->name; })
        .def_property_readonly("must_be", [](const Metric& metric) { return metric.parameter->must_be; })
        .def_property_readonly("words", [](const Metric& metric) { return words_of(*metric.parameter); })
        .def_property_readonly("is_boolean", [](const Metric& metric) { return metric.parameter->is_boolean; })
        .def_property_readonly("terms", &terms_of)
        .def("summands", &summands_of, py::arg("parameter"))
        .def("allows", &allows, py::arg("value"))
        .def(
            "range",
            [](const Metric& metric, double parameter) {
                const ValueRange range = metric.range(parameter);
                return py::make_tuple(range.least, range.greatest);
            },
            py::arg("parameter"));
    py::dict metrics;
    for (const Metric& metric : all_metrics()) {
        metrics[py::str(std::string(metric.name))] = py::cast(&metric, reference);
    }
    module.attr("metrics") = metrics;
}

}  // namespace

void register_metrics(py::module_& module) {
    register_rows(module);
    module.def(
        "average",
        [](const std::vector<double>& values, const std::vector<double>& weights) {
            if (values.size() != weights.size())
                throw std::invalid_argument("There must be as many weights as values.");
            return average(values, weights);
        },
        py::arg("values"), py::arg("weights"));
}

}  // namespace squarely
