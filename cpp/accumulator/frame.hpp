// The byte form of an accumulator, the same on every machine: see cpp/README.md.
#pragma once

#include "accumulator/accumulator.hpp"

#include <span>
#include <string>
#include <vector>

namespace squarely {

std::vector<unsigned char> to_bytes(Accumulator& accumulator);

// Of this version and of version 2, which was written in two kinds. Throws Refused.
Accumulator from_bytes(std::span<const unsigned char> bytes);

// SHA-256 of the byte form, in hexadecimal.
std::string digest(Accumulator& accumulator);

}  // namespace squarely
