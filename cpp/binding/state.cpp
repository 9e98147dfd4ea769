// The sums of a pass, before a policy has looked at them: what reads columns piece by piece, and adds them to an
// accumulator at the end.
#include "states/state.hpp"

#include "accumulator/scores.hpp"
#include "binding/binding.hpp"
#include "binding/python_integers.hpp"
#include "numbers/big_number.hpp"
#include "states/metric_formulas.hpp"

#include <cmath>
#include <stdexcept>
#include <string>

namespace squarely {
namespace {

using SharedConfiguration = std::shared_ptr<Configuration>;

void update_from(State& state, const py::object& y_true, const py::object& y_pred, const py::object& where,
                 py::ssize_t axis, const py::object& sample_weight) {
    if (sample_weight.is_none() == state.weighted) throw Refused(Reason::weighting_differs);
    const PairsList pairs = pairs_of(y_true, y_pred, where, axis, sample_weight);
    if (pairs.outputs.size() != state.counts.size()) throw Refused(Reason::outputs_differ);
    WeightFaults faults;
    without_the_interpreter([&] { faults = update(state, pairs.outputs, pairs.rows); });
    if (faults.has_nan) throw Refused(Reason::weight_is_nan);
    if (faults.has_infinite) throw Refused(Reason::weight_is_infinite);
}

template <std::uint64_t PairCounts::* member>
std::vector<std::uint64_t> counted(const State& state) {
    std::vector<std::uint64_t> values;
    for (const PairCounts counts : state.counts) values.push_back(counts.*member);
    return values;
}

// A metric of every output, whatever a policy would say.
std::vector<double> values_named(const State& state, const std::string& name, double parameter) {
    const Metric& metric = metric_named(name);
    for (const Summand& summand : metric.summands(parameter)) {
        if (find(state, summand) == nullptr) throw Refused(Reason::no_such_sums);
    }
    std::vector<double> values;
    for (std::size_t i = 0; i < state.counts.size(); ++i) values.push_back(value_of(metric, state, i, parameter));
    return values;
}

bool add_rounded(ExactSum& exact, const RoundedSum& sum) {
    if (!std::isfinite(sum.high) || !std::isfinite(sum.low)) return false;
    return add(exact, big_number(sum.high)) && add(exact, big_number(sum.low));
}

// What was summed of one output without weights, or with them, in units of 2^-2148: an integer of Python. None where no
// such sum is here.
py::object integer_of(const State& state, const std::string& term, double parameter, std::size_t output) {
    if (output >= state.counts.size()) throw Refused(Reason::outputs_differ);
    for (const Sums& sums : state.sums) {
        if (term != facts_of(sums.summand.term).name || sums.summand.parameter != parameter) continue;
        ExactSum exact;
        if (!sums.exact.empty()) {
            add(exact, big_number(limbs_of(sums.exact[output])));
        } else if (sums.rounded.empty() || !add_rounded(exact, sums.rounded[output])) {
            return py::none();
        }
        return python_integer(exact);
    }
    return py::none();
}

// How many pairs of every output are outside the domain of a metric.
std::vector<std::uint64_t> outside_of(const State& state, const std::string& name, double parameter) {
    std::vector<std::uint64_t> outside;
    for (std::size_t i = 0; i < state.counts.size(); ++i) {
        outside.push_back(pairs_outside(state, i, {&metric_named(name), parameter}));
    }
    return outside;
}

// The largest and least values, by the names of their terms.
py::dict extremes_of(const State& state) {
    py::dict extremes;
    for (const Sums& sums : state.sums) {
        if (sums.extreme.empty()) continue;
        py::list values;
        for (const ExtremeValue& value : sums.extreme) values.append(py::make_tuple(value.nearest, value.rest));
        extremes[facts_of(sums.summand.term).name] = values;
    }
    return extremes;
}

std::vector<double> explained_pinball_losses(const State& model, const State& baseline, double alpha) {
    const std::size_t outputs = model.counts.size();
    if (outputs != baseline.counts.size() || !are_of_one_kind(model, baseline)) throw Refused(Reason::sums_differ);
    for (const Summand& summand : metric_named("mean_pinball_loss").summands(alpha)) {
        if (find(model, summand) == nullptr) throw Refused(Reason::no_such_sums);
    }
    std::vector<double> values;
    for (std::size_t i = 0; i < outputs; ++i) values.push_back(explained_pinball_loss(model, baseline, i, alpha));
    return values;
}

}  // namespace

py::object python_integer(const ExactSum& sum) {
    std::vector<unsigned char> bytes;
    for (const std::uint64_t limb : sum.limbs) append(bytes, limb, sizeof limb);
    const py::bytes little(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return py::module_::import("builtins").attr("int").attr("from_bytes")(little, "little", py::arg("signed") = true);
}

void register_state(py::module_& module) {
    py::class_<State>(module, "State")
        .def(py::init([](std::size_t outputs, const SharedConfiguration& configuration, bool weighted) {
                 return empty_state(*configuration, outputs, weighted);
             }),
             py::arg("outputs"), py::arg("configuration"), py::arg("weighted") = false)
        .def("update", &update_from, py::arg("y_true"), py::arg("y_pred"), py::arg("where") = py::none(),
             py::arg("axis") = 0, py::arg("sample_weight") = py::none())
        .def(
            "merge", [](State& state, const State& other) { merge(state, other); }, py::arg("other"))
        .def(
            "subtract", [](State& state, const State& other) { subtract(state, other); }, py::arg("other"))
        .def("values", &values_named, py::arg("metric"), py::arg("parameter") = 0.0)
        .def("sum_of", &integer_of, py::arg("term"), py::arg("parameter") = 0.0, py::arg("output") = 0)
        .def("outside", &outside_of, py::arg("metric"), py::arg("parameter") = 0.0)
        .def("outputs_from", &outputs_from, py::arg("first"), py::arg("count"))
        .def_static(
            "outputs_together",
            [](const std::vector<const State*>& parts) {
                if (parts.empty()) throw std::invalid_argument("There are no states to put together.");
                return outputs_together(parts);
            },
            py::arg("parts"))
        .def_property_readonly("outputs", [](const State& state) { return state.counts.size(); })
        .def_property_readonly("weighted", [](const State& state) { return state.weighted; })
        .def_property_readonly("extremes", &extremes_of)
        .def_property_readonly("pairs", &counted<&PairCounts::pairs>)
        .def_property_readonly("infinite", &counted<&PairCounts::infinite>)
        .def_property_readonly("undefined", &counted<&PairCounts::undefined>)
        .def_property_readonly("missing_true", &counted<&PairCounts::missing_true>)
        .def_property_readonly("missing_pred", &counted<&PairCounts::missing_pred>)
        .def_property_readonly("masked", &counted<&PairCounts::masked>);
    module.def("explained_pinball_loss", &explained_pinball_losses, py::arg("model"), py::arg("baseline"),
               py::arg("alpha"));
}

}  // namespace squarely
