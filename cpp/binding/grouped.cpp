#include "accumulator/grouped.hpp"

#include "accumulator/scores.hpp"
#include "binding/binding.hpp"

#include <limits>
#include <stdexcept>
#include <utility>

namespace squarely {
namespace {

using NumbersOfRows = py::array_t<std::uint32_t, py::array::c_style>;
using SharedConfiguration = std::shared_ptr<Configuration>;

GroupNumbers numbers_of(const NumbersOfRows& array, std::size_t count) {
    const GroupNumbers numbers{array.data(), static_cast<std::size_t>(array.size())};
    if (array.ndim() != 1 || !are_all_below(numbers, count)) throw std::invalid_argument("There are no such groups.");
    return numbers;
}

GroupNumbers numbers_of_groups(const NumbersOfRows& array, std::size_t count, const GroupedAccumulator& grouped) {
    if (static_cast<std::size_t>(array.size()) != grouped.groups) {
        throw std::invalid_argument("There must be a number for every group.");
    }
    return numbers_of(array, count);
}

// The sums of a pass over columns, which may come in pieces, of so many groups.
struct PassByGroup {
    SharedConfiguration configuration;
    std::size_t count;
    std::vector<SumsByGroup> pieces;
};

void add_piece(PassByGroup& pass, const py::object& y_true, const py::object& y_pred, const NumbersOfRows& groups,
               const py::object& where, py::ssize_t axis, const py::object& sample_weight) {
    const PairsList pairs = pairs_of(y_true, y_pred, where, axis, sample_weight);
    if (groups.size() != pairs.rows) throw std::invalid_argument("There must be a group for every row.");
    without_the_interpreter([&] {
        const GroupNumbers numbers = numbers_of(groups, pass.count);
        pass.pieces.push_back(grouped_pass(*pass.configuration, pairs.outputs, pairs.rows, numbers, pass.count));
    });
}

// Callers let one call at a time change or read an accumulator.
bool is_short_chunk_added(GroupedAccumulator& grouped, const py::object& y_true, const py::object& y_pred,
                          const NumbersOfRows& groups, std::size_t count, const py::object& where, py::ssize_t axis,
                          const Shape& shape) {
    const PairsList pairs = pairs_of(y_true, y_pred, where, axis);
    if (groups.size() != pairs.rows) throw std::invalid_argument("There must be a group for every row.");
    if (pairs.outputs.size() != 1) return false;
    bool is_added = false;
    without_the_interpreter([&] {
        is_added = add_short_chunk(grouped, pairs.outputs[0], pairs.rows, numbers_of(groups, count), shape, count);
    });
    return is_added;
}

const State& sums_or_throw(GroupedAccumulator& grouped) {
    const State* sums = sums_of(grouped);
    if (sums == nullptr) throw Refused(Reason::no_pairs);
    return *sums;
}

// One value an output of every group, NaN where it has none.
py::array_t<double> values_of_groups(GroupedAccumulator& grouped, std::size_t index) {
    const AskedMetric& asked = grouped.configuration->metrics.at(index);
    const std::vector<double> values = values_where_defined(*grouped.configuration, sums_or_throw(grouped), asked);
    Shape shape = grouped.shape;
    shape.insert(shape.begin(), grouped.groups);
    return array_of(shape, values);
}

// What there is of every output of every group.
template <class Value, class Of>
py::array_t<Value> array_of_outputs(GroupedAccumulator& grouped, Of of) {
    const State* const sums = sums_of(grouped);
    if (sums == nullptr) return py::array_t<Value>(0);
    std::vector<py::ssize_t> shape{static_cast<py::ssize_t>(grouped.groups)};
    for (const std::size_t length : grouped.shape) shape.push_back(static_cast<py::ssize_t>(length));
    py::array_t<Value> array(shape);
    Value* const values = array.mutable_data();
    for (std::size_t i = 0; i < sums->counts.size(); ++i) values[i] = static_cast<Value>(of(*sums, i));
    return array;
}

template <class Count>
py::array_t<std::int64_t> counted(GroupedAccumulator& grouped, Count count) {
    return array_of_outputs<std::int64_t>(
        grouped, [&](const State& sums, std::size_t output) { return count(sums.counts[output]); });
}

}  // namespace

void register_grouped(py::module_& module) {
    py::class_<PassByGroup>(module, "PassByGroup")
        .def(py::init([](const SharedConfiguration& configuration, std::size_t count) {
                 return PassByGroup{configuration, count, {}};
             }),
             py::arg("configuration"), py::arg("count"))
        .def("update", &add_piece, py::arg("y_true"), py::arg("y_pred"), py::arg("groups"),
             py::arg("where") = py::none(), py::arg("axis") = 0, py::arg("sample_weight") = py::none());
    py::class_<GroupedAccumulator>(module, "GroupedAccumulator")
        .def(py::init([](const SharedConfiguration& configuration) { return GroupedAccumulator(configuration); }),
             py::arg("configuration"))
        .def(
            "add",
            [](GroupedAccumulator& grouped, PassByGroup& pass, const Shape& shape) {
                add(grouped, std::exchange(pass.pieces, {}), shape, pass.count);
            },
            py::arg("sums"), py::arg("shape"))
        .def("add_short_chunk", &is_short_chunk_added, py::arg("y_true"), py::arg("y_pred"), py::arg("groups"),
             py::arg("count"), py::arg("where"), py::arg("axis"), py::arg("shape"))
        .def(
            "merge",
            [](GroupedAccumulator& grouped, GroupedAccumulator& other, const NumbersOfRows& numbers,
               std::size_t count) { merge(grouped, other, numbers_of_groups(numbers, count, other), count); },
            py::arg("other"), py::arg("numbers"), py::arg("count"))
        .def(
            "subtract",
            [](GroupedAccumulator& grouped, GroupedAccumulator& other, const NumbersOfRows& numbers) {
                subtract(grouped, other, numbers_of_groups(numbers, grouped.groups, other));
            },
            py::arg("other"), py::arg("numbers"))
        .def(
            "merged_groups",
            [](GroupedAccumulator& grouped, const NumbersOfRows& numbers, std::size_t count) {
                return merged_groups(grouped, numbers_of_groups(numbers, count, grouped), count);
            },
            py::arg("numbers"), py::arg("count"))
        .def("copy", [](GroupedAccumulator& grouped) { return copy_of(grouped); })
        .def(
            "group",
            [](GroupedAccumulator& grouped, std::size_t group) {
                if (group >= grouped.groups) throw std::invalid_argument("There is no such group.");
                return accumulator_of(grouped, group);
            },
            py::arg("group"))
        .def("as_accumulator", [](GroupedAccumulator& grouped) { return accumulator_of(grouped); })
        .def_static("from_accumulator", &grouped_from, py::arg("accumulator"))
        .def("values", &values_of_groups, py::arg("index"))
        .def_property_readonly("groups", [](const GroupedAccumulator& grouped) { return grouped.groups; })
        .def_property_readonly("shape",
                               [](const GroupedAccumulator& grouped) { return py::tuple(py::cast(grouped.shape)); })
        .def_property_readonly(
            "weighted", [](const GroupedAccumulator& grouped) { return grouped.state && grouped.state->weighted; })
        .def_property_readonly(
            "have_no_weight",
            [](GroupedAccumulator& grouped) { return array_of_outputs<bool>(grouped, has_no_weight); })
        .def_property_readonly("configuration",
                               [](const GroupedAccumulator& grouped) {
                                   return std::const_pointer_cast<Configuration>(grouped.configuration);
                               })
        .def_property_readonly("pairs",
                               [](GroupedAccumulator& grouped) {
                                   return counted(grouped, [](const PairCounts& counts) { return counts.pairs; });
                               })
        .def_property_readonly("omitted", [](GroupedAccumulator& grouped) {
            return counted(grouped, [](const PairCounts& counts) { return rows_of(counts) - counts.pairs; });
        });
}

}  // namespace squarely
