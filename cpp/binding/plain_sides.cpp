#include "binding/plain_sides.hpp"

#include "groups/wide_rows.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <functional>
#include <limits>
#include <numeric>

namespace squarely {
namespace {

// NumPy's own types by their numbers, of which 23, float16, is the last.
constexpr int last_type_number = 23;

using TypesByNumber = std::array<std::optional<DType>, last_type_number + 1>;

TypesByNumber types_by_number() {
    TypesByNumber types;
    for (int number = 0; number <= last_type_number; ++number) {
        try {
            types[static_cast<std::size_t>(number)] = dtype_of(py::dtype(number));
        } catch (const std::invalid_argument&) {  // no number a column holds
        } catch (const py::error_already_set&) {
        }
    }
    return types;
}

std::optional<DType> type_of_number(int number) {
    static const TypesByNumber types = types_by_number();
    if (number < 0 || number > last_type_number) return std::nullopt;
    return types[static_cast<std::size_t>(number)];
}

}  // namespace

// Making them lets go of the interpreter, which another thread would hold while it waits for them.
void know_numpy_types() { (void)type_of_number(0); }

namespace {

bool see_array(py::handle object, PlainSide& side) {
    const auto* array = py::detail::array_proxy(object.ptr());
    const auto* descriptor = py::detail::array_descriptor_proxy(array->descr);
    const std::optional<DType> dtype = type_of_number(descriptor->type_num);
    if (!dtype) return false;
    side.data = array->data;
    side.dimensions = array->nd;
    side.shape = array->dimensions;
    side.strides = array->strides;
    side.dtype = *dtype;
    side.swapped = descriptor->byteorder == (std::endian::native == std::endian::little ? '>' : '<');
    return true;
}

void become_list(PlainSide& side, const void* data, py::ssize_t length, DType dtype) {
    side.data = static_cast<const char*>(data);
    side.dimensions = 1;
    side.own_shape = length;
    side.shape = &side.own_shape;
    side.strides = &side.own_stride;
    side.dtype = dtype;
}

bool see_floats(PyObject* const* items, py::ssize_t length, PlainSide& side) {
    for (py::ssize_t i = 0; i < length; ++i) {
        if (!PyFloat_Check(items[i])) return false;
        side.values[static_cast<std::size_t>(i)] = std::bit_cast<std::uint64_t>(PyFloat_AS_DOUBLE(items[i]));
    }
    become_list(side, side.values.data(), length, DType::float64);
    return true;
}

// Integers stay what they are: none is rounded.
bool see_integers(PyObject* const* items, py::ssize_t length, PlainSide& side) {
    for (py::ssize_t i = 0; i < length; ++i) {
        if (!PyLong_CheckExact(items[i])) return false;
        int overflow = 0;
        const long long value = PyLong_AsLongLongAndOverflow(items[i], &overflow);
        if (overflow != 0) return false;
        side.values[static_cast<std::size_t>(i)] = static_cast<std::uint64_t>(value);
    }
    become_list(side, side.values.data(), length, DType::int64);
    return true;
}

bool see_list(py::handle object, PlainSide& side) {
    const bool is_list = PyList_CheckExact(object.ptr());
    const py::ssize_t length = is_list ? PyList_GET_SIZE(object.ptr()) : PyTuple_GET_SIZE(object.ptr());
    if (length == 0) return false;
    PyObject* const* items = is_list ? reinterpret_cast<PyListObject*>(object.ptr())->ob_item
                                     : reinterpret_cast<PyTupleObject*>(object.ptr())->ob_item;
    side.values.resize(static_cast<std::size_t>(length));
    return PyFloat_Check(items[0]) ? see_floats(items, length, side) : see_integers(items, length, side);
}

bool see_number(py::handle object, PlainSide& side) {
    side.number = PyFloat_AS_DOUBLE(object.ptr());
    become_list(side, &side.number, 1, DType::float64);
    return true;
}

Column column_at(const PlainSide& side, py::ssize_t axis, py::ssize_t offset) {
    return {side.data + offset, side.strides[axis], side.dtype, side.swapped};
}

bool have_same_shape(const PlainSide& a, const PlainSide& b) {
    return a.dimensions == b.dimensions && std::equal(a.shape, a.shape + a.dimensions, b.shape);
}

// A column (n, 1) goes with (n,).
bool is_column_beside(const PlainSide& column, const PlainSide& flat) {
    return column.dimensions == 2 && flat.dimensions == 1 && column.shape[1] == 1 && column.shape[0] == flat.shape[0];
}

bool fits_rows_or_elements(const PlainSide& side, const PlainSide& y_true, py::ssize_t rows) {
    if (have_same_shape(side, y_true)) return true;
    return side.dimensions == 1 && side.shape[0] == rows;
}

// Offsets in bytes of every index of the other axes, in C order.
void append_offsets(const PlainSide& side, py::ssize_t axis, std::vector<py::ssize_t>& offsets) {
    offsets.assign(1, 0);
    for (int other = 0; other < side.dimensions; ++other) {
        if (other == axis) continue;
        std::vector<py::ssize_t> next;
        next.reserve(offsets.size() * static_cast<std::size_t>(side.shape[other]));
        for (py::ssize_t offset : offsets) {
            for (py::ssize_t i = 0; i < side.shape[other]; ++i) next.push_back(offset + i * side.strides[other]);
        }
        offsets = std::move(next);
    }
}

// Puts columns of one side into the pairs of every output; one column is that of all.
template <class Put>
void put_columns(const PlainSide& side, py::ssize_t axis, std::vector<Pairs>& outputs, Put put) {
    const bool is_of_rows = side.dimensions == 1;
    std::vector<py::ssize_t> offsets;
    append_offsets(side, is_of_rows ? 0 : axis, offsets);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        put(outputs[i], column_at(side, is_of_rows ? 0 : axis, offsets[offsets.size() == 1 ? 0 : i]));
    }
}

void put_where(Pairs& pairs, const Column& column) {
    pairs.where = static_cast<const std::uint8_t*>(column.data);
    pairs.where_stride = column.stride;
}

void put_truth(Pairs& pairs, const Column& column) { pairs.y_true = column; }
void put_prediction(Pairs& pairs, const Column& column) { pairs.y_pred = column; }
void put_weights(Pairs& pairs, const Column& column) { pairs.weights = column; }

void make_one(PlainPairs& pairs, bool has_weights, bool has_where) {
    pairs.one.y_true = column_at(pairs.y_true, 0, 0);
    pairs.one.y_pred = column_at(pairs.y_pred, 0, 0);
    if (has_weights) pairs.one.weights = column_at(pairs.weights, 0, 0);
    if (has_where) put_where(pairs.one, column_at(pairs.where, 0, 0));
}

void make_several(PlainPairs& pairs, py::ssize_t axis, bool has_weights, bool has_where) {
    std::size_t outputs = 1;
    for (int other = 0; other < pairs.y_true.dimensions; ++other) {
        if (other == axis) continue;
        pairs.shape.push_back(static_cast<std::size_t>(pairs.y_true.shape[other]));
        outputs *= pairs.shape.back();
    }
    pairs.several.resize(outputs);
    put_columns(pairs.y_true, axis, pairs.several, put_truth);
    put_columns(pairs.y_pred, axis, pairs.several, put_prediction);
    if (has_weights) put_columns(pairs.weights, axis, pairs.several, put_weights);
    if (has_where) put_columns(pairs.where, axis, pairs.several, put_where);
}

template <class Integer>
bool is_double(const char* place) {
    Integer value;
    std::memcpy(&value, place, sizeof value);
    const auto bits = static_cast<std::uint64_t>(value);
    const std::uint64_t size = value < Integer{0} ? 0 - bits : bits;
    return size >> std::numeric_limits<double>::digits == 0 ||
           size >> std::countr_zero(size) >> std::numeric_limits<double>::digits == 0;
}

// Weights are doubles: the other way has the words for an integer that none is.
bool are_doubles(const PlainSide& weights) {
    const bool is_signed = weights.dtype == DType::int64;
    if (!is_signed && weights.dtype != DType::uint64) return true;
    if (weights.swapped || weights.dimensions == 0) return false;
    std::vector<py::ssize_t> offsets;
    append_offsets(weights, 0, offsets);
    const auto is_one = is_signed ? is_double<std::int64_t> : is_double<std::uint64_t>;
    return std::all_of(offsets.begin(), offsets.end(), [&](py::ssize_t offset) {
        for (py::ssize_t row = 0; row < weights.shape[0]; ++row) {
            if (!is_one(weights.data + offset + row * weights.strides[0])) return false;
        }
        return true;
    });
}

bool is_without_elements(const PlainSide& side) {
    return std::find(side.shape, side.shape + side.dimensions, 0) != side.shape + side.dimensions;
}

// Whether all axes but the first are one, as in an array in C order.
bool are_outputs_in_a_row(const PlainSide& side) {
    for (int axis = 1; axis + 1 < side.dimensions; ++axis) {
        if (side.strides[axis] != side.strides[axis + 1] * side.shape[axis + 1]) return false;
    }
    return true;
}

Column row_at(const PlainSide& side, py::ssize_t row) {
    return {side.data + row * side.strides[0], side.strides[side.dimensions - 1], side.dtype, side.swapped};
}

}  // namespace

