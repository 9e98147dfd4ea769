// The parts of the Python module, and how a NumPy array becomes columns. Nothing numerical.
#pragma once

#include "squarely/column.hpp"

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <vector>

namespace squarely {

namespace py = pybind11;

void register_targets(py::module_& module);
void register_threads(py::module_& module);
void register_metrics(py::module_& module);
void register_state(py::module_& module);
void register_quick_scores(py::module_& module);
void register_build(py::module_& module);

// One column an output of a native float64 or float32 array of shape (n,) or (n, k), in place.
std::vector<Column> columns_of(const py::array& array);

}  // namespace squarely
