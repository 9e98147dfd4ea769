// What passes over rows that are read again find out about their order.
#include "binding/binding.hpp"
#include "binding/ordered_quantity.hpp"
#include "binding/python_integers.hpp"
#include "order/sampled_values.hpp"
#include "order/values_between.hpp"

#include <stdexcept>
#include <string>

namespace squarely {
namespace {

PairsList one_output(const py::object& y_true, const py::object& y_pred, const py::object& where, py::ssize_t axis,
                     const py::object& sample_weight) {
    PairsList pairs = pairs_of(y_true, y_pred, where, axis, sample_weight);
    if (pairs.outputs.size() != 1) throw std::invalid_argument("Order is of one output.");
    return pairs;
}

py::array_t<double> array_of_values(const std::vector<double>& values) {
    return py::array_t<double>(static_cast<py::ssize_t>(values.size()), values.data());
}

std::optional<Term> term_summed(const std::string& name) {
    if (name == "squared_error") return Term::squared_error;
    if (name == "truth") return Term::truth;
    return std::nullopt;
}

py::tuple told(const Heap& heap) { return py::make_tuple(heap.count, python_integer(heap.weight)); }

py::tuple told(const WeighedSum& sum, std::uint64_t count) {
    return py::make_tuple(count, python_integer(sum.weight()), python_integer(sum.sum()));
}

}  // namespace

void register_order_of_files(py::module_& module) {
    py::class_<SampledValues>(module, "SampledValues")
        .def(py::init([](const std::string& quantity, std::size_t most, int halvings) {
                 return SampledValues{quantity_named(quantity), {most, halvings}};
             }),
             py::arg("quantity"), py::arg("most"), py::arg("halvings"))
        .def(
            "update",
            [](SampledValues& sampled, const py::object& y_true, const py::object& y_pred, const py::object& where,
               py::ssize_t axis, const py::object& sample_weight) {
                const PairsList pairs = one_output(y_true, y_pred, where, axis, sample_weight);
                without_the_interpreter([&] { add_rows(sampled, pairs.outputs[0], pairs.rows); });
            },
            py::arg("y_true"), py::arg("y_pred"), py::arg("where") = py::none(), py::arg("axis") = 0,
            py::arg("sample_weight") = py::none())
        .def(
            "merge", [](SampledValues& sampled, const SampledValues& more) { merge(sampled, more); }, py::arg("other"))
        .def_property_readonly("halvings", [](const SampledValues& sampled) { return sampled.kept.halvings; })
        .def_property_readonly("values",
                               [](const SampledValues& sampled) { return array_of_values(sampled.kept.values); })
        .def_property_readonly("weights",
                               [](const SampledValues& sampled) { return array_of_values(sampled.kept.weights); })
        .def_readonly("has_rounded_truths", &SampledValues::has_rounded_truths);

    py::class_<ValuesBetween>(module, "ValuesBetween")
        .def(py::init([](const std::string& quantity, double low, double high, const std::string& summed, bool weighted,
                         std::size_t most) {
                 return ValuesBetween(quantity_named(quantity), low, high, term_summed(summed), weighted, most);
             }),
             py::arg("quantity"), py::arg("low"), py::arg("high"), py::arg("summed"), py::arg("weighted"),
             py::arg("most"))
        .def(
            "update",
            [](ValuesBetween& between, const py::object& y_true, const py::object& y_pred, const py::object& where,
               py::ssize_t axis, const py::object& sample_weight) {
                if (sample_weight.is_none() == between.weighted) throw Refused(Reason::weighting_differs);
                const PairsList pairs = one_output(y_true, y_pred, where, axis, sample_weight);
                without_the_interpreter([&] { between.add_rows(pairs.outputs[0], pairs.rows); });
            },
            py::arg("y_true"), py::arg("y_pred"), py::arg("where") = py::none(), py::arg("axis") = 0,
            py::arg("sample_weight") = py::none())
        .def("merge", &ValuesBetween::merge, py::arg("other"))
        .def_property_readonly("at_low", [](const ValuesBetween& between) { return told(between.at_low); })
        .def_property_readonly("at_high", [](const ValuesBetween& between) { return told(between.at_high); })
        .def_property_readonly("inside", [](const ValuesBetween& between) { return told(between.inside); })
        .def_property_readonly("halvings", [](const ValuesBetween& between) { return between.kept.halvings; })
        .def_property_readonly("values",
                               [](const ValuesBetween& between) { return array_of_values(between.kept.values); })
        .def_property_readonly("weights",
                               [](const ValuesBetween& between) { return array_of_values(between.kept.weights); })
        .def_property_readonly("below_and_sum",
                               [](const ValuesBetween& between) { return told(between.sums_below, between.below); })
        .def_property_readonly("all_and_sum",
                               [](const ValuesBetween& between) { return told(between.sums_of_all, between.present); })
        .def_readonly("has_rounded_truths", &ValuesBetween::has_rounded_truths);
}

}  // namespace squarely
