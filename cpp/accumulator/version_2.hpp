// Version 2 of the byte form, which is read and no longer written. Its configuration is JSON, in one of two kinds: with
// a key that says whether complex values are accepted, or from before there was one.
#pragma once

#include "accumulator/accumulator.hpp"

#include <span>
#include <string_view>

namespace squarely {

// What lies between the version and the checksum. Throws Refused.
Accumulator read_version_2(std::span<const unsigned char> body);

// A metric and its parameter as bytes name them, or Refused where users could not have asked for it.
AskedMetric checked_metric(std::string_view name, double parameter);

// Throws Refused where no caller could have asked for such a configuration.
void check_possible(const Configuration& configuration);

}  // namespace squarely
