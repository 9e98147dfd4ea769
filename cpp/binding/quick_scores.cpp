// The everyday call, two plain arrays of one dimension, without the Python layer: at a hundred elements that layer
// costs ten times the arithmetic. Whatever is not plain gets None, and takes the long way, which has the words for
// errors.
#include "binding/binding.hpp"
#include "blocks/stretches.hpp"
#include "sums/exact_squares.hpp"

#include <optional>

namespace squarely {
namespace {

ExactSquares squares_of(const Pairs& pairs, py::ssize_t rows) {
    ExactSquares squares;
    if (rows <= rows_with_the_gil) {
        sum_stretch(squares, pairs, rows);
        return squares;
    }
    const py::gil_scoped_release release;
    sum_stretch(squares, pairs, rows);
    return squares;
}

using Formula = double (*)(const ExactSum& sum, std::uint64_t count);

py::object quick_score(Formula formula, py::handle y_true, py::handle y_pred) {
    const std::optional<Column> truth = plain_column(y_true);
    const std::optional<Column> prediction = plain_column(y_pred);
    if (!truth || !prediction) return py::none();
    const py::ssize_t rows = length_of(y_true);
    // Beyond, threads help, and the long way costs nothing beside the reading.
    if (rows == 0 || rows > smallest_stretch || rows != length_of(y_pred)) return py::none();
    const ExactSquares squares = squares_of({*truth, *prediction}, rows);
    if (!are_all_finite(squares.counts, rows)) return py::none();
    return py::float_(formula(squares.sum, squares.counts.pairs));
}

void define(py::module_& module, const char* name, Formula formula) {
    module.def(name, [formula](py::handle y_true, py::handle y_pred) { return quick_score(formula, y_true, y_pred); });
}

}  // namespace

void register_quick_scores(py::module_& module) {
    define(module, "quick_mean_squared_error", &mean);
    define(module, "quick_root_mean_squared_error", &root_mean);
    define(module, "quick_sum_squared_error", [](const ExactSum& sum, std::uint64_t) { return to_double(sum); });
}

}  // namespace squarely
