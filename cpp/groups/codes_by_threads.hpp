// The codes of many rows, by threads: of keys that are known by all threads at once, and then of those that are new, in
// the order of their rows. So no code depends on threads.
#pragma once

#include "blocks/block.hpp"
#include "groups/key_table.hpp"

#include <cstdint>
#include <functional>
#include <span>

namespace squarely {

// Some rows of a block, by their numbers in it, in ascending order.
using RowsOfBlock = std::span<const std::uint16_t>;

// What knows the codes of keys, of a block at a time.
struct Coder {
    // Changes nothing, so that threads may call it side by side: what is new has no code.
    std::function<void(Rows rows, std::uint32_t* codes)> find;

    // Enters what is new, of all rows or, where some are given, of those alone: a code each, side by side. False where
    // they do not go together with those before.
    std::function<bool(Rows rows, RowsOfBlock some, std::uint32_t* codes)> enter;
};

// False where entering was.
bool codes_by_threads(const Coder& coder, std::ptrdiff_t rows, NewKeys fresh, std::uint32_t* codes);

}  // namespace squarely
