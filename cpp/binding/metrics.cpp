#include "squarely/metrics.hpp"

#include "average.hpp"
#include "binding.hpp"

#include <string>

namespace squarely {

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
}

}  // namespace squarely
