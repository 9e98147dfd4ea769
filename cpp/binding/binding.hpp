// The parts of the Python module, and how a NumPy array becomes columns. Nothing numerical.
#pragma once

#include "blocks/column.hpp"

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

namespace squarely {

namespace py = pybind11;

void register_targets(py::module_& module);
void register_threads(py::module_& module);
void register_terms(py::module_& module);
void register_metrics(py::module_& module);
void register_state(py::module_& module);
void register_accumulator(py::module_& module);
void register_grouped(py::module_& module);
void register_window(py::module_& module);
void register_way_in(py::module_& module);
void register_quick_update(py::module_& module);
void register_refusals(py::module_& module);
void register_elementary(py::module_& module);
void register_order_statistics(py::module_& module);
void register_order_of_files(py::module_& module);
void register_worst_rows(py::module_& module);
void register_losses(py::module_& module);
void register_quick_losses(py::module_& module);
void register_build(py::module_& module);
void register_c_api(py::module_& module);
void register_arrow(py::module_& module);
void register_arrow_keys(py::module_& module);
void register_keys(py::module_& module);

// Throws std::invalid_argument where no column has this type.
DType dtype_of(const py::dtype& dtype);
bool is_swapped(const py::dtype& dtype);

// Runs a job that may be long: other threads of Python run meanwhile, and Ctrl-C ends it.
void without_the_interpreter(const std::function<void()>& job);

// Numbers of the outputs as an array of their shape.
py::array_t<double> array_of(const std::vector<std::size_t>& shape, const std::vector<double>& values);

// Sets Python's error for the exception that is being handled, and returns null.
PyObject* error_for_exception() noexcept;

// About 5 µs of work: too short to let go of the interpreter.
constexpr py::ssize_t rows_with_the_gil = 8192;

// Where the outputs of one side lie: a NumPy array of any number of dimensions, scored along one axis, or a list of
// (values, validity, offset into that), one an output. Validity is None, a bitmap of what is there, or an array of
// booleans that are true where a value is missing. In place.
struct ColumnList {
    std::vector<Column> columns;
    py::ssize_t rows;
};

ColumnList columns_of(const py::object& source, py::ssize_t axis);

// The truth and the predictions of each output, and mask and weights: None, one a row, or one an element.
struct PairsList {
    std::vector<Pairs> outputs;
    py::ssize_t rows;
};

PairsList pairs_of(const py::object& y_true, const py::object& y_pred, const py::object& where, py::ssize_t axis,
                   const py::object& sample_weight = py::none());

}  // namespace squarely
