// Windows over a stream: what entered and what left are two accumulators, and what is inside is their difference.
//
// Nothing here waits for anything, and every change is whole or none: whoever calls keeps others out for a call.
#pragma once

#include "accumulator/accumulator.hpp"
#include "accumulator/held_rows.hpp"
#include "accumulator/window_extremes.hpp"

#include <deque>

namespace squarely {

struct Chunk {
    std::span<const Pairs> outputs;
    std::ptrdiff_t rows;
    std::span<const std::size_t> shape;  // of the outputs
};

// What every chunk has in common, from the first on.
struct ChunkKind {
    Shape shape;  // without dimensions as long as there was none
    bool weighted = false;
};

struct WindowSums {
    Accumulator entered, left;
    WindowExtremes extremes;

    explicit WindowSums(const std::shared_ptr<const Configuration>& asked)
        : entered(asked), left(asked), extremes(*asked) {}
};

// Of the last rows. They are held, and summed some at a time: rows that leave before anybody looks are never summed.
struct RowWindow {
    std::shared_ptr<const Configuration> configuration;
    std::uint64_t length;
    ChunkKind kind;
    HeldRows rows;
    WindowSums sums;
    std::uint64_t first = 0, last = 0;  // rows of the sums, from and to
    std::uint64_t compared = 0;         // the extremes have seen the rows before

    RowWindow(std::shared_ptr<const Configuration> asked, std::uint64_t rows_inside)
        : configuration(std::move(asked)), length(rows_inside), sums(configuration) {}
};

// The rows of a long chunk that stay in the window, with their sums and with what was counted of all rows: made beside
// the window, so that nobody needs to be kept out meanwhile.
struct RowsToEnter {
    HeldPiece rows;
    State sums;
    State before;  // of the rows that do not stay; without outputs where all do
    Shape shape;
};

RowsToEnter rows_to_enter(const Configuration& configuration, const Chunk& chunk, std::uint64_t length);

// Both throw Refused, and change nothing, where something does not go together. A short chunk is not taken, which is
// false, where the policy refuses something or a weight is no finite number: the other way says what.
bool take_short_chunk(RowWindow& window, const Chunk& chunk);
void take(RowWindow& window, RowsToEnter&& entering);

// Of the last chunks. Their states are held.
struct ChunkWindow {
    std::shared_ptr<const Configuration> configuration;
    std::uint64_t length;
    ChunkKind kind;
    std::deque<State> chunks;
    WindowSums sums;
    std::uint64_t count = 0;  // of all chunks that entered

    ChunkWindow(std::shared_ptr<const Configuration> asked, std::uint64_t chunks_inside)
        : configuration(std::move(asked)), length(chunks_inside), sums(configuration) {}
};

// Throws Refused likewise.
void take(ChunkWindow& window, State&& chunk, std::span<const std::size_t> shape);

// What is inside, as an accumulator that has seen nothing else.
Accumulator snapshot(RowWindow& window);
Accumulator snapshot(ChunkWindow& window);

// What is held of it and goes with it wherever it goes. Sums and extremes follow from that.
RowWindow copy_of(const RowWindow& window);
ChunkWindow copy_of(const ChunkWindow& window);
std::uint64_t first_inside(const RowWindow& window);

void reset(RowWindow& window);
void reset(ChunkWindow& window);

}  // namespace squarely
