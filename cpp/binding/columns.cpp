#include "binding/binding.hpp"

#include <algorithm>
#include <bit>
#include <optional>
#include <stdexcept>
#include <string>

namespace squarely {
namespace {

std::optional<DType> dtype_of_name(const std::string& name) {
    for (int i = 0; i < dtype_count; ++i) {
        if (name == element_types[i].name) return static_cast<DType>(i);
    }
    return std::nullopt;
}

}  // namespace

DType dtype_of(const py::dtype& dtype) {
    if (const auto known = dtype_of_name(py::str(dtype.attr("name")).cast<std::string>())) return *known;
    throw std::invalid_argument("No column can be made of dtype " + std::string(py::str(py::handle(dtype))) + ".");
}

bool is_swapped(const py::dtype& dtype) {
    const char foreign = std::endian::native == std::endian::little ? '>' : '<';
    return dtype.byteorder() == foreign;
}

py::array_t<double> array_of(const std::vector<std::size_t>& shape, const std::vector<double>& values) {
    py::array_t<double> array(std::vector<py::ssize_t>(shape.begin(), shape.end()));
    std::copy(values.begin(), values.end(), array.mutable_data());
    return array;
}

namespace {

// Walks over all elements of the other axes in C order, as offsets in bytes.
std::vector<py::ssize_t> output_offsets(const py::array& array, py::ssize_t axis) {
    std::vector<py::ssize_t> offsets{0};
    for (py::ssize_t other = 0; other < array.ndim(); ++other) {
        if (other == axis) continue;
        std::vector<py::ssize_t> next;
        next.reserve(offsets.size() * static_cast<std::size_t>(array.shape(other)));
        for (py::ssize_t offset : offsets) {
            for (py::ssize_t i = 0; i < array.shape(other); ++i) next.push_back(offset + i * array.strides(other));
        }
        offsets = std::move(next);
    }
    return offsets;
}

ColumnList columns_of_array(const py::array& array, py::ssize_t axis) {
    if (axis < 0 || axis >= array.ndim()) throw std::invalid_argument("The array has no such axis.");
    const DType dtype = dtype_of(array.dtype());
    const bool swapped = is_swapped(array.dtype());
    const auto* data = static_cast<const char*>(array.data());
    ColumnList list{{}, array.shape(axis)};
    for (py::ssize_t offset : output_offsets(array, axis)) {
        list.columns.push_back({data + offset, array.strides(axis), dtype, swapped});
    }
    return list;
}

Column column_of_segment(const py::tuple& segment, py::ssize_t rows) {
    const auto values = segment[0].cast<py::array>();
    if (values.ndim() != 1 || values.shape(0) != rows) throw std::invalid_argument("The columns differ in length.");
    Column column = columns_of_array(values, 0).columns[0];
    if (segment[1].is_none()) return column;
    const auto presence = segment[1].cast<py::array>();
    if (presence.dtype().kind() == 'b') {
        if (presence.ndim() != 1 || presence.shape(0) != rows)
            throw std::invalid_argument("What is missing must have as many booleans as there are rows.");
        column.missing = static_cast<const std::uint8_t*>(presence.data());
        column.missing_stride = presence.strides(0);
        return column;
    }
    const auto validity = segment[1].cast<py::array_t<std::uint8_t>>();
    column.validity_offset = segment[2].cast<py::ssize_t>();
    if (column.validity_offset < 0 || (column.validity_offset + rows + 7) / 8 > validity.size()) {
        throw std::invalid_argument("The bitmap is shorter than its column.");
    }
    column.validity = validity.data();
    return column;
}

ColumnList columns_of_segments(const py::list& segments) {
    if (segments.empty()) throw std::invalid_argument("There are no columns.");
    const py::ssize_t rows = segments[0].cast<py::tuple>()[0].cast<py::array>().shape(0);
    ColumnList list{{}, rows};
    for (const py::handle& segment : segments) {
        list.columns.push_back(column_of_segment(segment.cast<py::tuple>(), rows));
    }
    return list;
}

// Of the rows, one column for all outputs, or one an output.
template <class Put>
void put_beside(std::vector<Pairs>& outputs, py::ssize_t rows, const py::object& source, py::ssize_t axis, Put put) {
    const bool is_of_rows = py::isinstance<py::array>(source) && source.cast<py::array>().ndim() == 1;
    const ColumnList columns = columns_of(source, is_of_rows ? 0 : axis);
    if (columns.rows != rows || (columns.columns.size() != 1 && columns.columns.size() != outputs.size())) {
        throw std::invalid_argument("The mask or the weights do not have the shape of the arrays.");
    }
    for (std::size_t i = 0; i < outputs.size(); ++i)
        put(outputs[i], columns.columns[columns.columns.size() == 1 ? 0 : i]);
}

void put_where(Pairs& pairs, const Column& column) {
    if (column.dtype != DType::boolean) throw std::invalid_argument("The mask must be boolean.");
    pairs.where = static_cast<const std::uint8_t*>(column.data);
    pairs.where_stride = column.stride;
}

}  // namespace

ColumnList columns_of(const py::object& source, py::ssize_t axis) {
    if (py::isinstance<py::list>(source)) return columns_of_segments(source.cast<py::list>());
    if (!py::isinstance<py::array>(source)) throw std::invalid_argument("Only arrays and lists have columns.");
    return columns_of_array(source.cast<py::array>(), axis);
}

PairsList pairs_of(const py::object& y_true, const py::object& y_pred, const py::object& where, py::ssize_t axis,
                   const py::object& sample_weight) {
    const ColumnList truths = columns_of(y_true, axis);
    const ColumnList predictions = columns_of(y_pred, axis);
    if (truths.rows != predictions.rows || truths.columns.size() != predictions.columns.size()) {
        throw std::invalid_argument("The truth and the predictions differ in shape.");
    }
    PairsList list{{}, truths.rows};
    for (std::size_t i = 0; i < truths.columns.size(); ++i) {
        list.outputs.push_back({truths.columns[i], predictions.columns[i]});
    }
    if (!where.is_none()) put_beside(list.outputs, list.rows, where, axis, put_where);
    if (!sample_weight.is_none()) {
        put_beside(list.outputs, list.rows, sample_weight, axis,
                   [](Pairs& pairs, const Column& column) { pairs.weights = column; });
    }
    return list;
}

}  // namespace squarely
