#include "order/worst_rows.hpp"

#include "accumulator/one_call.hpp"
#include "binding/binding.hpp"
#include "binding/plain_sides.hpp"
#include "binding/python_integers.hpp"
#include "tables/row_losses.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace squarely {
namespace {

RowLoss loss_named(const std::string& name, double parameter) {
    if (name == pinball_loss) return {{Term::error, parameter}, true};
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

py::list told(const std::vector<WorstRow>& found) {
    py::list rows;
    for (const WorstRow& row : found) {
        rows.append(py::make_tuple(row.order.nearest, row.order.rest, row.row, python_number(row.y_true),
                                   python_number(row.y_pred), row.weight, row.loss));
    }
    return rows;
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
    return told(found);
}

// By terms, what sums lie between, in units of 2^-2148.
py::dict told_ends(const CertifiedEnds& ends) {
    py::dict told;
    const auto tell = [&](Term term, const std::optional<Ends>& own) {
        if (own) told[facts_of(term).name] = py::make_tuple(python_integer(own->low), python_integer(own->high));
    };
    tell(Term::squared_error, ends.squared_error);
    tell(Term::absolute_error, ends.absolute_error);
    tell(Term::error, ends.error);
    tell(Term::truth, ends.truth);
    tell(Term::squared_truth, ends.squared_truth);
    tell(Term::absolute_percentage_error, ends.percentage_error);
    tell(Term::sample_weight, ends.weight);
    return told;
}

// Of predictions in one output, of each its scores, pairs, pairs left out, worst rows and ends of sums. None where that
// is not the way.
py::object scores_and_worst_rows(const Configuration& configuration, const py::object& y_true,
                                 const py::tuple& predictions, const py::object& sample_weight, const py::object& where,
                                 py::ssize_t axis, const std::string& name, double parameter, std::size_t count) {
    if (predictions.empty() || configuration.complex_values) return py::none();
    std::vector<PlainPairs> sides(predictions.size());
    std::vector<Pairs> pairs;
    for (std::size_t i = 0; i < sides.size(); ++i) {
        PlainPairs& own = sides[i];
        if (!see_plain_pairs(y_true, predictions[i], sample_weight, where, axis, Numbers::refused, own)) {
            return py::none();
        }
        if (own.outputs().size() != 1) return py::none();
        pairs.push_back(own.outputs().front());
    }
    WorstRowsSeen seen(loss_named(name, parameter), count, pairs.size());
    std::vector<Answer> answers(pairs.size());
    std::vector<CertifiedEnds> ends(pairs.size());
    bool is_answered = false;
    without_the_interpreter(
        [&] { is_answered = answer_certainly(configuration, pairs, sides[0].rows, seen, answers, ends); });
    if (!is_answered) return py::none();
    py::tuple all(answers.size());
    for (std::size_t i = 0; i < answers.size(); ++i) {
        const PairCounts& counts = answers[i].counts;
        all[i] =
            py::make_tuple(answers[i].values, counts.pairs, counts.missing_true + counts.missing_pred + counts.masked,
                           told(seen.rows_of(i)), told_ends(ends[i]));
    }
    return all;
}

}  // namespace

void register_worst_rows(py::module_& module) {
    py::dict losses;
    for (const NamedRowLoss& loss : row_losses) losses[py::str(loss.name)] = py::str(loss.metric);
    module.attr("row_losses") = losses;
    module.def("worst_rows", &found_in, py::arg("y_true"), py::arg("y_pred"), py::arg("loss"), py::arg("parameter"),
               py::arg("count"), py::arg("at_least") = py::none(), py::arg("where") = py::none(), py::arg("axis") = 0,
               py::arg("sample_weight") = py::none());
    module.def("scores_and_worst_rows", &scores_and_worst_rows, py::arg("configuration"), py::arg("y_true"),
               py::arg("predictions"), py::arg("sample_weight"), py::arg("where"), py::arg("axis"), py::arg("loss"),
               py::arg("parameter"), py::arg("count"));
}

}  // namespace squarely
