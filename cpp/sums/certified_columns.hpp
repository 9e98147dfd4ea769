// The ends of certified_sums.hpp of outputs that are neighbouring columns of an array in C order, one a lane: every
// cache line is fetched once for all its columns, and nothing is transposed.
#pragma once

#include "sums/certified_sums.hpp"

namespace squarely {

// Which of certified_sets has what that one has, of these outputs at once. None where this is not the way.
std::optional<int> set_of_columns(std::span<const Pairs> outputs, int wanted);

// Adds a stretch of rows. Outputs that do not fit are no longer known.
void add_columns(std::span<CertifiedEnds> ends, std::span<const Pairs> outputs, const Stretch& stretch, int set);

}  // namespace squarely
