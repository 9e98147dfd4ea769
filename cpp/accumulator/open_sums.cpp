#include "accumulator/open_sums.hpp"

#include "machine/floating_point.hpp"
#include "machine/targets.hpp"

#include <algorithm>

namespace squarely {
namespace {

bool is_accepted(const OpenSums& open) {
    if (open.squares_alone) return lets_through(open.policy, open.sums.squares.counts);
    const WeightFaults faults = weight_faults(open.sums.running);
    return !faults.has_nan && !faults.has_infinite && lets_through(open.policy, open.sums.running.counts);
}

void begin(OpenSums& open, const Kernels& kernels) {
    if (open.squares_alone) {
        open.sums.squares = ExactSquares();
    } else {
        open.sums.running = running_sums(open.empty);
        open.by_size.reset();
        if (has_counts_by_size(open.empty)) {
            open.by_size = std::make_unique<RunningCounts>(open.empty);
            open.by_size->stay_open();
        }
        open.sums.running.by_size = open.by_size.get();
    }
    open.kernels = &kernels;
}

// Only what is in use: the other is several kilobytes, and this is done for every chunk.
void copy(const OpenSums& open, const SumsOfRows& from, SumsOfRows& to) {
    if (open.squares_alone) {
        to.squares = from.squares;
    } else {
        to.running = from.running;
    }
}

void add_rows(OpenSums& open, const Pairs& pairs, std::ptrdiff_t rows) {
    const Kernels& kernels = *open.kernels;
    BlockBuffers buffers;
    if (open.squares_alone) {
        add_stretch(open.sums.squares, kernels, pairs, 0, rows, buffers);
        return empty_buckets(open.sums.squares);
    }
    for (std::ptrdiff_t first = 0; first < rows; first += block_length) {
        const Rows some{first, std::min<std::ptrdiff_t>(block_length, rows - first)};
        add_rows(open.sums.running, kernels, pairs, some, buffers);
    }
    empty_buckets(open.sums.running.moments);
}

}  // namespace

OpenSums open_sums(const State& state, NanPolicy policy) {
    OpenSums open{empty_like(state, 1), policy, false, nullptr, {}, nullptr, {}};
    open.squares_alone = sums_squares_alone(open.empty);
    return open;
}

bool add_chunk(OpenSums& open, const Pairs& pairs, std::ptrdiff_t rows) {
    const FloatingPointEnvironment environment;
    const Kernels& kernels = *current_target().kernels;
    // Another target has lanes of another number.
    if (open.kernels != nullptr && open.kernels != &kernels) return false;
    if (open.kernels == nullptr) begin(open, kernels);
    copy(open, open.sums, open.before);
    const std::size_t noted = open.by_size == nullptr ? 0 : open.by_size->noted();
    const auto take_back = [&] {
        copy(open, open.before, open.sums);
        if (open.by_size != nullptr) open.by_size->forget_from(noted);
    };
    try {
        add_rows(open, pairs, rows);
    } catch (...) {  // exact arithmetic asks for memory
        take_back();
        throw;
    }
    if (!is_accepted(open)) {
        take_back();
        return false;
    }
    if (open.by_size != nullptr) open.by_size->move_on(kernels);
    return true;
}

void close(OpenSums& open, State& state) {
    if (open.kernels == nullptr) return;
    const FloatingPointEnvironment environment;
    State part = open.empty;
    if (open.squares_alone) {
        finish(open.sums.squares, *open.kernels, part, 0);
    } else {
        finish(open.sums.running, *open.kernels, part, 0);
        if (open.by_size != nullptr) open.by_size->add_to(part, 0);
    }
    merge(state, part);
    open.sums.running.by_size = open.before.running.by_size = nullptr;
    open.by_size.reset();
    open.kernels = nullptr;
}

}  // namespace squarely
