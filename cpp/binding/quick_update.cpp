// Accumulator.update of short plain chunks, without a frame of Python and without the dispatch of pybind11: together
// they take as long as the arithmetic of 512 rows. Every other call goes to the Python function with the same
// arguments.
#include "accumulator/accumulator.hpp"
#include "binding/binding.hpp"
#include "binding/plain_sides.hpp"

#include <string>

namespace squarely {
namespace {

struct Method {
    PyObject* long_way = nullptr;
    PyTypeObject* core_type = nullptr;
    PyObject* core = PyUnicode_InternFromString("_core");
    PyObject* sample_weight = PyUnicode_InternFromString("sample_weight");
    PyObject* where = PyUnicode_InternFromString("where");
    std::string text;  // signature and words
};

Method& method() {
    static Method one;
    return one;
}

py::object core_of(PyObject* self) {
    PyObject* core = PyObject_GetAttr(self, method().core);
    if (core == nullptr) PyErr_Clear();
    return py::reinterpret_steal<py::object>(core);
}

// Null of anything but what the class itself makes.
Accumulator* accumulator_in(const py::object& core) {
    if (!core || Py_TYPE(core.ptr()) != method().core_type) return nullptr;
    const auto* instance = reinterpret_cast<const py::detail::instance*>(core.ptr());
    return instance->simple_layout ? static_cast<Accumulator*>(instance->simple_value_holder[0]) : nullptr;
}

bool set_options(PyObject* const* given, PyObject* names, py::handle& sample_weight, py::handle& where) {
    const py::ssize_t count = names == nullptr ? 0 : PyTuple_GET_SIZE(names);
    for (py::ssize_t i = 0; i < count; ++i) {
        const PyObject* name = PyTuple_GET_ITEM(names, i);
        if (name != method().sample_weight && name != method().where) return false;
        (name == method().where ? where : sample_weight) = given[i];
    }
    return true;
}

// Beside that of the rows.
bool has_axes(py::handle side) {
    return Py_TYPE(side.ptr()) == py::detail::npy_api::get().PyArray_Type_ &&
           py::detail::array_proxy(side.ptr())->nd > 1;
}

// Whether the chunk is added.
bool update_quickly(PyObject* self, PyObject* const* given, py::ssize_t count, PyObject* names) {
    if (count != 2) return false;
    py::handle sample_weight = Py_None;
    py::handle where = Py_None;
    if (!set_options(given + count, names, sample_weight, where)) return false;
    const py::object core = core_of(self);
    Accumulator* accumulator = accumulator_in(core);
    if (accumulator == nullptr) return false;
    if (has_axes(given[0]) || has_axes(given[1])) return false;  // a million outputs are not to be listed for nothing
    PlainPairs pairs;
    if (!see_plain_pairs(given[0], given[1], sample_weight, where, 0, Numbers::taken, pairs)) return false;
    return pairs.several.empty() && add_short_chunk(*accumulator, pairs.one, pairs.rows);
}

PyObject* update_by_long_way(PyObject* self, PyObject* const* given, py::ssize_t count, PyObject* names) {
    const py::ssize_t options = names == nullptr ? 0 : PyTuple_GET_SIZE(names);
    std::vector<PyObject*> all{self};
    all.insert(all.end(), given, given + count + options);
    return PyObject_Vectorcall(method().long_way, all.data(), static_cast<std::size_t>(count) + 1, names);
}

PyObject* update(PyObject* self, PyObject* const* given, py::ssize_t count, PyObject* names) noexcept {
    try {
        if (update_quickly(self, given, count, names)) return py::handle(self).inc_ref().ptr();
    } catch (const Refused&) {  // the long way says why
    } catch (...) {
        return error_for_exception();
    }
    return update_by_long_way(self, given, count, names);
}

PyMethodDef update_definition = {"update", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&update)),
                                 METH_FASTCALL | METH_KEYWORDS, nullptr};

// A method of the class, whose words are those of the Python function.
py::object quick_update(const py::type& owner, const py::function& long_way, const std::string& signature) {
    Method& one = method();
    one.long_way = py::object(long_way).release().ptr();  // as long as the process lives, like the class
    one.core_type = reinterpret_cast<PyTypeObject*>(py::type::of<Accumulator>().ptr());
    one.text = "update" + signature + "\n--\n\n" + py::str(long_way.attr("__doc__")).cast<std::string>();
    update_definition.ml_doc = one.text.c_str();
    PyObject* descriptor = PyDescr_NewMethod(reinterpret_cast<PyTypeObject*>(owner.ptr()), &update_definition);
    if (descriptor == nullptr) throw py::error_already_set();
    return py::reinterpret_steal<py::object>(descriptor);
}

}  // namespace

void register_quick_update(py::module_& module) {
    module.def("quick_update", &quick_update, py::arg("owner"), py::arg("long_way"), py::arg("signature"));
}

}  // namespace squarely
