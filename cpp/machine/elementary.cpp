#include "machine/elementary.hpp"

#include "machine/floating_point.hpp"
#include "machine/targets.hpp"

#include <algorithm>
#include <stdexcept>

namespace squarely {
namespace {

struct NamedFunction {
    const char* name;
    Kernels::Elementary* Kernels::* kernel;
};

constexpr NamedFunction functions[] = {
    {"logarithm", &Kernels::logarithm},     {"log1p", &Kernels::log1p}, {"log1p_remainder", &Kernels::log1p_remainder},
    {"exponential", &Kernels::exponential}, {"power", &Kernels::power}, {"log_cosh", &Kernels::log_cosh},
};

Kernels::Elementary* function_named(const std::string& name) {
    std::string known;
    for (const NamedFunction& function : functions) {
        if (name == function.name) return current_target().kernels->*function.kernel;
        known += (known.empty() ? "'" : ", '") + std::string(function.name) + "'";
    }
    throw std::invalid_argument("Unknown function '" + name + "'. The elementary functions are " + known + ".");
}

}  // namespace

void apply_elementary(const std::string& name, const double* source, double parameter, std::ptrdiff_t count,
                      double* target) {
    Kernels::Elementary* function = function_named(name);
    const FloatingPointEnvironment environment;
    const std::ptrdiff_t whole = count - count % max_lanes;
    function(source, parameter, whole, target);

    double last[max_lanes] = {};
    std::copy(source + whole, source + count, last);
    function(last, parameter, max_lanes, last);
    std::copy(last, last + (count - whole), target + whole);
}

double logarithm_of(double value) {
    double result;
    apply_elementary("logarithm", &value, 0, 1, &result);
    return result;
}

double power_of(double value, double exponent) {
    double result;
    apply_elementary("power", &value, exponent, 1, &result);
    return result;
}

}  // namespace squarely
