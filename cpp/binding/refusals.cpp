// What the core refuses comes to Python as an exception with a reason and numbers; python/squarely/policy.py has words
// for it.
#include "binding/binding.hpp"
#include "tables/reasons.hpp"
#include "tables/terms.hpp"

#include <stdexcept>
#include <string>

namespace squarely {
namespace {

py::object term_of(const Refusal& refusal) {
    if (refusal.reason != Reason::extreme_not_a_sum) return py::str("");
    return py::str(facts_of(static_cast<Term>(refusal.number)).name);
}

}  // namespace

void register_refusals(py::module_& module) {
    static const py::handle type =
        py::exception<Refused>(module, "Refused", PyExc_ValueError).release();  // lives as long as the module
    py::register_exception_translator([](std::exception_ptr thrown) {
        try {
            if (thrown) std::rethrow_exception(thrown);
        } catch (const Refused& refused) {
            const Refusal& refusal = refused.refusal;
            py::object instance = type(name_of(refusal.reason));
            instance.attr("reason") = name_of(refusal.reason);
            instance.attr("output") = refusal.output;
            instance.attr("missing_true") = refusal.missing_true;
            instance.attr("missing_pred") = refusal.missing_pred;
            instance.attr("number") = refusal.number;
            instance.attr("term") = term_of(refusal);
            PyErr_SetObject(type.ptr(), instance.ptr());
        }
    });
    // Where Python could not make an object, for want of memory, it has an error that says so; pybind11 throws another.
    py::register_local_exception_translator([](std::exception_ptr thrown) {
        try {
            if (thrown) std::rethrow_exception(thrown);
        } catch (const std::runtime_error&) {
            if (PyErr_Occurred() == nullptr) throw;
        }
    });
}

}  // namespace squarely
