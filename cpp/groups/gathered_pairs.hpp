// Some rows of a pair of columns, copied side by side, whatever their types: nothing is converted.
#pragma once

#include "blocks/column.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace squarely {

struct GatheredColumn {
    std::vector<unsigned char> values;
    std::vector<std::uint8_t> missing;
};

struct GatheredPairs {
    GatheredColumn y_true, y_pred, weights;
    std::vector<std::uint8_t> where;
    Pairs pairs;  // of these, in the order asked for
};

// Of the rows first + rows[0], first + rows[1], and so on. The buffers are used again.
void gather(const Pairs& pairs, std::ptrdiff_t first, std::span<const std::uint32_t> rows, GatheredPairs& gathered);

// So many of them from one on.
Pairs pairs_from(const Pairs& pairs, std::ptrdiff_t first);

}  // namespace squarely
