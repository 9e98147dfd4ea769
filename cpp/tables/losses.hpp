// The losses of single pairs, by name: see losses.def.
#pragma once

#include <cstdint>

namespace squarely {

enum class Loss : std::uint8_t {
#define SQUARELY_LOSS(name, ...) name,
#include "tables/losses.def"
#undef SQUARELY_LOSS
};

constexpr const char* loss_names[] = {
#define SQUARELY_LOSS(name, ...) #name,
#include "tables/losses.def"
#undef SQUARELY_LOSS
};

constexpr int loss_count = sizeof(loss_names) / sizeof(loss_names[0]);

}  // namespace squarely
