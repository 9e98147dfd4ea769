// Keys of groups as Arrow has them: numbers, times, text and dictionaries. See squarely/groups/arrow_chunks.py.
#include "binding/arrow.hpp"

#include <cstring>
#include <string>
#include <string_view>

namespace squarely {
namespace {

// Dates and times are integers; of intervals there is none.
std::optional<DType> integers_of_time(std::string_view format) {
    if (format.size() < 3 || format[0] != 't' || format[1] == 'i') return std::nullopt;
    return format == "tdD" || format == "tts" || format == "ttm" ? DType::int32 : DType::int64;
}

std::optional<DType> words_of_format(std::string_view format) {
    for (int i = 0; i < dtype_count; ++i) {
        const char* known = element_types[i].arrow_format;
        if (*known != '\0' && format == known) return static_cast<DType>(i);
    }
    return integers_of_time(format);
}

const char* buffer(const ArrowArray& array, std::int64_t number) {
    return static_cast<const char*>(array.buffers[number]);
}

py::array bits_of(const char* data, std::int64_t first, std::int64_t length, const py::object& owner) {
    return view_of(data + first / 8, (first % 8 + length + 7) / 8, DType::uint8, owner);
}

template <class Offset>
py::tuple texts_of(const ArrowArray& array, std::int64_t first, std::int64_t length, DType type,
                   const py::object& owner) {
    const auto* offsets = static_cast<const Offset*>(array.buffers[1]) + first;
    return py::make_tuple(view_of(offsets, length + 1, type, owner),
                          view_of(array.buffers[2], offsets[length], DType::uint8, owner));
}

// Two words a view, and the buffers that longer texts lie in, whose lengths are in a buffer behind them.
py::tuple views_of(const ArrowArray& array, std::int64_t first, std::int64_t length, const py::object& owner) {
    py::list all;
    all.append(view_of(buffer(array, 1) + 16 * first, 2 * length, DType::int64, owner));
    const auto* lengths = static_cast<const std::int64_t*>(array.buffers[array.n_buffers - 1]);
    for (std::int64_t i = 2; i < array.n_buffers - 1; ++i) {
        all.append(view_of(array.buffers[i], lengths[i - 2], DType::uint8, owner));
    }
    return py::tuple(all);
}

// None of a type that is no key.
py::tuple buffers_of(std::string_view format, const ArrowArray& array, std::int64_t first, std::int64_t length,
                     const py::object& owner) {
    if (format == "b") return py::make_tuple(bits_of(buffer(array, 1), first, length, owner));
    if (const auto type = words_of_format(format)) {
        return py::make_tuple(view_of(buffer(array, 1) + first * element_size(*type), length, *type, owner));
    }
    if (format == "u" || format == "z") return texts_of<std::int32_t>(array, first, length, DType::int32, owner);
    if (format == "U" || format == "Z") return texts_of<std::int64_t>(array, first, length, DType::int64, owner);
    if (format == "vu" || format == "vz") return views_of(array, first, length, owner);
    if (format.substr(0, 2) == "w:") {
        const std::int64_t width = std::stoll(std::string(format.substr(2)));
        return py::make_tuple(view_of(buffer(array, 1) + first * width, length * width, DType::uint8, owner));
    }
    return py::tuple();
}

// (length, buffers, bitmap of what is there or None, bit where that and booleans begin, dictionary or None)
py::object chunk_of(const ArrowSchema& schema, const ArrowArray& array, std::int64_t offset, std::int64_t length,
                    const py::object& owner) {
    const std::int64_t first = offset + array.offset;
    py::object buffers = py::tuple(), validity = py::none(), dictionary = py::none();
    if (length > 0) buffers = buffers_of(schema.format, array, first, length, owner);
    if (length > 0 && array.null_count != 0 && array.n_buffers > 0 && array.buffers[0] != nullptr) {
        validity = bits_of(buffer(array, 0), first, length, owner);
    }
    if (schema.dictionary != nullptr && array.dictionary != nullptr) {
        dictionary = chunk_of(*schema.dictionary, *array.dictionary, 0, array.dictionary->length, owner);
    }
    return py::make_tuple(length, buffers, validity, first % 8, dictionary);
}

// (format, type of the dictionary or None)
py::object key_type_of(const ArrowSchema& schema) {
    return py::make_tuple(py::str(schema.format),
                          schema.dictionary == nullptr ? py::none() : key_type_of(*schema.dictionary));
}

py::str name_of(const ArrowSchema& schema) { return py::str(schema.name == nullptr ? "" : schema.name); }

bool may_have_null_rows(const ArrowArray& array) { return array.null_count != 0 && array.buffers[0] != nullptr; }

// (whether it is one column and no table, whether rows of a table are null, columns of (name, type, chunks))
py::object key_columns_of_batches(const ArrowSchema& schema, const std::vector<Batch>& batches) {
    const bool is_table = std::strcmp(schema.format, "+s") == 0;
    const std::int64_t count = is_table ? schema.n_children : 1;
    bool has_null_rows = false;
    py::list columns;
    for (std::int64_t i = 0; i < count; ++i) {
        const ArrowSchema& column = is_table ? *schema.children[i] : schema;
        py::list chunks;
        for (const Batch& batch : batches) {
            const ArrowArray& whole = *batch.array;
            has_null_rows |= is_table && may_have_null_rows(whole);
            chunks.append(is_table ? chunk_of(column, *whole.children[i], whole.offset, whole.length, batch.owner)
                                   : chunk_of(column, whole, 0, whole.length, batch.owner));
        }
        columns.append(py::make_tuple(name_of(column), key_type_of(column), chunks));
    }
    return py::make_tuple(!is_table, has_null_rows, columns);
}

}  // namespace

void register_arrow_keys(py::module_& module) {
    module.def(
        "keys_of_arrow", [](const py::object& source) { return read_arrow(source, key_columns_of_batches); },
        py::arg("source"));
}

}  // namespace squarely
