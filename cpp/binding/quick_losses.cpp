// The everyday call, plain arrays of one type of floats and no weights, without the Python layer: at a thousand
// elements that layer costs ten times the arithmetic. Whatever is not plain gets None, and takes the long way, which
// has the words for errors.
#include "binding/binding.hpp"
#include "losses/losses.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace squarely {
namespace {

constexpr py::ssize_t elements_with_the_gil = 8192;  // about 5 µs: too short to let go of the interpreter

const py::detail::PyArray_Proxy* proxy_of(py::handle array) { return py::detail::array_proxy(array.ptr()); }

// Neither a subclass (a masked array is one) nor another dtype or byte order.
std::optional<StridedArray> plain_array(py::handle object) {
    const auto& numpy = py::detail::npy_api::get();
    if (Py_TYPE(object.ptr()) != numpy.PyArray_Type_) return std::nullopt;
    const auto* array = proxy_of(object);
    const auto* descriptor = py::detail::array_descriptor_proxy(array->descr);
    const bool is_double = descriptor->type_num == py::detail::npy_api::NPY_DOUBLE_;
    const bool is_float = descriptor->type_num == py::detail::npy_api::NPY_FLOAT_;
    if (descriptor->byteorder != '=' || !(is_double || is_float)) return std::nullopt;
    return StridedArray{
        array->data, {array->strides, array->strides + array->nd}, is_double ? DType::float64 : DType::float32};
}

std::optional<LossArrays> plain_arrays(py::handle y_true, py::handle y_pred) {
    auto truth = plain_array(y_true);
    auto prediction = plain_array(y_pred);
    if (!truth || !prediction || truth->dtype != prediction->dtype) return std::nullopt;
    const auto* first = proxy_of(y_true);
    const auto* second = proxy_of(y_pred);
    LossArrays arrays;
    arrays.shape.assign(first->dimensions, first->dimensions + first->nd);
    if (!std::equal(arrays.shape.begin(), arrays.shape.end(), second->dimensions, second->dimensions + second->nd)) {
        return std::nullopt;
    }
    arrays.y_true = std::move(*truth);
    arrays.y_pred = std::move(*prediction);
    return arrays;
}

py::ssize_t size_of(const LossArrays& arrays) {
    py::ssize_t size = 1;
    for (const std::ptrdiff_t length : arrays.shape) size *= length;
    return size;
}

struct Extent {
    const char* first;
    const char* last;
};

Extent extent_of(const StridedArray& array, const std::vector<std::ptrdiff_t>& shape) {
    Extent extent{array.data, array.data + element_size(array.dtype)};
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
        const std::ptrdiff_t reach = (shape[axis] - 1) * array.strides[axis];
        (reach < 0 ? extent.first : extent.last) += reach;
    }
    return extent;
}

bool is_same_or_apart(const StridedArray& out, const StridedArray& other, const std::vector<std::ptrdiff_t>& shape) {
    if (out.data == other.data && out.strides == other.strides) return true;
    const Extent mine = extent_of(out, shape);
    const Extent theirs = extent_of(other, shape);
    return mine.last <= theirs.first || theirs.last <= mine.first;
}

// Without gaps, no two of its elements share memory.
bool is_writable_and_without_gaps(py::handle array) {
    constexpr int without_gaps =
        py::detail::npy_api::NPY_ARRAY_C_CONTIGUOUS_ | py::detail::npy_api::NPY_ARRAY_F_CONTIGUOUS_;
    const int flags = proxy_of(array)->flags;
    return (flags & py::detail::npy_api::NPY_ARRAY_WRITEABLE_) != 0 && (flags & without_gaps) != 0;
}

bool set_results(LossArrays& arrays, py::handle out) {
    auto results = plain_array(out);
    if (!results || results->dtype != arrays.y_pred.dtype || !is_writable_and_without_gaps(out)) return false;
    const auto* array = proxy_of(out);
    if (!std::equal(arrays.shape.begin(), arrays.shape.end(), array->dimensions, array->dimensions + array->nd)) {
        return false;
    }
    arrays.results = std::move(*results);
    return is_same_or_apart(arrays.results, arrays.y_true, arrays.shape) &&
           is_same_or_apart(arrays.results, arrays.y_pred, arrays.shape);
}

template <class Job>
void run(const LossArrays& arrays, Job job) {
    if (size_of(arrays) <= elements_with_the_gil) return job();
    without_the_interpreter(job);
}

py::object quick_fill(const std::string& loss, bool is_derivative, py::handle y_true, py::handle y_pred,
                      double parameter, bool is_mean, py::object out) {
    std::optional<LossArrays> arrays = plain_arrays(y_true, y_pred);
    if (!arrays) return py::none();
    const LossFormula formula{loss_named(loss), parameter, is_derivative};
    const py::ssize_t size = size_of(*arrays);
    if (size == 0) return py::none();
    // NumPy chooses the layout of new arrays with more dimensions: the long way asks it.
    if (out.is_none() && arrays->shape.size() == 1) out = py::array(py::array::ensure(y_pred).dtype(), size);
    if (!set_results(*arrays, out)) return py::none();
    run(*arrays, [&] { fill_losses(*arrays, formula, is_mean ? static_cast<double>(size) : 1.0); });
    return out;
}

py::object quick_sum(const std::string& loss, py::handle y_true, py::handle y_pred, double parameter, bool is_mean) {
    const std::optional<LossArrays> arrays = plain_arrays(y_true, y_pred);
    if (!arrays || size_of(*arrays) == 0) return py::none();
    const LossFormula formula{loss_named(loss), parameter, false};
    LossSums sums;
    run(*arrays, [&] { sums = sum_losses(*arrays, formula); });
    return py::float_(is_mean ? mean(sums) : total(sums));
}

}  // namespace

void register_quick_losses(py::module_& module) {
    module.def("quick_fill_losses", &quick_fill, py::arg("loss"), py::arg("is_derivative"), py::arg("y_true"),
               py::arg("y_pred"), py::arg("parameter"), py::arg("is_mean"), py::arg("out").none(true));
    module.def("quick_sum_losses", &quick_sum, py::arg("loss"), py::arg("y_true"), py::arg("y_pred"),
               py::arg("parameter"), py::arg("is_mean"));
}

}  // namespace squarely
