#include "tables/terms.hpp"

#include "binding/binding.hpp"

#include <string>

namespace squarely {
namespace {

const char* word_of(Number number) {
    return number == Number::truth ? "truth" : number == Number::prediction ? "prediction" : "residual";
}

// The numbers by whose sizes pairs are counted, each with how many bits of its significand a size has.
py::tuple by_size(const TermFacts& facts) {
    py::list axes;
    for (const SizeAxis& axis : {facts.by_size.first, facts.by_size.second}) {
        if (axis.number != Number::none) axes.append(py::make_tuple(word_of(axis.number), axis.bits));
    }
    return py::tuple(axes);
}

}  // namespace

void register_terms(py::module_& module) {
    const auto reference = py::return_value_policy::reference;
    py::class_<TermFacts>(module, "TermRow")
        .def_readonly("name", &TermFacts::name)
        .def_property_readonly("by_size", &by_size);
    py::dict terms;
    for (const TermFacts& facts : term_rows::facts) terms[facts.name] = py::cast(&facts, reference);
    module.attr("terms") = terms;
}

}  // namespace squarely
