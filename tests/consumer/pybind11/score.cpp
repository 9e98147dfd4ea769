// An extension that links nothing: squarely is found when it is imported.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <squarely/squarely_python.h>

#include <squarely/squarely.hpp>

namespace py = pybind11;

namespace {

using Doubles = py::array_t<double, py::array::c_style | py::array::forcecast>;
using Floats = py::array_t<float, py::array::c_style | py::array::forcecast>;

template <class Array>
auto span_of(const Array& array) {
    return squarely::Span<typename Array::value_type>(array.data(), static_cast<std::size_t>(array.size()));
}

}  // namespace

PYBIND11_MODULE(squarely_consumer_pybind11, module) {
    if (squarely_import() < 0) throw py::error_already_set();
    module.def("mean_squared_error", [](const Doubles& y_true, const Doubles& y_pred) {
        return squarely::mean_squared_error(span_of(y_true), span_of(y_pred));
    });
    module.def("digest", [](const Doubles& y_true, const Floats& y_pred) {
        squarely::State state({"mean_squared_error", "r2_score", {"mean_pinball_loss", 0.9}});
        {
            const py::gil_scoped_release release;
            state.update(span_of(y_true), span_of(y_pred));
        }
        return state.digest();
    });
}
