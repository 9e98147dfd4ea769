// Exact sums as integers of Python, in units of 2^-2148.
#pragma once

#include "numbers/exact_sum.hpp"

#include <pybind11/pybind11.h>

namespace squarely {

pybind11::object python_integer(const ExactSum& sum);

}  // namespace squarely
