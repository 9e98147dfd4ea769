// The sums of a stream of short chunks, kept open from one to the next. Windows stay chosen and lanes stay filled: to
// begin and finish them for every chunk would cost ten times the arithmetic of 64 rows.
#pragma once

#include "accumulator/configuration.hpp"
#include "sums/exact_squares.hpp"
#include "sums/running_sums.hpp"

#include <memory>

namespace squarely {

struct SumsOfRows {
    ExactSquares squares;  // where they are all there is to sum, else
    RunningSums running{Summation::exact, false};
};

struct OpenSums {
    State empty;  // of the same summands: exact, and of one output
    NanPolicy policy = NanPolicy::raise;
    bool squares_alone = false;
    const Kernels* kernels = nullptr;  // whose lanes these are; null where nothing is open
    SumsOfRows sums;
    std::unique_ptr<RunningCounts> by_size;  // of running, where there is something to count
    SumsOfRows before;                       // as sums was before a chunk that may be refused; kept for its memory
};

// Of a state of one output with exact sums.
OpenSums open_sums(const State& state, NanPolicy policy);

// False, and nothing added, where the policy refuses something, or a weight is no finite number: a pass says what. Nor
// is anything added where it throws.
bool add_chunk(OpenSums& open, const Pairs& pairs, std::ptrdiff_t rows);

// Moves everything into a state of the same summands and one output.
void close(OpenSums& open, State& state);

}  // namespace squarely
