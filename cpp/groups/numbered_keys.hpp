// Keys of 64 bits, seen once: each as a number.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace squarely {

struct NumberedKeys {
    std::vector<std::uint64_t> keys;     // in the order in which they first came
    std::vector<std::uint32_t> numbers;  // of each key that was given
};

NumberedKeys numbered(std::span<const std::uint64_t> keys);

}  // namespace squarely
