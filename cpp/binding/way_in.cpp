// The one entry of metric calls: plain arrays, any option, to a score. CPython's vectorcall is taken as it is, because
// the dispatch of pybind11 would cost more than the arithmetic of a hundred pairs. Whatever is not plain, and whatever
// there is something to say about, goes to the Python function the entry was made with, with the same arguments.
#include "accumulator/one_call.hpp"
#include "binding/binding.hpp"
#include "binding/plain_sides.hpp"
#include "numbers/average.hpp"

#include <array>

namespace squarely {
namespace {

// The words of options are interned strings of the callers' code, nearly always the same objects.
struct Words {
    PyObject* parameter = PyUnicode_InternFromString("parameter");
    PyObject* sample_weight = PyUnicode_InternFromString("sample_weight");
    PyObject* multioutput = PyUnicode_InternFromString("multioutput");
    PyObject* where = PyUnicode_InternFromString("where");
    PyObject* nan_policy = PyUnicode_InternFromString("nan_policy");
    PyObject* summation = PyUnicode_InternFromString("summation");
    PyObject* complex_values = PyUnicode_InternFromString("complex_values");
    PyObject* raise = PyUnicode_InternFromString("raise");
    PyObject* exact = PyUnicode_InternFromString("exact");
    PyObject* uniform_average = PyUnicode_InternFromString("uniform_average");
};

const Words& words() {
    static const Words all;
    return all;
}

std::string_view text_of(PyObject* object) {
    if (!PyUnicode_CheckExact(object)) return {};
    py::ssize_t size = 0;
    const char* text = PyUnicode_AsUTF8AndSize(object, &size);
    if (text == nullptr) PyErr_Clear();
    return text == nullptr ? std::string_view{} : std::string_view(text, static_cast<std::size_t>(size));
}

// Rows by the string objects that name them, which callers' code keeps alive.
const Metric* metric_of(PyObject* name) {
    struct Known {
        PyObject* name = nullptr;
        const Metric* metric = nullptr;
    };
    static std::array<Known, 256> all;
    Known& known = all[reinterpret_cast<std::uintptr_t>(name) / 16 % all.size()];
    if (known.name == name) return known.metric;
    const Metric* metric = find_metric(text_of(name));
    if (metric == nullptr || metric->kind != MetricKind::sums) return nullptr;
    Py_INCREF(name);  // kept, so that the address stays its own
    Py_XDECREF(known.name);
    known = {name, metric};
    return metric;
}

struct Arguments {
    PyObject* y_true = nullptr;
    PyObject* y_pred = nullptr;
    PyObject* sample_weight = Py_None;
    PyObject* where = Py_None;
};

template <class Choice, std::size_t count>
bool choose(PyObject* given, PyObject* usual, const std::string_view (&names)[count], Choice& choice) {
    if (given == usual) return true;
    const std::optional<Choice> found = choice_named<Choice>(text_of(given), names);
    if (found) choice = *found;
    return found.has_value();
}

bool set_parameter(PyObject* given, Question& question) {
    const Parameter& parameter = *question.asked.metric->parameter;
    if (parameter.contains == nullptr) return false;
    if (parameter.is_boolean) {
        question.asked.parameter = given == Py_True ? 1 : 0;
        return PyBool_Check(given);
    }
    if (PyFloat_Check(given)) {
        question.asked.parameter = PyFloat_AS_DOUBLE(given) + 0.0;  // of two zeros one
        return parameter.words.empty() && parameter.contains(question.asked.parameter);
    }
    if (PyLong_CheckExact(given)) {
        question.asked.parameter = PyLong_AsDouble(given);
        const bool is_beyond = PyErr_Occurred() != nullptr;
        PyErr_Clear();
        return !is_beyond && parameter.words.empty() && parameter.contains(question.asked.parameter);
    }
    const std::string_view text = text_of(given);
    for (const ParameterWord& one : parameter.words) {
        if (one.word != text) continue;
        question.asked.parameter = one.number;
        return true;
    }
    return false;
}

bool set_option(PyObject* name, PyObject* given, Question& question, Arguments& arguments) {
    const Words& known = words();
    if (name == known.sample_weight) {
        arguments.sample_weight = given;
        return true;
    }
    if (name == known.where) {
        arguments.where = given;
        return true;
    }
    if (name == known.multioutput) {
        return choose(given, known.uniform_average, averaging_names, question.averaging) &&
               question.averaging != Averaging::variance_weighted;
    }
    if (name == known.nan_policy) return choose(given, known.raise, nan_policy_names, question.nan_policy);
    if (name == known.summation) return choose(given, known.exact, summation_names, question.summation);
    if (name == known.parameter) return set_parameter(given, question);
    return name == known.complex_values && given == Py_False;
}

bool read_arguments(PyObject* const* given, py::ssize_t count, PyObject* names, Question& question,
                    Arguments& arguments) {
    if (count != 3) return false;
    question.asked.metric = metric_of(given[0]);
    if (question.asked.metric == nullptr) return false;
    question.asked.parameter = question.asked.metric->default_parameter;
    arguments.y_true = given[1];
    arguments.y_pred = given[2];
    const py::ssize_t options = names == nullptr ? 0 : PyTuple_GET_SIZE(names);
    for (py::ssize_t i = 0; i < options; ++i) {
        if (!set_option(PyTuple_GET_ITEM(names, i), given[3 + i], question, arguments)) return false;
    }
    return true;
}

bool answer_without_the_gil(const Question& question, const PlainPairs& pairs, std::span<double> values) {
    const auto rows = pairs.rows;
    if (rows * static_cast<py::ssize_t>(values.size()) <= rows_with_the_gil) {
        return answer(question, pairs.outputs(), rows, values);
    }
    bool is_answered = false;
    without_the_interpreter([&] { is_answered = answer(question, pairs.outputs(), rows, values); });
    return is_answered;
}

PyObject* raw_values(std::vector<std::size_t>& shape, std::span<const double> values) {
    if (shape.empty()) shape.push_back(1);
    py::array_t<double> raw(std::vector<py::ssize_t>(shape.begin(), shape.end()));
    std::copy(values.begin(), values.end(), raw.mutable_data());
    return raw.release().ptr();
}

// Null, with no error set, where the long way is to be taken.
PyObject* quick_score(PyObject* const* given, py::ssize_t count, PyObject* names) {
    Question question;
    Arguments arguments;
    if (!read_arguments(given, count, names, question, arguments)) return nullptr;
    PlainPairs pairs;
    if (!see_plain_pairs(arguments.y_true, arguments.y_pred, arguments.sample_weight, arguments.where, 0,
                         Numbers::refused, pairs)) {
        return nullptr;
    }
    if (pairs.shape.size() > 1) return nullptr;
    const std::size_t outputs = pairs.outputs().size();
    if (outputs == 1 && question.averaging == Averaging::uniform_average) {
        double value = 0;
        return answer_without_the_gil(question, pairs, {&value, 1}) ? PyFloat_FromDouble(value) : nullptr;
    }
    if (outputs > 1 && question.asked.metric->takes_one_output) return nullptr;
    std::vector<double> values(outputs);
    if (!answer_without_the_gil(question, pairs, values)) return nullptr;
    if (question.averaging == Averaging::raw_values) return raw_values(pairs.shape, values);
    return PyFloat_FromDouble(average(values, std::vector<double>(outputs, 1.0)));
}

PyObject* score(PyObject* long_way, PyObject* const* given, py::ssize_t count, PyObject* names) noexcept {
    try {
        PyObject* value = quick_score(given, count, names);
        if (value != nullptr || PyErr_Occurred() != nullptr) return value;
    } catch (const Refused&) {  // the long way says why
    } catch (...) {
        return error_for_exception();
    }
    return PyObject_Vectorcall(long_way, given, static_cast<std::size_t>(count), names);
}

py::object score_of(const Configuration& configuration, std::vector<std::size_t>& shape,
                    std::span<const double> values) {
    if (configuration.averaging == Averaging::raw_values) {
        return py::reinterpret_steal<py::object>(raw_values(shape, values));
    }
    if (values.size() == 1) return py::float_(values[0]);
    const std::vector<double> alike(values.size(), 1.0);
    return py::float_(average(values, configuration.output_weights.empty() ? alike : configuration.output_weights));
}

py::tuple scores_of(const Configuration& configuration, std::vector<std::size_t>& shape, const Answer& answer) {
    py::tuple scores(configuration.metrics.size());
    const std::span<const double> values = answer.values;
    const std::size_t outputs = values.size() / scores.size();
    for (std::size_t i = 0; i < scores.size(); ++i) {
        scores[i] = score_of(configuration, shape, values.subspan(i * outputs, outputs));
    }
    const PairCounts& counts = answer.counts;
    return py::make_tuple(scores, counts.pairs, counts.missing_true + counts.missing_pred + counts.masked);
}

bool may_average(const Configuration& configuration, std::size_t outputs) {
    if (configuration.averaging == Averaging::variance_weighted) return outputs == 1;
    return configuration.averaging != Averaging::weights ||
           (outputs > 1 && configuration.output_weights.size() == outputs);
}

// All scores of a configuration, how many pairs they are of and how many were left out: a tuple a prediction; or None.
py::object scores_at_once(const Configuration& configuration, const py::object& y_true, const py::tuple& predictions,
                          const py::object& sample_weight, const py::object& where, py::ssize_t axis) {
    if (predictions.empty() || configuration.complex_values) return py::none();
    std::vector<PlainPairs> sides(predictions.size());
    std::vector<std::span<const Pairs>> pairs;
    for (std::size_t i = 0; i < sides.size(); ++i) {
        PlainPairs& own = sides[i];
        if (!see_plain_pairs(y_true, predictions[i], sample_weight, where, axis, Numbers::refused, own)) {
            return py::none();
        }
        pairs.push_back(own.outputs());
    }
    if (!may_average(configuration, pairs[0].size())) return py::none();
    std::vector<Answer> answers(pairs.size());
    bool is_answered = false;
    without_the_interpreter([&] { is_answered = answer_all(configuration, pairs, sides[0].rows, answers); });
    if (!is_answered) return py::none();
    py::tuple all(answers.size());
    for (std::size_t i = 0; i < answers.size(); ++i) all[i] = scores_of(configuration, sides[i].shape, answers[i]);
    return all;
}

PyMethodDef score_definition = {"score", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&score)),
                                METH_FASTCALL | METH_KEYWORDS, nullptr};

}  // namespace

void register_way_in(py::module_& module) {
    (void)words();
    know_numpy_types();
    module.def("scores_at_once", &scores_at_once, py::arg("configuration"), py::arg("y_true"), py::arg("predictions"),
               py::arg("sample_weight"), py::arg("where"), py::arg("axis"));
    module.def(
        "way_in",
        [](const py::function& long_way) {
            return py::reinterpret_steal<py::object>(PyCFunction_New(&score_definition, long_way.ptr()));
        },
        py::arg("long_way"));
}

}  // namespace squarely
