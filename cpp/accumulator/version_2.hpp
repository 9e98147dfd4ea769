// Version 2 of the byte form, which is read and no longer written. Its configuration is JSON, in one of two kinds: with
// a key that says whether complex values are accepted, or from before there was one.
#pragma once

#include "accumulator/accumulator.hpp"

#include <span>

namespace squarely {

// What lies between the version and the checksum. Throws Refused.
Accumulator read_version_2(std::span<const unsigned char> body);

}  // namespace squarely
