// The keys of groups, for python/squarely/groups.
#include "binding/binding.hpp"
#include "groups/key_order.hpp"
#include "groups/text_columns.hpp"
#include "groups/word_columns.hpp"
#include "machine/threads.hpp"

#include <cstring>
#include <stdexcept>
#include <string>
#include <tuple>

namespace squarely {
namespace {

// Of 64 bits, or texts. While one call works on it without the interpreter, another would find what is half done.
struct KeyTable {
    bool is_text;
    WordColumn words;
    TextKeys texts;
    bool is_in_use = false;
};

KeyTable& opened(KeyTable& table) {
    if (table.is_in_use) throw std::runtime_error("These keys are being changed by another call.");
    return table;
}

void work(KeyTable& table, std::ptrdiff_t rows, const std::function<void()>& job) {
    if (rows <= rows_with_the_gil) return job();
    struct InUse {
        explicit InUse(bool& flag) : flag_(flag) { flag_ = true; }
        ~InUse() { flag_ = false; }
        bool& flag_;
    } const in_use(table.is_in_use);
    without_the_interpreter(job);
}

using Codes = py::array_t<std::uint32_t, py::array::c_style>;

NewKeys fresh_if(bool adds) { return adds ? NewKeys::entered : NewKeys::found_only; }

// The values of a column, what of it is missing, and the bit where that begins.
ColumnList one_column(const py::handle& segment) {
    py::list segments;
    segments.append(segment);
    return columns_of(segments, 0);
}

// Of a segment, and whether its integers are times. None where integers below zero and beyond 2^63 meet.
py::object codes_of_words(KeyTable& table, const py::tuple& source, bool adds) {
    const ColumnList list = one_column(source[0]);
    const Meaning meaning = source[1].cast<bool>() ? Meaning::time : Meaning::number;
    Codes codes(list.rows);
    std::uint32_t* to = codes.mutable_data();
    bool fits = true;
    work(table, list.rows,
         [&] { fits = codes_of_column(table.words, list.columns[0], list.rows, meaning, fresh_if(adds), to); });
    return fits ? py::object(codes) : py::none();
}

py::object codes_of_two(KeyTable& table, const py::tuple& source, bool adds) {
    const auto first = source[0].cast<Codes>(), second = source[1].cast<Codes>();
    if (first.size() != second.size()) throw std::invalid_argument("The columns differ in length.");
    Codes codes(first.size());
    std::uint32_t* to = codes.mutable_data();
    work(table, first.size(),
         [&] { codes_of_pairs(table.words.keys, first.data(), second.data(), first.size(), fresh_if(adds), to); });
    return codes;
}

py::object codes_of_read(KeyTable& table, const ReadTexts& read, const Column* presence, py::ssize_t rows, bool adds) {
    Codes codes(rows);
    std::uint32_t* to = codes.mutable_data();
    work(table, rows, [&] { codes_of_texts(table.texts, read, presence, rows, fresh_if(adds), to); });
    return codes;
}

std::span<const char> memory_of(const py::array& bytes) {
    if (bytes.ndim() != 1 || bytes.itemsize() != 1 || (bytes.size() > 1 && bytes.strides(0) != 1)) {
        throw std::invalid_argument("Text lies in an array of bytes.");
    }
    return {static_cast<const char*>(bytes.data()), static_cast<std::size_t>(bytes.size())};
}

// Of starts, ends and the bytes that they are in.
py::object codes_of_spans(KeyTable& table, const py::tuple& source, bool adds) {
    const ColumnList first = one_column(source[0]);
    const ColumnList last = columns_of(source[1].cast<py::object>(), 0);
    if (first.rows != last.rows) throw std::invalid_argument("The offsets differ in length.");
    const auto data = source[2].cast<py::array>();
    const TextSpans spans{first.columns[0], last.columns[0], memory_of(data)};
    const ReadTexts read = [&](auto... rows) { spans.read(rows...); };
    return codes_of_read(table, read, &first.columns[0], first.rows, adds);
}

// Of the first words of the views, and their buffers.
py::object codes_of_views(KeyTable& table, const py::tuple& source, bool adds) {
    const ColumnList list = one_column(source[0]);
    TextViews views{list.columns[0], {}};
    if (list.rows > 1 && views.views.stride != 16) throw std::invalid_argument("A view has two words.");
    for (const py::handle& one : source[1].cast<py::tuple>()) {
        views.buffers.push_back(memory_of(py::reinterpret_borrow<py::array>(one)));
    }
    const ReadTexts read = [&](auto... rows) { views.read(rows...); };
    return codes_of_read(table, read, &list.columns[0], list.rows, adds);
}

py::object codes_of_fixed(KeyTable& table, const py::tuple& source, bool adds) {
    const auto array = source[0].cast<py::array>();
    const char kind = array.dtype().kind();
    if (array.ndim() != 1 || (kind != 'U' && kind != 'S')) {
        throw std::invalid_argument("There is no text of fixed width.");
    }
    const auto bytes = static_cast<std::size_t>(array.itemsize());
    const bool is_wide = kind == 'U';
    const FixedTexts fixed{static_cast<const char*>(array.data()), array.strides(0), is_wide ? bytes / 4 : bytes,
                           is_wide, is_swapped(array.dtype())};
    const ReadTexts read = [&](auto... rows) { fixed.read(rows...); };
    return codes_of_read(table, read, nullptr, array.shape(0), adds);
}

// The strings and bytes of Python. Whatever else is missing.
class ObjectReader {
  public:
    void read(const py::array& objects, std::ptrdiff_t first, std::ptrdiff_t count, std::string_view* texts) {
        utf8_.resize(std::max(utf8_.size(), room_for(objects, first, count)));
        char* to = utf8_.data();
        for (std::ptrdiff_t i = 0; i < count; ++i) {
            PyObject* object = object_at(objects, first + i);
            if (PyBytes_Check(object)) {
                texts[i] = {PyBytes_AS_STRING(object), static_cast<std::size_t>(PyBytes_GET_SIZE(object))};
            } else if (!PyUnicode_Check(object)) {
                texts[i] = {};
            } else if (PyUnicode_IS_ASCII(object)) {
                texts[i] = {static_cast<const char*>(PyUnicode_DATA(object)), length_of(object)};
            } else {
                char* start = to;
                for (std::size_t k = 0; k < length_of(object); ++k) {
                    to = write_utf8(PyUnicode_READ_CHAR(object, static_cast<Py_ssize_t>(k)), to);
                }
                texts[i] = {start, static_cast<std::size_t>(to - start)};
            }
        }
    }

