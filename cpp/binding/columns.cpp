#include "binding.hpp"

#include <stdexcept>

namespace squarely {
namespace {

DType dtype_of(const py::array& array) {
    if (py::isinstance<py::array_t<double>>(array)) return DType::float64;
    if (py::isinstance<py::array_t<float>>(array)) return DType::float32;
    throw std::invalid_argument("Only native float64 and float32 arrays have columns.");
}

}  // namespace

std::vector<Column> columns_of(const py::array& array) {
    const DType dtype = dtype_of(array);
    const auto* data = static_cast<const char*>(array.data());
    if (array.ndim() == 1) return {Column{data, array.strides(0), dtype}};
    if (array.ndim() != 2) throw std::invalid_argument("Only arrays of one or two dimensions have columns.");
    std::vector<Column> columns;
    columns.reserve(static_cast<std::size_t>(array.shape(1)));
    for (py::ssize_t i = 0; i < array.shape(1); ++i) {
        columns.push_back({data + i * array.strides(1), array.strides(0), dtype});
    }
    return columns;
}

}  // namespace squarely
