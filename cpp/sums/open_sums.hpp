// The sums of a stream of short chunks, kept open from one to the next. Windows stay chosen and lanes stay filled: to
// begin and finish them for every chunk would cost ten times the arithmetic of 64 rows.
#pragma once

#include "sums/exact_squares.hpp"
#include "sums/running_sums.hpp"

namespace squarely {

// What may be among the pairs of a stream.
struct Accepted {
    bool missing_true = false;
    bool missing_pred = false;
    bool infinite = false;
};

struct SumsOfRows {
    ExactSquares squares;  // where they are all there is to sum, else
    RunningSums running;
};

struct OpenSums {
    State empty;  // of the same summands: exact, and of one output
    Accepted accepted;
    bool squares_alone = false;
    const Kernels* kernels = nullptr;  // whose lanes these are; null where nothing is open
    SumsOfRows sums;
    SumsOfRows before;  // as sums was before a chunk that may be refused; kept for its memory
};

// Throws std::invalid_argument where the state has several outputs, or sums that round.
OpenSums open_sums(const State& state, const Accepted& accepted);

// False, and nothing added, where something is not accepted, or a weight is no finite number: update says what. Nor is
// anything added where it throws.
bool add_chunk(OpenSums& open, const Pairs& pairs, const Column* weights, std::ptrdiff_t rows);

// Moves everything into a state of the same summands and one output.
void close(OpenSums& open, State& state);

}  // namespace squarely
