// Rows that come a few at a time wait in the accumulator, as doubles, until there are enough of them to be summed
// together. A state that gets a row at a time, as the aggregates of query engines do, needs neither the kilobytes of
// open sums nor the time to begin them.
#pragma once

#include "blocks/column.hpp"

#include <cstddef>
#include <span>

namespace squarely {

struct Accumulator;

constexpr std::ptrdiff_t rows_that_wait = 4;  // longer chunks are summed as fast as they are copied

// Both are of accumulators of one output, of one configuration, with weights where pairs have them. False, and nothing
// added, where the other way is to be taken: for sums that round, infinities, integers that no double holds, and what
// is refused. Nor is anything added where they throw.
bool add_few_rows(Accumulator& accumulator, const Pairs& pairs, std::ptrdiff_t rows);
bool add_rows_to_each(std::span<Accumulator* const> accumulators, const Pairs& pairs);  // row i to the i-th

// Where memory runs out, they wait on.
void sum_waiting_rows(Accumulator& accumulator);

}  // namespace squarely
