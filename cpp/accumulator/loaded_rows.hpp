// Rows of one output as doubles, looked at one by one: what each of them counts.
#pragma once

#include "blocks/block.hpp"
#include "states/state.hpp"
#include "tables/choices.hpp"

#include <cstddef>
#include <optional>

namespace squarely {

struct LoadedRows {
    BlockBuffers buffers;
    double weight_buffer[block_length];
    Block pairs{};
    RowsKept kept{};
    const double* weights = nullptr;  // null where there are none
};

// False where some are integers that no double holds, which are rounded then.
bool load(const Pairs& pairs, Rows rows, LoadedRows& loaded);

bool is_masked(const LoadedRows& loaded, std::ptrdiff_t row);

PairCounts counts_of(const LoadedRows& loaded, std::ptrdiff_t row);

// The first row that the policy refuses for its numbers.
std::optional<std::ptrdiff_t> first_refused(const Pairs& pairs, std::ptrdiff_t rows, NanPolicy policy);

}  // namespace squarely
