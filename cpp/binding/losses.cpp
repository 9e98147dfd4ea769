#include "losses/losses.hpp"

#include "binding/binding.hpp"

#include <stdexcept>
#include <string>

namespace squarely {
namespace {

using OptionalArray = std::optional<py::array>;

StridedArray strided(const py::array& array, const std::vector<std::ptrdiff_t>& shape) {
    if (!std::equal(shape.begin(), shape.end(), array.shape(), array.shape() + array.ndim())) {
        throw std::invalid_argument("The arrays differ in shape.");
    }
    auto* data = static_cast<char*>(const_cast<void*>(array.data()));
    return {
        data, {array.strides(), array.strides() + array.ndim()}, dtype_of(array.dtype()), is_swapped(array.dtype())};
}

LossArrays arrays_of(const py::array& y_true, const py::array& y_pred, const OptionalArray& weights) {
    LossArrays arrays;
    arrays.shape.assign(y_true.shape(), y_true.shape() + y_true.ndim());
    arrays.y_true = strided(y_true, arrays.shape);
    arrays.y_pred = strided(y_pred, arrays.shape);
    if (weights) arrays.weights = strided(*weights, arrays.shape);
    return arrays;
}

StridedArray results_in(const py::array& out, const std::vector<std::ptrdiff_t>& shape) {
    StridedArray results = strided(out, shape);
    if (!out.writeable() || results.swapped || !is_float(results.dtype)) {
        throw std::invalid_argument("Results go into a writable array of floats.");
    }
    return results;
}

void fill_into(const std::string& loss, bool is_derivative, const py::array& y_true, const py::array& y_pred,
               const OptionalArray& weights, double parameter, double divisor, const py::array& out) {
    const LossFormula formula{loss_named(loss), parameter, is_derivative};
    LossArrays arrays = arrays_of(y_true, y_pred, weights);
    arrays.results = results_in(out, arrays.shape);
    without_the_interpreter([&] { fill_losses(arrays, formula, divisor); });
}

// What the weights are, for the words of an error.
py::tuple found_in(const WeightSum& weights) {
    return py::make_tuple(to_double(weights.sum), weights.are_finite, weights.are_positive);
}

py::tuple sum_of(const std::string& loss, const py::array& y_true, const py::array& y_pred,
                 const OptionalArray& weights, double parameter) {
    const LossFormula formula{loss_named(loss), parameter, false};
    const LossArrays arrays = arrays_of(y_true, y_pred, weights);
    LossSums sums;
    without_the_interpreter([&] { sums = sum_losses(arrays, formula); });
    const bool has_mean = !is_zero(sums.weights.sum);
    return py::make_tuple(total(sums), has_mean ? py::cast(mean(sums)) : py::none(), found_in(sums.weights));
}

py::tuple survey_of(const py::array& weights, bool is_summed) {
    LossArrays arrays;
    arrays.shape.assign(weights.shape(), weights.shape() + weights.ndim());
    arrays.weights = strided(weights, arrays.shape);
    WeightSum sum;
    without_the_interpreter([&] { sum = survey_weights(arrays, is_summed); });
    return found_in(sum);
}

}  // namespace

void register_losses(py::module_& module) {
    module.def("fill_losses", &fill_into, py::arg("loss"), py::arg("is_derivative"), py::arg("y_true"),
               py::arg("y_pred"), py::arg("weights").none(true), py::arg("parameter"), py::arg("divisor"),
               py::arg("out"));
    module.def("sum_losses", &sum_of, py::arg("loss"), py::arg("y_true"), py::arg("y_pred"),
               py::arg("weights").none(true), py::arg("parameter"));
    module.def("survey_weights", &survey_of, py::arg("weights"), py::arg("is_summed"));
}

}  // namespace squarely
