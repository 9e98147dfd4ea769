#include "binding/arrow.hpp"

#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>

namespace squarely {
namespace {

template <class Structure>
void give_back(Structure* structure) {
    if (structure->release != nullptr) structure->release(structure);
    delete structure;
}

template <class Structure>
using Owned = std::unique_ptr<Structure, void (*)(Structure*)>;

template <class Structure>
Owned<Structure> owned() {
    return {new Structure{}, &give_back<Structure>};
}

template <class Structure>
Structure* pointed_at(const py::object& capsule, const char* label) {
    auto* pointer = static_cast<Structure*>(PyCapsule_GetPointer(capsule.ptr(), label));
    if (pointer == nullptr) throw py::error_already_set();
    return pointer;
}

std::optional<DType> type_of_format(const char* format) {
    for (int i = 0; i < dtype_count; ++i) {
        const char* known = element_types[i].arrow_format;
        if (*known != '\0' && std::strcmp(known, format) == 0) return static_cast<DType>(i);
    }
    return std::nullopt;
}

// NumPy's dtypes of the element types, asked for once.
const py::dtype& dtype_of_type(DType type) {
    static const auto* dtypes = [] {
        auto* all = new std::vector<py::dtype>;  // for as long as the module
        for (const ElementType& one : element_types) {
            const bool is_known = *one.arrow_format != '\0';
            all->push_back(is_known ? py::dtype::from_args(py::str(one.name)) : py::dtype::of<double>());
        }
        return all;
    }();
    return (*dtypes)[static_cast<std::size_t>(type)];
}

std::int64_t bytes_for(std::int64_t bits) { return (bits + 7) / 8; }

// (length, values or bits, bit where those begin, bitmap of what is there or None, bit where that begins). The values
// of what has no element type are not looked at.
py::tuple chunk_of(const ArrowArray& array, std::int64_t offset, std::int64_t length, std::optional<DType> type,
                   const py::object& owner) {
    const std::int64_t first = offset + array.offset;
    py::object values = py::none();
    py::object validity = py::none();
    if (type && length > 0) {
        const auto* data = static_cast<const char*>(array.buffers[1]);
        if (*type == DType::boolean) {
            values = view_of(data + first / 8, bytes_for(first % 8 + length), DType::uint8, owner);
        } else {
            values = view_of(data + first * element_size(*type), length, *type, owner);
        }
        const auto* bits = static_cast<const char*>(array.buffers[0]);
        if (array.null_count != 0 && bits != nullptr) {
            validity = view_of(bits + first / 8, bytes_for(first % 8 + length), DType::uint8, owner);
        }
    }
    return py::make_tuple(length, values, first % 8, validity, first % 8);
}

// (name, format, whether it is a dictionary, chunks)
py::tuple column_of(const ArrowSchema& schema, py::list chunks) {
    return py::make_tuple(py::str(schema.name == nullptr ? "" : schema.name), py::str(schema.format),
                          schema.dictionary != nullptr, std::move(chunks));
}

std::optional<DType> type_of(const ArrowSchema& schema) {
    return schema.dictionary == nullptr ? type_of_format(schema.format) : std::nullopt;
}

bool has_null_rows(const std::vector<Batch>& batches) {
    for (const Batch& batch : batches) {
        if (batch.array->null_count != 0 && batch.array->buffers[0] != nullptr) return true;
    }
    return false;
}

// (whether it is one column and no table, whether rows of a table are null, columns)
py::tuple columns_of_batches(const ArrowSchema& schema, const std::vector<Batch>& batches) {
    py::list columns;
    if (std::strcmp(schema.format, "+s") != 0) {
        py::list chunks;
        for (const Batch& batch : batches) {
            chunks.append(chunk_of(*batch.array, 0, batch.array->length, type_of(schema), batch.owner));
        }
        columns.append(column_of(schema, std::move(chunks)));
        return py::make_tuple(true, false, columns);
    }
    for (std::int64_t i = 0; i < schema.n_children; ++i) {
        const ArrowSchema& child = *schema.children[i];
        py::list chunks;
        for (const Batch& batch : batches) {
            const ArrowArray& array = *batch.array;
            chunks.append(chunk_of(*array.children[i], array.offset, array.length, type_of(child), batch.owner));
        }
        columns.append(column_of(child, std::move(chunks)));
    }
    return py::make_tuple(false, has_null_rows(batches), columns);
}

void check(ArrowArrayStream& stream, int status) {
    if (status == 0) return;
    const char* message = stream.get_last_error(&stream);
    throw py::value_error("The Arrow stream ended with error " + std::to_string(status) + ": " +
                          (message == nullptr ? "" : message));
}

using Read = std::function<py::object(const ArrowSchema&, const std::vector<Batch>&)>;

py::object read_stream(const py::object& capsule, const Read& read) {
    ArrowArrayStream& stream = *pointed_at<ArrowArrayStream>(capsule, "arrow_array_stream");
    const Owned<ArrowSchema> schema = owned<ArrowSchema>();
    check(stream, stream.get_schema(&stream, schema.get()));
    std::vector<Batch> batches;
    while (true) {
        Owned<ArrowArray> array = owned<ArrowArray>();
        check(stream, stream.get_next(&stream, array.get()));
        if (array->release == nullptr) break;
        const ArrowArray* kept = array.get();
        batches.push_back(
            {kept, py::capsule(array.release(), [](void* pointer) { give_back(static_cast<ArrowArray*>(pointer)); })});
    }
    return read(*schema, batches);
}

// Asks the type: some libraries look long for what an object does not have.
bool has(const py::object& source, const char* attribute) {
    return py::hasattr(reinterpret_cast<PyObject*>(Py_TYPE(source.ptr())), attribute);
}

// The usual column, one array of numbers without nulls, or None.
py::object plain_array_of(const ArrowSchema& schema, const std::vector<Batch>& batches) {
    const std::optional<DType> type = type_of(schema);
    if (!type || *type == DType::boolean || batches.size() != 1) return py::none();
    const ArrowArray& array = *batches[0].array;
    const bool has_nulls = array.null_count != 0 && array.buffers[0] != nullptr;
    if (has_nulls || array.length == 0) return py::none();
    const auto* data = static_cast<const char*>(array.buffers[1]);
    return view_of(data + array.offset * element_size(*type), array.length, *type, batches[0].owner);
}

}  // namespace

bool has_arrow(const py::object& source) {
    return has(source, "__arrow_c_array__") || has(source, "__arrow_c_stream__");
}

py::object read_arrow(const py::object& source, const Read& read) {
    if (!has(source, "__arrow_c_array__")) return read_stream(source.attr("__arrow_c_stream__")(py::none()), read);
    const py::tuple capsules = source.attr("__arrow_c_array__")(py::none());
    const ArrowSchema& schema = *pointed_at<ArrowSchema>(capsules[0], "arrow_schema");
    return read(schema, std::vector<Batch>{{pointed_at<ArrowArray>(capsules[1], "arrow_array"), capsules[1]}});
}

py::array view_of(const void* data, std::int64_t count, DType type, const py::object& owner) {
    py::array view(dtype_of_type(type), {static_cast<py::ssize_t>(count)}, {}, data, owner);
    py::detail::array_proxy(view.ptr())->flags &= ~py::detail::npy_api::NPY_ARRAY_WRITEABLE_;
    return view;
}

void register_arrow(py::module_& module) {
    // Before threads come: making them lets go of the interpreter, which another thread would hold while it waits for
    // them.
    (void)dtype_of_type(DType::float64);
    py::dict formats;  // the names of NumPy by Arrow's formats
    for (const ElementType& type : element_types) {
        if (*type.arrow_format != '\0') formats[type.arrow_format] = type.name;
    }
    module.attr("arrow_formats") = formats;
    module.def(
        "columns_of_arrow", [](const py::object& source) { return read_arrow(source, columns_of_batches); },
        py::arg("source"));
    module.def(
        "plain_array_of_arrow",
        [](const py::object& source) -> py::object {
            return has_arrow(source) ? read_arrow(source, plain_array_of) : py::none();
        },
        py::arg("source"));
}

}  // namespace squarely
