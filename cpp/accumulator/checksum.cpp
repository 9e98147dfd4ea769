#include "accumulator/checksum.hpp"

#include <array>

namespace squarely {
namespace {

constexpr std::array<std::uint32_t, 256> remainders = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t remainder = byte;
        for (int bit = 0; bit < 8; ++bit) remainder = remainder >> 1 ^ ((remainder & 1) != 0 ? 0xedb88320u : 0u);
        table[byte] = remainder;
    }
    return table;
}();

}  // namespace

std::uint32_t crc32(std::span<const unsigned char> bytes) {
    std::uint32_t remainder = 0xffffffffu;
    for (unsigned char byte : bytes) remainder = remainder >> 8 ^ remainders[(remainder ^ byte) & 0xff];
    return ~remainder;
}

}  // namespace squarely
