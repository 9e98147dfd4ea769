// SHA-256 (FIPS 180-4): the digest of a state, the same as Python's hashlib gives.
#pragma once

#include <span>
#include <string>

namespace squarely {

std::string sha256(std::span<const unsigned char> bytes);  // 64 hexadecimal digits

}  // namespace squarely