bool see_plain_side(py::handle object, Numbers numbers, PlainSide& side) {
    // Neither a subclass (a masked array is one) nor what only looks like an array.
    if (Py_TYPE(object.ptr()) == py::detail::npy_api::get().PyArray_Type_) return see_array(object, side);
    if (PyList_CheckExact(object.ptr()) || PyTuple_CheckExact(object.ptr())) return see_list(object, side);
    return numbers == Numbers::taken && PyFloat_Check(object.ptr()) && see_number(object, side);
}

bool see_wide_rows(py::handle y_true, py::handle y_pred, py::ssize_t axis, WideRows& wide) {
    constexpr py::ssize_t most_elements = py::ssize_t{1} << 22;  // which are added while nobody else runs
    PyTypeObject* const array = py::detail::npy_api::get().PyArray_Type_;
    if (axis != 0 || Py_TYPE(y_true.ptr()) != array || Py_TYPE(y_pred.ptr()) != array) return false;
    PlainSide truth, prediction;
    if (!see_array(y_true, truth) || !see_array(y_pred, prediction)) return false;
    if (truth.dimensions < 2 || !have_same_shape(truth, prediction) || is_without_elements(truth)) return false;
    const py::ssize_t rows = truth.shape[0];
    const py::ssize_t outputs =
        std::accumulate(truth.shape + 1, truth.shape + truth.dimensions, py::ssize_t{1}, std::multiplies<>());
    if (outputs < least_wide_outputs || rows > most_wide_rows || rows * outputs > most_elements) return false;
    if (!are_outputs_in_a_row(truth) || !are_outputs_in_a_row(prediction)) return false;
    wide.shape.assign(truth.shape + 1, truth.shape + truth.dimensions);
    for (py::ssize_t row = 0; row < rows; ++row) wide.rows.push_back({row_at(truth, row), row_at(prediction, row)});
    return true;
}

