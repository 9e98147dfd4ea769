#include "accumulator/window_extremes.hpp"

#include "blocks/block.hpp"
#include "machine/floating_point.hpp"
#include "machine/targets.hpp"
#include "sums/pair.hpp"

#include <algorithm>
#include <cmath>

namespace squarely {
namespace {

ExtremeValue signed_for(Term term, ExtremeValue value) {
    if (facts_of(term).extreme != Extreme::least) return value;
    return {-value.nearest, -value.rest};
}

// Rows of one output, and which of them count.
struct LoadedRows {
    BlockBuffers buffers;
    Block block;
    std::vector<LargePair> large;
    alignas(64) double weights[block_length];
    bool counts[block_length];
};

void load(LoadedRows& loaded, const Kernels& kernels, const Pairs& pairs, Rows rows) {
    loaded.large.clear();
    loaded.block = load_block(kernels, pairs, rows, RowsKept{nullptr, rows.count, false}, loaded.buffers, loaded.large);
    if (are_weighted(pairs)) load_weights(kernels, pairs.weights, rows, loaded.weights);
    for (std::ptrdiff_t i = 0; i < rows.count; ++i) {
        const bool has_weight = !are_weighted(pairs) || loaded.weights[i] != 0;
        loaded.counts[i] = has_weight && std::isfinite(loaded.block.y_true[i]) && std::isfinite(loaded.block.y_pred[i]);
    }
}

// What is compared, where a row counts.
void put_values(const LoadedRows& loaded, Term term, std::ptrdiff_t count, ExtremeValue* values) {
    const Block& block = loaded.block;
    if (term != Term::largest_error) {
        for (std::ptrdiff_t i = 0; i < count; ++i) values[i] = {block.y_true[i]};
        for (const LargePair& pair : loaded.large) values[pair.row] = extreme_value(pair.y_true);
        for (std::ptrdiff_t i = 0; i < count; ++i) values[i] = signed_for(term, values[i]);
        return;
    }
    for (std::ptrdiff_t i = 0; i < count; ++i) values[i] = {std::fabs(block.y_true[i] - block.y_pred[i])};
    // Of integers no double holds the block has the nearest, and their differences would be rounded twice.
    for (const LargePair& pair : loaded.large) {
        values[pair.row] = {std::fabs(nearest_difference(pair.y_true, pair.y_pred))};
    }
}

}  // namespace

WindowExtremes::WindowExtremes(const Configuration& configuration) {
    for (const Sums& sums : empty_state(configuration, 1, false).sums) {
        if (is_extreme(sums.summand.term)) terms_.push_back(sums.summand.term);
    }
}

void WindowExtremes::begin(std::size_t outputs) {
    if (queues_.empty()) queues_.resize(terms_.size() * outputs);
}

void WindowExtremes::add_rows(std::span<const Pairs> outputs, std::ptrdiff_t rows, std::uint64_t first) {
    if (terms_.empty()) return;
    begin(outputs.size());
    const FloatingPointEnvironment environment;
    const Kernels& kernels = *current_target().kernels;
    LoadedRows loaded;
    ExtremeValue values[block_length];
    for (std::size_t output = 0; output < outputs.size(); ++output) {
        for (std::ptrdiff_t row = 0; row < rows; row += block_length) {
            const std::ptrdiff_t count = std::min<std::ptrdiff_t>(block_length, rows - row);
            load(loaded, kernels, outputs[output], {row, count});
            for (std::size_t term = 0; term < terms_.size(); ++term) {
                put_values(loaded, terms_[term], count, values);
                SlidingExtreme& queue = queue_of(term, output);
                for (std::ptrdiff_t i = 0; i < count; ++i) {
                    if (loaded.counts[i]) queue.push(first + static_cast<std::uint64_t>(row + i), values[i]);
                }
            }
        }
    }
}

void WindowExtremes::make_room(std::size_t outputs) {
    begin(outputs);
    for (SlidingExtreme& queue : queues_) queue.make_room();
}

void WindowExtremes::add_chunk(const State& sums, std::uint64_t number) {
    for (std::size_t term = 0; term < terms_.size(); ++term) {
        const std::vector<ExtremeValue>& extremes = find(sums, {terms_[term]})->extreme;
        for (std::size_t output = 0; output < extremes.size(); ++output) {
            queue_of(term, output).push(number, signed_for(terms_[term], extremes[output]));
        }
    }
}

void WindowExtremes::release(std::uint64_t first) {
    for (SlidingExtreme& queue : queues_) queue.release(first);
}

void WindowExtremes::put_into(State& state) const {
    std::size_t term = 0;
    for (Sums& sums : state.sums) {
        if (!is_extreme(sums.summand.term)) continue;
        for (std::size_t output = 0; output < sums.extreme.size(); ++output) {
            const SlidingExtreme& queue = queue_of(term, output);
            const ExtremeValue none{facts_of(sums.summand.term).first};
            const ExtremeValue found = queue.is_empty() ? none : signed_for(sums.summand.term, queue.largest());
            // Plus zero, because of zeros of two signs either may have come first.
            sums.extreme[output] = {found.nearest + 0.0, found.rest + 0.0};
        }
        ++term;
    }
}

}  // namespace squarely
