// Windows for python/squarely/rolling. CPython's call of an update is taken as it is, because the dispatch of pybind11
// would cost more than a row does.
#include "accumulator/window.hpp"

#include "binding/binding.hpp"
#include "binding/plain_sides.hpp"

namespace squarely {
namespace {

std::ptrdiff_t size_of(const Chunk& chunk) { return chunk.rows * static_cast<std::ptrdiff_t>(chunk.outputs.size()); }

// A window changes while the interpreter is held, in one go: neither a signal nor another thread nor a fork sees it
// half done. What takes long is done before, beside the window.
void take_in(RowWindow& window, const Chunk& chunk) {
    if (size_of(chunk) <= rows_with_the_gil && take_short_chunk(window, chunk)) return;
    const auto configuration = window.configuration;
    const std::uint64_t length = window.length;
    std::optional<RowsToEnter> entering;
    without_the_interpreter([&] { entering = rows_to_enter(*configuration, chunk, length); });
    take(window, std::move(*entering));
}

void take_in(ChunkWindow& window, const Chunk& chunk) {
    const auto configuration = window.configuration;
    State sums;
    const auto pass = [&] { sums = pass_over(*configuration, chunk.outputs, chunk.rows); };
    size_of(chunk) > rows_with_the_gil ? without_the_interpreter(pass) : pass();
    take(window, std::move(sums), chunk.shape);
}

// False where the chunk is not plain, or is refused: the long way says why.
template <class AnyWindow>
bool take_in_plain(AnyWindow& window, PyObject* const* given) {
    PlainPairs pairs;
    if (!see_plain_pairs(given[0], given[1], given[2], Py_None, 0, Numbers::taken, pairs)) return false;
    static constexpr std::size_t one_output[] = {1};
    const std::span<const std::size_t> shape =
        pairs.shape.empty() ? one_output : std::span<const std::size_t>(pairs.shape);
    try {
        take_in(window, {pairs.outputs(), pairs.rows, shape});
        return true;
    } catch (const Refused&) {
        return false;
    }
}

template <class AnyWindow>
PyObject* update(PyObject* self, PyObject* const* given, py::ssize_t count) noexcept {
    void* window = reinterpret_cast<py::detail::instance*>(self)->get_value_and_holder().value_ptr();
    if (count != 3 || window == nullptr) {
        PyErr_SetString(PyExc_TypeError, "update takes y_true, y_pred and sample_weight.");
        return nullptr;
    }
    try {
        return PyBool_FromLong(take_in_plain(*static_cast<AnyWindow*>(window), given) ? 1 : 0);
    } catch (...) {
        return error_for_exception();
    }
}

template <class AnyWindow>
PyMethodDef update_of = {"update", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&update<AnyWindow>)),
                         METH_FASTCALL, nullptr};

void update_from_arrays(RowWindow& window, const py::array& y_true, const py::array& y_pred,
                        const py::object& sample_weight, const Shape& shape) {
    const PairsList pairs = pairs_of(y_true, y_pred, py::none(), 0, sample_weight);
    take_in(window, {pairs.outputs, pairs.rows, shape});
}

py::dtype dtype_of_column(const Column& column) {
    const py::dtype native = py::dtype::from_args(py::str(facts_of(column.dtype).name));
    return column.swapped ? py::dtype::from_args(native.attr("newbyteorder")()) : native;
}

// A copy of neighbouring columns, of shape (rows, *shape).
py::array array_of(const Column& first, std::ptrdiff_t rows, const Shape& shape) {
    std::vector<py::ssize_t> lengths{rows};
    lengths.insert(lengths.end(), shape.begin(), shape.end());
    std::vector<py::ssize_t> strides(lengths.size(), first.stride);
    py::ssize_t step = element_size(first.dtype);
    for (std::size_t i = lengths.size() - 1; i > 0; --i) {
        strides[i] = step;
        step *= lengths[i];
    }
    return py::array(dtype_of_column(first), lengths, strides, first.data);
}

py::object weights_of(const Pairs& pairs, std::ptrdiff_t rows, const Shape& shape) {
    if (!are_weighted(pairs)) return py::none();
    const bool is_of_rows = pairs.weights.stride == element_size(pairs.weights.dtype);
    return array_of(pairs.weights, rows, is_of_rows ? Shape{} : shape);
}

// Truth, predictions and weights of the rows inside, some at a time.
py::list list_of_rows(const RowWindow& window) {
    py::list all;
    window.rows.for_each(
        first_inside(window), window.rows.end(), [&](std::span<const Pairs> outputs, std::ptrdiff_t rows) {
            const Pairs& first = outputs[0];
            const Shape& shape = window.kind.shape;
            all.append(py::make_tuple(array_of(first.y_true, rows, shape), array_of(first.y_pred, rows, shape),
                                      weights_of(first, rows, shape)));
        });
    return all;
}

py::list chunks_of(const ChunkWindow& window) {
    py::list all;
    for (const State& chunk : window.chunks) {
        Accumulator accumulator(window.configuration);
        add(accumulator, State(chunk), window.kind.shape);
        all.append(py::cast(std::move(accumulator)));
    }
    return all;
}

template <class AnyWindow>
py::class_<AnyWindow> window_class(py::module_& module, const char* name) {
    py::class_<AnyWindow> type(module, name);
    type.def(py::init([](const std::shared_ptr<Configuration>& configuration, std::uint64_t length) {
                 return AnyWindow(configuration, length);
             }),
             py::arg("configuration"), py::arg("length"))
        .def("snapshot", [](AnyWindow& window) { return snapshot(window); })
        .def("reset", [](AnyWindow& window) { reset(window); })
        .def("copy", [](const AnyWindow& window) { return copy_of(window); });
    PyObject* method = PyDescr_NewMethod(reinterpret_cast<PyTypeObject*>(type.ptr()), &update_of<AnyWindow>);
    type.attr("update") = py::reinterpret_steal<py::object>(method);
    return type;
}

}  // namespace

void register_window(py::module_& module) {
    window_class<RowWindow>(module, "RowWindow")
        .def("add", &update_from_arrays, py::arg("y_true"), py::arg("y_pred"), py::arg("sample_weight"),
             py::arg("shape"))
        .def("rows", &list_of_rows)
        .def_property_readonly("bytes_held", [](const RowWindow& window) { return window.rows.bytes(); });
    window_class<ChunkWindow>(module, "ChunkWindow")
        .def(
            "add", [](ChunkWindow& window, const State& sums, const Shape& shape) { take(window, State(sums), shape); },
            py::arg("sums"), py::arg("shape"))
        .def("chunks", &chunks_of);
}

}  // namespace squarely