bool see_plain_pairs(py::handle y_true, py::handle y_pred, py::handle sample_weight, py::handle where, py::ssize_t axis,
                     Numbers numbers, PlainPairs& pairs) {
    if (!see_plain_side(y_true, numbers, pairs.y_true) || !see_plain_side(y_pred, numbers, pairs.y_pred)) return false;
    if (pairs.y_true.dimensions == 0 || pairs.y_pred.dimensions == 0) return false;
    if (axis < 0) axis += pairs.y_true.dimensions;
    if (axis < 0 || axis >= pairs.y_true.dimensions || is_without_elements(pairs.y_true)) return false;
    const bool fit =
        have_same_shape(pairs.y_true, pairs.y_pred) ||
        (axis == 0 && (is_column_beside(pairs.y_true, pairs.y_pred) || is_column_beside(pairs.y_pred, pairs.y_true)));
    if (!fit) return false;
    pairs.rows = pairs.y_true.shape[axis];
    const bool has_weights = !sample_weight.is_none();
    if (has_weights && PyFloat_Check(sample_weight.ptr())) {
        see_number(sample_weight, pairs.weights);
        pairs.weights.own_shape = pairs.rows;  // one for all rows
        pairs.weights.own_stride = 0;
    } else if (has_weights) {
        if (!see_plain_side(sample_weight, Numbers::refused, pairs.weights)) return false;
        if (!fits_rows_or_elements(pairs.weights, pairs.y_true, pairs.rows)) return false;
        if (!are_doubles(pairs.weights)) return false;
    }
    const bool has_where = !where.is_none();
    if (has_where) {
        if (!see_plain_side(where, Numbers::refused, pairs.where) || pairs.where.dtype != DType::boolean) return false;
        if (!fits_rows_or_elements(pairs.where, pairs.y_true, pairs.rows)) return false;
    }
    const bool is_one = pairs.y_true.dimensions == 1 && pairs.y_pred.dimensions == 1;
    is_one ? make_one(pairs, has_weights, has_where) : make_several(pairs, axis, has_weights, has_where);
    return true;
}

}  // namespace squarely
