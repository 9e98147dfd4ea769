#include "tables/metrics.hpp"

#include "binding/binding.hpp"
#include "numbers/average.hpp"

#include <stdexcept>
#include <string>

namespace squarely {
namespace {

std::vector<double> explained_pinball_losses(const State& model, const State& baseline, double alpha) {
    const std::size_t outputs = model.counts.size();
    if (outputs != baseline.counts.size() || model.weighted != baseline.weighted) {
        throw std::invalid_argument("The states are not of the same pairs.");
    }
    for (const State* state : {&model, &baseline}) {
        for (const Summand& summand : metric_named("mean_pinball_loss").summands(alpha)) {
            if (find(*state, summand) == nullptr) throw std::invalid_argument("A state has no sums of pinball losses.");
        }
    }
    std::vector<double> values;
    for (std::size_t i = 0; i < outputs; ++i) values.push_back(explained_pinball_loss(model, baseline, i, alpha));
    return values;
}

std::vector<double> relative_variances(const State& state) {
    for (const Summand& summand : metric_named("variance_of_truth").summands(0)) {
        if (find(state, summand) == nullptr) throw std::invalid_argument("The state has no sums of variance_of_truth.");
    }
    if (state.counts.empty()) return {};
    return relative_variances_of_truth(state);
}

}  // namespace

void register_metrics(py::module_& module) {
    py::dict metrics;  // by name, their parameter and its default
    for (const Metric& metric : all_metrics()) {
        metrics[py::str(std::string(metric.name))] =
            py::make_tuple(std::string(metric.parameter), metric.default_parameter);
    }
    module.attr("metrics") = metrics;
    module.def(
        "average",
        [](const std::vector<double>& values, const std::vector<double>& weights) {
            if (values.size() != weights.size())
                throw std::invalid_argument("There must be as many weights as values.");
            return average(values, weights);
        },
        py::arg("values"), py::arg("weights"));
    module.def("relative_variances_of_truth", &relative_variances, py::arg("state"));
    module.def("explained_pinball_loss", &explained_pinball_losses, py::arg("model"), py::arg("baseline"),
               py::arg("alpha"));
}

}  // namespace squarely
