// The elementary functions of the kernels, by name, for arrays: how tests and tools reach each of them.
#pragma once

#include <cstddef>
#include <string>

namespace squarely {

// Throws std::invalid_argument where there is no function of that name.
void apply_elementary(const std::string& name, const double* source, double parameter, std::ptrdiff_t count,
                      double* target);

// Of one number.
double logarithm_of(double value);
double power_of(double value, double exponent);

}  // namespace squarely
