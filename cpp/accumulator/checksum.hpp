// CRC-32 (ISO-HDLC, the one of zlib and PNG): finds every burst of up to 32 wrong bits.
#pragma once

#include <cstdint>
#include <span>

namespace squarely {

std::uint32_t crc32(std::span<const unsigned char> bytes);

}  // namespace squarely
