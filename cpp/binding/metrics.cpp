#include "squarely/metrics.hpp"

#include "average.hpp"
#include "binding.hpp"

#include <string>

namespace squarely {

void register_metrics(py::module_& module) {
    py::list names;
    for (const Metric& metric : all_metrics()) names.append(std::string(metric.name));
    module.attr("metric_names") = py::tuple(names);
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
