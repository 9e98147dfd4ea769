#include "binding/binding.hpp"

#include <bit>
#include <optional>
#include <stdexcept>
#include <string>

namespace squarely {
namespace {

std::optional<DType> dtype_of_kind(char kind, py::ssize_t size) {
    switch (kind) {
        case 'f':
            return size == 8   ? std::optional(DType::float64)
                   : size == 4 ? std::optional(DType::float32)
                   : size == 2 ? std::optional(DType::float16)
                               : std::nullopt;
        case 'i':
            return size == 8   ? std::optional(DType::int64)
                   : size == 4 ? std::optional(DType::int32)
                   : size == 2 ? std::optional(DType::int16)
                   : size == 1 ? std::optional(DType::int8)
                               : std::nullopt;
        case 'u':
            return size == 8   ? std::optional(DType::uint64)
                   : size == 4 ? std::optional(DType::uint32)
                   : size == 2 ? std::optional(DType::uint16)
                   : size == 1 ? std::optional(DType::uint8)
                               : std::nullopt;
        case 'b': return size == 1 ? std::optional(DType::boolean) : std::nullopt;
        default: return std::nullopt;
    }
}

}  // namespace

DType dtype_of(const py::dtype& dtype) {
    if (const auto known = dtype_of_kind(dtype.kind(), dtype.itemsize())) return *known;
    // A type NumPy does not know itself; the one of ml_dtypes is called so.
    if (dtype.kind() == 'V' && py::str(dtype.attr("name")).cast<std::string>() == "bfloat16") return DType::bfloat16;
    throw std::invalid_argument("No column can be made of dtype " + py::str(dtype).cast<std::string>() + ".");
}

bool is_swapped(const py::dtype& dtype) {
    const char foreign = std::endian::native == std::endian::little ? '>' : '<';
    return dtype.byteorder() == foreign;
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

void set_where(std::vector<Pairs>& outputs, py::ssize_t rows, const py::array& where, py::ssize_t axis) {
    if (where.dtype().kind() != 'b') throw std::invalid_argument("The mask must be boolean.");
    const py::ssize_t mask_axis = where.ndim() == 1 ? 0 : axis;
    const ColumnList mask = columns_of_array(where, mask_axis);
    if (mask.rows != rows || (mask.columns.size() != 1 && mask.columns.size() != outputs.size())) {
        throw std::invalid_argument("The mask does not have the shape of the arrays.");
    }
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        const Column& column = mask.columns[mask.columns.size() == 1 ? 0 : i];
        outputs[i].where = static_cast<const std::uint8_t*>(column.data);
        outputs[i].where_stride = column.stride;
    }
}

}  // namespace

ColumnList columns_of(const py::object& source, py::ssize_t axis) {
    if (py::isinstance<py::list>(source)) return columns_of_segments(source.cast<py::list>());
    if (!py::isinstance<py::array>(source)) throw std::invalid_argument("Only arrays and lists have columns.");
    return columns_of_array(source.cast<py::array>(), axis);
}

std::optional<Column> plain_column(py::handle object) {
    const auto& numpy = py::detail::npy_api::get();
    if (Py_TYPE(object.ptr()) != numpy.PyArray_Type_) return std::nullopt;
    const auto* array = py::detail::array_proxy(object.ptr());
    const auto* descriptor = py::detail::array_descriptor_proxy(array->descr);
    if (array->nd != 1 || descriptor->byteorder != '=') return std::nullopt;
    if (descriptor->type_num == py::detail::npy_api::NPY_DOUBLE_)
        return Column{array->data, array->strides[0], DType::float64};
    if (descriptor->type_num == py::detail::npy_api::NPY_FLOAT_)
        return Column{array->data, array->strides[0], DType::float32};
    return std::nullopt;
}

py::ssize_t length_of(py::handle array) { return py::detail::array_proxy(array.ptr())->dimensions[0]; }

PairsList pairs_of(const py::object& y_true, const py::object& y_pred, const py::object& where, py::ssize_t axis) {
    const ColumnList truths = columns_of(y_true, axis);
    const ColumnList predictions = columns_of(y_pred, axis);
    if (truths.rows != predictions.rows || truths.columns.size() != predictions.columns.size()) {
        throw std::invalid_argument("The truth and the predictions differ in shape.");
    }
    PairsList list{{}, truths.rows};
    for (std::size_t i = 0; i < truths.columns.size(); ++i) {
        list.outputs.push_back({truths.columns[i], predictions.columns[i]});
    }
    if (!where.is_none()) set_where(list.outputs, list.rows, where.cast<py::array>(), axis);
    return list;
}

}  // namespace squarely