  private:
    static PyObject* object_at(const py::array& objects, std::ptrdiff_t row) {
        PyObject* object;
        std::memcpy(&object, static_cast<const char*>(objects.data()) + row * objects.strides(0), sizeof object);
        return object == nullptr ? Py_None : object;
    }

    // Before Python 3.12 a string may have another form, that of its oldest interface.
    static void make_ready([[maybe_unused]] PyObject* object) {
#if PY_VERSION_HEX < 0x030c0000
        if (PyUnicode_Check(object) && PyUnicode_READY(object) != 0) throw py::error_already_set();
#endif
    }

    static std::size_t length_of(PyObject* text) { return static_cast<std::size_t>(PyUnicode_GET_LENGTH(text)); }

    static std::size_t room_for(const py::array& objects, std::ptrdiff_t first, std::ptrdiff_t count) {
        std::size_t room = 0;
        for (std::ptrdiff_t i = 0; i < count; ++i) {
            PyObject* object = object_at(objects, first + i);
            make_ready(object);
            if (PyUnicode_Check(object) && !PyUnicode_IS_ASCII(object)) room += 4 * length_of(object);
        }
        return room;
    }

    std::string utf8_;
};

struct OneThreadHere {
    const bool before = use_one_thread_here(true);

    ~OneThreadHere() { use_one_thread_here(before); }
};

// Objects are looked at while the interpreter is held.
py::object codes_of_objects(KeyTable& table, const py::tuple& source, bool adds) {
    const auto objects = source[0].cast<py::array>();
    if (objects.ndim() != 1 || objects.dtype().kind() != 'O') throw std::invalid_argument("There are no objects.");
    ObjectReader reader;
    const ReadTexts read = [&](std::ptrdiff_t first, std::ptrdiff_t count, const std::uint64_t*, std::string_view* to) {
        if (first % rows_with_the_gil == 0 && PyErr_CheckSignals() != 0) throw py::error_already_set();
        opened(table);  // a handler of signals may use it
        reader.read(objects, first, count, to);
    };
    Codes codes(objects.shape(0));
    const OneThreadHere one_thread;
    codes_of_texts(table.texts, read, nullptr, objects.shape(0), fresh_if(adds), codes.mutable_data());
    return codes;
}

struct Form {
    const char* name;
    bool is_text;
    py::object (*codes)(KeyTable& table, const py::tuple& source, bool adds);
};

constexpr Form forms[] = {
    {"words", false, codes_of_words}, {"pairs", false, codes_of_two},  {"spans", true, codes_of_spans},
    {"views", true, codes_of_views},  {"fixed", true, codes_of_fixed}, {"objects", true, codes_of_objects},
};

py::object codes_of(KeyTable& table, const std::string& form, const py::tuple& source, bool adds) {
    for (const Form& one : forms) {
        if (form == one.name && table.is_text == one.is_text) return one.codes(opened(table), source, adds);
    }
    throw std::invalid_argument("There are no such keys in this table.");
}

std::size_t size_of(KeyTable& table) {
    opened(table);
    return table.is_text ? table.texts.size() : table.words.keys.size();
}

std::size_t checked(std::size_t code, std::size_t size) {
    if (code >= size) throw py::index_error("There is no such code.");
    return code;
}

py::object key_of(KeyTable& table, std::size_t code) {
    checked(code, size_of(table));
    if (!table.is_text) return py::int_(table.words.keys.words()[code]);
    const std::string_view text = table.texts.text(code);
    return py::bytes(text.data(), text.size());
}

py::object texts_of(const TextKeys& keys, const Codes& codes) {
    py::array_t<std::int64_t> lengths(codes.size());
    std::string together;
    for (py::ssize_t i = 0; i < codes.size(); ++i) {
        const std::string_view text = keys.text(checked(codes.data()[i], keys.size()));
        together += text;
        lengths.mutable_data()[i] = static_cast<std::int64_t>(text.size());
    }
    return py::make_tuple(py::bytes(together), lengths);
}

// Words; or the bytes of all texts, one behind the other, and their lengths.
py::object keys_of(KeyTable& table, const Codes& codes) {
    const std::size_t size = size_of(table);
    if (table.is_text) return texts_of(table.texts, codes);
    py::array_t<std::uint64_t> words(codes.size());
    for (py::ssize_t i = 0; i < codes.size(); ++i) {
        words.mutable_data()[i] = table.words.keys.words()[checked(codes.data()[i], size)];
    }
    return words;
}

// The two codes of each pair.
py::object pairs_of_codes(KeyTable& table, const Codes& codes) {
    const std::size_t size = size_of(table);
    Codes first(codes.size()), second(codes.size());
    for (py::ssize_t i = 0; i < codes.size() && !table.is_text; ++i) {
        const std::uint64_t word = table.words.keys.words()[checked(codes.data()[i], size)];
        std::tie(first.mutable_data()[i], second.mutable_data()[i]) = unpaired(word);
    }
    return py::make_tuple(first, second);
}

Codes codes_of_order(KeyTable& table, bool are_floats) {
    opened(table);
    const Ordering ordering = are_floats                          ? Ordering::floats
                              : table.words.signs == Signs::large ? Ordering::large_integers
                                                                  : Ordering::integers;
    std::vector<std::uint32_t> order;
    work(table, static_cast<std::ptrdiff_t>(size_of(table)),
         [&] { order = table.is_text ? codes_in_order(table.texts) : codes_in_order(table.words.keys, ordering); });
    return Codes(static_cast<py::ssize_t>(order.size()), order.data());
}

py::object code_of_missing(KeyTable& table, NewKeys fresh) {
    opened(table);
    const std::uint32_t code =
        table.is_text ? table.texts.code_of_missing(fresh) : table.words.keys.code_of_missing(fresh);
    return code == no_code ? py::none() : py::object(py::int_(code));
}

void forget(KeyTable& table, std::size_t count) {
    opened(table);
    table.is_text ? table.texts.forget_after(count) : forget_after(table.words, count);
}

}  // namespace

void register_keys(py::module_& module) {
    module.attr("no_code") = no_code;
    py::class_<KeyTable>(module, "KeyTable")
        .def(py::init([](bool is_text) { return new KeyTable{is_text, {}, {}}; }), py::arg("is_text"))
        .def("copy", [](KeyTable& table) { return new KeyTable(opened(table)); })
        .def("__len__", &size_of)
        .def("codes", &codes_of, py::arg("form"), py::arg("source"), py::arg("adds"))
        .def("key", &key_of, py::arg("code"))
        .def("keys", &keys_of, py::arg("codes"))
        .def("pairs", &pairs_of_codes, py::arg("codes"))
        .def("in_order", &codes_of_order, py::arg("are_floats"))
        .def("add_missing", [](KeyTable& table) { return code_of_missing(table, NewKeys::entered); })
        .def("forget_after", &forget, py::arg("count"))
        .def_readonly("is_text", &KeyTable::is_text)
        .def_property_readonly("missing", [](KeyTable& table) { return code_of_missing(table, NewKeys::found_only); })
        .def_property_readonly("is_large", [](KeyTable& table) { return opened(table).words.signs == Signs::large; });
}

}  // namespace squarely
