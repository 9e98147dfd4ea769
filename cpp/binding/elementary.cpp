#include "machine/elementary.hpp"

#include "binding/binding.hpp"

#include <stdexcept>
#include <string>

namespace squarely {
namespace {

using Values = py::array_t<double, py::array::c_style>;

py::array_t<double> elementary(const std::string& name, const Values& values, double parameter) {
    py::array_t<double> results(std::vector<py::ssize_t>(values.shape(), values.shape() + values.ndim()));
    apply_elementary(name, values.data(), parameter, values.size(), results.mutable_data());
    return results;
}

}  // namespace

void register_elementary(py::module_& module) {
    module.def("elementary", &elementary, py::arg("name"), py::arg("values"), py::arg("parameter") = 0.0);
}

}  // namespace squarely
