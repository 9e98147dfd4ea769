#include "order/worst_rows.hpp"

#include "binding/binding.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace squarely {
namespace {

RowLoss loss_named(const std::string& name, double parameter) {
    if (name == "pinball_loss") return {{Term::error, parameter}, true};
    for (int i = 0; i < term_count; ++i) {
        const auto term = static_cast<Term>(i);
        if (name == facts_of(term).name && !is_extreme(term) && term != Term::sample_weight) return {{term, parameter}};
    }
    throw std::invalid_argument("There is no loss of a pair called '" + name + "'.");
}

// A float, or an integer that none holds.
py::object python_number(const BinaryNumber& number) {
    constexpr std::uint64_t whole = std::uint64_t{1} << std::numeric_limits<double>::digits;
    if (number.significand <= whole) {
        const double size = std::ldexp(static_cast<double>(number.significand), number.exponent);
        return py::float_(number.negative ? -size : size);
    }
    const auto rounded = static_cast<double>(number.significand);  // below 2^64, or that itself
    const bool is_double = rounded < 0x1p64 && static_cast<std::uint64_t>(rounded) == number.significand;
    if (is_double) return py::float_(std::ldexp(number.negative ? -rounded : rounded, number.exponent));
    const py::int_ size(number.significand);
    return number.negative ? py::object(-size) : py::object(size);
}

// A tuple a row: what it is ordered by, in two doubles, its number, truth, prediction, weight and loss.
py::list found_in(const py::object& y_true, const py::object& y_pred, const std::string& name, double parameter,
                  std::size_t count, const std::optional<std::pair<double, double>>& at_least, const py::object& where,
                  py::ssize_t axis, const py::object& sample_weight) {
    const RowLoss loss = loss_named(name, parameter);
    const PairsList pairs = pairs_of(y_true, y_pred, where, axis, sample_weight);
    if (pairs.outputs.size() != 1) throw std::invalid_argument("Worst rows are those of one output.");
    std::optional<ExtremeValue> limit;
    if (at_least) limit = ExtremeValue{at_least->first, at_least->second};
    std::vector<WorstRow> found;
    without_the_interpreter([&] { found = worst_rows(pairs.outputs[0], pairs.rows, loss, count, limit); });
    py::list rows;
    for (const WorstRow& row : found) {
        rows.append(py::make_tuple(row.order.nearest, row.order.rest, row.row, python_number(row.y_true),
                                   python_number(row.y_pred), row.weight, row.loss));
    }
    return rows;
}

}  // namespace

void register_worst_rows(py::module_& module) {
    module.def("worst_rows", &found_in, py::arg("y_true"), py::arg("y_pred"), py::arg("loss"), py::arg("parameter"),
               py::arg("count"), py::arg("at_least") = py::none(), py::arg("where") = py::none(), py::arg("axis") = 0,
               py::arg("sample_weight") = py::none());
}

}  // namespace squarely
