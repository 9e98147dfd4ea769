#include "order/order_statistics.hpp"
#include "order/one_pass.hpp"

#include "binding/binding.hpp"
#include "binding/ordered_quantity.hpp"
#include "groups/rows_by_group.hpp"
#include "machine/threads.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>

namespace squarely {
namespace {

// The buffer is NumPy's, whose large arrays lie in large pages.
struct OrderStatistics {
    OrderedQuantity quantity;
    py::array_t<double> values;  // a row an output
    std::vector<OrderedValues> outputs;
};

OrderStatistics make_order_statistics(py::ssize_t outputs, py::ssize_t rows, const std::string& quantity) {
    if (outputs < 0 || rows < 0) throw std::invalid_argument("There are no negative numbers of outputs or rows.");
    OrderStatistics statistics{quantity_named(quantity), py::array_t<double>({outputs, rows}), {}};
    double* values = statistics.values.mutable_data();
    for (py::ssize_t i = 0; i < outputs; ++i) statistics.outputs.push_back({values + i * rows});
    return statistics;
}

void update_from(OrderStatistics& statistics, const py::object& y_true, const py::object& y_pred,
                 const py::object& where, py::ssize_t axis) {
    const PairsList pairs = pairs_of(y_true, y_pred, where, axis);
    if (pairs.outputs.size() != statistics.outputs.size()) {
        throw std::invalid_argument("The arrays do not have as many outputs as room was made for.");
    }
    if (pairs.outputs.empty() || pairs.rows == 0) return;
    if (pairs.rows > statistics.values.shape(1) - statistics.outputs[0].rows) {
        throw std::invalid_argument("The arrays have more rows than room was made for.");
    }
    without_the_interpreter([&] { add_rows(statistics.outputs, statistics.quantity, pairs.outputs, pairs.rows); });
}

using Groups = py::array_t<std::uint32_t, py::array::c_style>;

// Of one output, whose rows are then those of so many groups, one beside the other: each group is an output of as many
// rows as it has.
OrderStatistics by_group(const OrderStatistics& statistics, const Groups& groups, std::size_t count) {
    const std::span<const std::uint32_t> numbers{groups.data(), static_cast<std::size_t>(groups.size())};
    const bool are_groups = std::all_of(numbers.begin(), numbers.end(), [=](auto number) { return number < count; });
    if (statistics.outputs.size() != 1 || statistics.outputs[0].rows != groups.size() || !are_groups) {
        throw std::invalid_argument("There must be one output, and a group for every row.");
    }
    OrderStatistics sorted{statistics.quantity, py::array_t<double>({py::ssize_t{1}, groups.size()}), {}};
    const double* const from = statistics.values.data();
    double* const to = sorted.values.mutable_data();
    without_the_interpreter([&] {
        const RowsByGroup rows = rows_by_group(numbers, count);
        for (std::size_t i = 0; i < rows.rows.size(); ++i) to[i] = from[rows.rows[i]];
        sorted.outputs.resize(count);
        for (std::size_t i = 0; i < rows.groups.size(); ++i) {
            sorted.outputs[rows.groups[i]] = ordered_values(to + rows.firsts[i], rows.firsts[i + 1] - rows.firsts[i]);
        }
    });
    return sorted;
}

// Long outputs are read by all threads, one after the other; of short ones each thread has its own.
constexpr std::ptrdiff_t rows_of_a_long_output = 1'000'000;

template <class Value>
std::vector<double> value_of_each(const OrderStatistics& statistics, Value value) {
    std::vector<double> values(statistics.outputs.size());
    const auto put = [&](std::ptrdiff_t index) {
        const auto i = static_cast<std::size_t>(index);
        values[i] = value(statistics.outputs[i]);
    };
    const auto count = static_cast<std::ptrdiff_t>(values.size());
    without_the_interpreter([&] {
        if (count > 0 && statistics.outputs[0].rows < rows_of_a_long_output) {
            parallel_for(count, put);
        } else {
            for (std::ptrdiff_t i = 0; i < count; ++i) put(i);
        }
    });
    return values;
}

using Weights = py::array_t<double, py::array::c_style | py::array::forcecast>;

// Of the rows, for all outputs, or a row an output.
std::span<const double> checked(const Weights& weights, std::size_t outputs, std::ptrdiff_t rows) {
    const auto count = static_cast<std::size_t>(rows);
    const auto size = static_cast<std::size_t>(weights.size());
    if (size != count && size != count * outputs) throw std::invalid_argument("There must be a weight a row.");
    const std::span<const double> all{weights.data(), size};
    const bool are_weights = std::all_of(all.begin(), all.end(), [](double weight) {
        return weight >= 0 && weight <= std::numeric_limits<double>::max();
    });
    if (!are_weights) throw std::invalid_argument("Weights must be finite and not negative.");
    return all;
}

std::vector<double> quantiles(const OrderStatistics& statistics, double level, const std::optional<Weights>& weights) {
    if (!(level >= 0 && level <= 1)) throw std::invalid_argument("The level of a quantile must be from 0 to 1.");
    if (!weights || statistics.outputs.empty()) {
        return value_of_each(statistics, [level](const OrderedValues& output) { return quantile(output, level); });
    }
    const auto rows = static_cast<std::size_t>(statistics.outputs[0].rows);
    const std::span<const double> all = checked(*weights, statistics.outputs.size(), statistics.outputs[0].rows);
    return value_of_each(statistics, [&](const OrderedValues& output) {
        const auto own = static_cast<std::size_t>(&output - statistics.outputs.data());
        return weighted_quantile(output, all.size() == rows ? all : all.subspan(own * rows, rows), level);
    });
}

// Of arrays of one output.
std::optional<double> quantile_of_absolute_errors(const py::object& y_true, const py::object& y_pred, double level) {
    if (!(level >= 0 && level <= 1)) throw std::invalid_argument("The level of a quantile must be from 0 to 1.");
    const PairsList pairs = pairs_of(y_true, y_pred, py::none(), 0);
    if (pairs.outputs.size() != 1) return std::nullopt;
    std::optional<double> found;
    without_the_interpreter([&] { found = quantile_in_one_pass(pairs.outputs[0], pairs.rows, level); });
    return found;
}

std::vector<double> trimmed_mean_squares(const OrderStatistics& statistics, double proportion) {
    if (statistics.quantity != OrderedQuantity::absolute_error) {
        throw std::invalid_argument("Squares are of absolute errors.");
    }
    if (!(proportion >= 0 && proportion < 1)) {
        throw std::invalid_argument("The proportion left out must be at least 0 and less than 1.");
    }
    return value_of_each(statistics,
                         [proportion](const OrderedValues& output) { return trimmed_mean_square(output, proportion); });
}

template <std::uint64_t PairCounts::* member>
std::vector<std::uint64_t> counted(const OrderStatistics& statistics) {
    std::vector<std::uint64_t> values;
    for (const OrderedValues& output : statistics.outputs) values.push_back(output.counts.*member);
    return values;
}

}  // namespace

void register_order_statistics(py::module_& module) {
    module.attr("fewest_rows_in_one_pass") = fewest_rows_in_one_pass;
    module.def("quantile_of_absolute_errors", &quantile_of_absolute_errors, py::arg("y_true"), py::arg("y_pred"),
               py::arg("level"));
    py::class_<OrderStatistics>(module, "OrderStatistics")
        .def(py::init(&make_order_statistics), py::arg("outputs"), py::arg("rows"), py::arg("quantity"))
        .def("update", &update_from, py::arg("y_true"), py::arg("y_pred"), py::arg("where") = py::none(),
             py::arg("axis") = 0)
        .def("by_group", &by_group, py::arg("groups"), py::arg("count"))
        .def("quantiles", &quantiles, py::arg("level"), py::arg("weights") = py::none())
        .def("trimmed_mean_squares", &trimmed_mean_squares, py::arg("proportion"))
        .def_property_readonly("values", [](const OrderStatistics& statistics) { return statistics.values; })
        .def_property_readonly("pairs", &counted<&PairCounts::pairs>)
        .def_property_readonly("infinite", &counted<&PairCounts::infinite>)
        .def_property_readonly("undefined", &counted<&PairCounts::undefined>)
        .def_property_readonly("missing_true", &counted<&PairCounts::missing_true>)
        .def_property_readonly("missing_pred", &counted<&PairCounts::missing_pred>)
        .def_property_readonly("masked", &counted<&PairCounts::masked>);
}

}  // namespace squarely
