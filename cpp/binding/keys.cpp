// The keys of groups, for python/squarely/groups.
#include "binding/binding.hpp"
#include "groups/text_columns.hpp"
#include "groups/word_columns.hpp"

#include <cstring>
#include <stdexcept>

namespace squarely {
namespace {

// While one call works without the interpreter, another would find what is half done.
template <class Keys>
struct Shared {
    Shared() = default;
    explicit Shared(const Keys& others) : keys(others) {}

    Keys keys;
    bool is_in_use = false;
};

template <class Keys>
Keys& opened(Shared<Keys>& shared) {
    if (shared.is_in_use) throw std::runtime_error("These keys are being changed by another call.");
    return shared.keys;
}

template <class Keys>
void work(Shared<Keys>& shared, std::ptrdiff_t rows, const std::function<void()>& job) {
    if (rows <= rows_with_the_gil) return job();
    struct InUse {
        explicit InUse(bool& flag) : flag_(flag) { flag_ = true; }
        ~InUse() { flag_ = false; }
        bool& flag_;
    } const in_use(shared.is_in_use);
    without_the_interpreter(job);
}

using Codes = py::array_t<std::uint32_t>;
using CodesInOrder = py::array_t<std::uint32_t, py::array::c_style>;
using Words = Shared<WordColumn>;
using Texts = Shared<TextKeys>;

NewKeys fresh_if(bool adds) { return adds ? NewKeys::entered : NewKeys::found_only; }

// The values of a column, what of it is missing, and the bit where that begins.
ColumnList one_column(const py::tuple& segment) {
    py::list segments;
    segments.append(segment);
    return columns_of(segments, 0);
}

// None where integers below zero and beyond 2^63 meet.
py::object codes_of_words(Words& words, const py::tuple& segment, bool is_time, bool adds) {
    WordColumn& known = opened(words);
    const ColumnList list = one_column(segment);
    Codes codes(list.rows);
    std::uint32_t* to = codes.mutable_data();
    bool fits = true;
    work(words, list.rows, [&] {
        fits = codes_of_column(known, list.columns[0], list.rows, is_time ? Meaning::time : Meaning::number,
                               fresh_if(adds), to);
    });
    return fits ? py::object(codes) : py::none();
}

Codes codes_of_two(Words& words, const CodesInOrder& first, const CodesInOrder& second, bool adds) {
    WordKeys& keys = opened(words).keys;
    if (first.size() != second.size()) throw std::invalid_argument("The columns differ in length.");
    Codes codes(first.size());
    std::uint32_t* to = codes.mutable_data();
    work(words, first.size(),
         [&] { codes_of_pairs(keys, first.data(), second.data(), first.size(), fresh_if(adds), to); });
    return codes;
}

py::tuple codes_paired(Words& words) {
    const auto keys = opened(words).keys.words();
    Codes first(static_cast<py::ssize_t>(keys.size())), second(static_cast<py::ssize_t>(keys.size()));
    for (std::size_t i = 0; i < keys.size(); ++i) {
        std::tie(first.mutable_data()[i], second.mutable_data()[i]) = unpaired(keys[i]);
    }
    return py::make_tuple(first, second);
}

Codes codes_of_read(Texts& texts, const ReadTexts& read, const Column* presence, py::ssize_t rows, bool adds) {
    TextKeys& keys = opened(texts);
    Codes codes(rows);
    std::uint32_t* to = codes.mutable_data();
    work(texts, rows, [&] { codes_of_texts(keys, read, presence, rows, fresh_if(adds), to); });
    return codes;
}

std::span<const char> memory_of(const py::array& bytes) {
    if (bytes.ndim() != 1 || bytes.itemsize() != 1 || (bytes.size() > 1 && bytes.strides(0) != 1)) {
        throw std::invalid_argument("Text lies in an array of bytes.");
    }
    return {static_cast<const char*>(bytes.data()), static_cast<std::size_t>(bytes.size())};
}

Codes codes_of_spans(Texts& texts, const py::tuple& starts, const py::array& ends, const py::array& data, bool adds) {
    const ColumnList first = one_column(starts);
    const ColumnList last = columns_of(ends, 0);
    if (first.rows != last.rows) throw std::invalid_argument("The offsets differ in length.");
    const TextSpans spans{first.columns[0], last.columns[0], memory_of(data)};
    const ReadTexts read = [&](auto... rows) { spans.read(rows...); };
    return codes_of_read(texts, read, &first.columns[0], first.rows, adds);
}

// The column is of the first words of the views.
Codes codes_of_views(Texts& texts, const py::tuple& views, const std::vector<py::array>& buffers, bool adds) {
    const ColumnList list = one_column(views);
    TextViews spans{list.columns[0], {}};
    if (list.rows > 1 && spans.views.stride != 16) throw std::invalid_argument("A view has two words.");
    for (const py::array& one : buffers) spans.buffers.push_back(memory_of(one));
    const ReadTexts read = [&](auto... rows) { spans.read(rows...); };
    return codes_of_read(texts, read, &list.columns[0], list.rows, adds);
}

Codes codes_of_fixed(Texts& texts, const py::array& array, bool adds) {
    const char kind = array.dtype().kind();
    if (array.ndim() != 1 || (kind != 'U' && kind != 'S'))
        throw std::invalid_argument("There is no text of fixed width.");
    const auto bytes = static_cast<std::size_t>(array.itemsize());
    const bool is_wide = kind == 'U';
    FixedTexts fixed{static_cast<const char*>(array.data()),
                     array.strides(0),
                     is_wide ? bytes / 4 : bytes,
                     is_wide,
                     is_swapped(array.dtype()),
                     {}};
    const ReadTexts read = [&](auto... rows) { fixed.read(rows...); };
    return codes_of_read(texts, read, nullptr, array.shape(0), adds);
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

    static std::size_t length_of(PyObject* text) { return static_cast<std::size_t>(PyUnicode_GET_LENGTH(text)); }

    static std::size_t room_for(const py::array& objects, std::ptrdiff_t first, std::ptrdiff_t count) {
        std::size_t room = 0;
        for (std::ptrdiff_t i = 0; i < count; ++i) {
            PyObject* object = object_at(objects, first + i);
            if (PyUnicode_Check(object) && !PyUnicode_IS_ASCII(object)) room += 4 * length_of(object);
        }
        return room;
    }

    std::string utf8_;
};

// Objects are looked at while the interpreter is held.
Codes codes_of_objects(Texts& texts, const py::array& objects, bool adds) {
    TextKeys& keys = opened(texts);
    if (objects.ndim() != 1 || objects.dtype().kind() != 'O') throw std::invalid_argument("There are no objects.");
    ObjectReader reader;
    const ReadTexts read = [&](std::ptrdiff_t first, std::ptrdiff_t count, const std::uint64_t*, std::string_view* to) {
        if (first % rows_with_the_gil == 0 && PyErr_CheckSignals() != 0) throw py::error_already_set();
        opened(texts);  // a handler of signals may have used them
        reader.read(objects, first, count, to);
    };
    Codes codes(objects.shape(0));
    codes_of_texts(keys, read, nullptr, objects.shape(0), fresh_if(adds), codes.mutable_data());
    return codes;
}

py::object code_or_none(std::uint32_t code) { return code == no_code ? py::none() : py::object(py::int_(code)); }

py::array words_of(Words& words) {
    const auto all = opened(words).keys.words();
    return py::array_t<std::uint64_t>(static_cast<py::ssize_t>(all.size()), all.data());
}

std::uint64_t word_of(Words& words, std::size_t code) {
    const auto all = opened(words).keys.words();
    if (code >= all.size()) throw py::index_error("There is no such code.");
    return all[code];
}

py::bytes text_of(Texts& texts, std::size_t code) {
    const TextKeys& keys = opened(texts);
    if (code >= keys.size()) throw py::index_error("There is no such code.");
    const std::string_view text = keys.text(code);
    return {text.data(), text.size()};
}

// The bytes of some keys, one behind the other, and their lengths.
py::tuple texts_of(Texts& texts, const CodesInOrder& codes) {
    const TextKeys& keys = opened(texts);
    py::array_t<std::int64_t> lengths(codes.size());
    std::string together;
    for (py::ssize_t i = 0; i < codes.size(); ++i) {
        if (codes.data()[i] >= keys.size()) throw py::index_error("There is no such code.");
        const std::string_view text = keys.text(codes.data()[i]);
        together += text;
        lengths.mutable_data()[i] = static_cast<std::int64_t>(text.size());
    }
    return py::make_tuple(py::bytes(together), lengths);
}

Codes order_of(Texts& texts) {
    const auto order = opened(texts).in_order();
    return Codes(static_cast<py::ssize_t>(order.size()), order.data());
}

const char* sign_of(Words& words) {
    constexpr const char* names[] = {"none", "negative", "large"};
    return names[static_cast<int>(opened(words).signs)];
}

}  // namespace

void register_keys(py::module_& module) {
    module.attr("no_code") = no_code;
    py::class_<Words>(module, "WordKeys")
        .def(py::init([] { return std::make_unique<Words>(); }))
        .def("copy", [](Words& words) { return std::make_unique<Words>(opened(words)); })
        .def("__len__", [](Words& words) { return opened(words).keys.size(); })
        .def("codes", &codes_of_words, py::arg("segment"), py::arg("is_time"), py::arg("adds"))
        .def("codes_of_pairs", &codes_of_two, py::arg("first"), py::arg("second"), py::arg("adds"))
        .def("pairs", &codes_paired)
        .def("words", &words_of)
        .def("word", &word_of, py::arg("code"))
        .def_property_readonly("signs", &sign_of)
        .def_property_readonly("missing",
                               [](Words& words) { return code_or_none(opened(words).keys.code_of_missing()); })
        .def("add_missing", [](Words& words) { return opened(words).keys.code_of_missing(NewKeys::entered); })
        .def(
            "forget_after", [](Words& words, std::size_t count) { forget_after(opened(words), count); },
            py::arg("count"));
    py::class_<Texts>(module, "TextKeys")
        .def(py::init([] { return std::make_unique<Texts>(); }))
        .def("copy", [](Texts& texts) { return std::make_unique<Texts>(opened(texts)); })
        .def("__len__", [](Texts& texts) { return opened(texts).size(); })
        .def("codes_of_spans", &codes_of_spans, py::arg("starts"), py::arg("ends"), py::arg("data"), py::arg("adds"))
        .def("codes_of_views", &codes_of_views, py::arg("views"), py::arg("buffers"), py::arg("adds"))
        .def("codes_of_fixed", &codes_of_fixed, py::arg("array"), py::arg("adds"))
        .def("codes_of_objects", &codes_of_objects, py::arg("objects"), py::arg("adds"))
        .def("texts", &texts_of, py::arg("codes"))
        .def("text", &text_of, py::arg("code"))
        .def("in_order", &order_of)
        .def_property_readonly("missing", [](Texts& texts) { return code_or_none(opened(texts).code_of_missing()); })
        .def("add_missing", [](Texts& texts) { return opened(texts).code_of_missing(NewKeys::entered); })
        .def(
            "forget_after", [](Texts& texts, std::size_t count) { opened(texts).forget_after(count); },
            py::arg("count"));
}

}  // namespace squarely
