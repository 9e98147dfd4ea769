#include "accumulator/waiting_rows.hpp"

#include "accumulator/accumulator.hpp"
#include "accumulator/loaded_rows.hpp"
#include "machine/floating_point.hpp"

#include <algorithm>
#include <cmath>
#include <new>

namespace squarely {
namespace {

constexpr std::size_t most_waiting = 64;  // so many are a block for kernels

std::size_t words_of_row(const Accumulator& accumulator) { return accumulator.state->weighted ? 3 : 2; }

bool can_wait(const Accumulator& accumulator) {
    if (!accumulator.has_seen) return accumulator.shape.empty();
    return accumulator.shape.size() == 1 && accumulator.shape[0] == 1 && has_room_for_open_rows(*accumulator.state);
}

bool can_wait(const Configuration& configuration) {
    return configuration.summation == Summation::exact && !configuration.complex_values &&
           configuration.averaging != Averaging::weights;
}

bool has_usable_weights(const LoadedRows& loaded, std::ptrdiff_t rows) {
    if (loaded.weights == nullptr) return true;
    for (std::ptrdiff_t row = 0; row < rows; ++row) {
        if (!is_masked(loaded, row) && !std::isfinite(loaded.weights[row])) return false;
    }
    return true;
}

void add_row(Accumulator& accumulator, const LoadedRows& loaded, std::ptrdiff_t row) {
    const PairCounts counts = counts_of(loaded, row);
    if (counts.pairs == 0) {
        accumulator.state->counts.make_room(counts);
        accumulator.state->counts.add(0, counts);
        return;
    }
    const double words[] = {loaded.pairs.y_true[row], loaded.pairs.y_pred[row],
                            loaded.weights == nullptr ? 0.0 : loaded.weights[row]};
    accumulator.waiting.insert(accumulator.waiting.end(), words, words + words_of_row(accumulator));
}

// Asks for no memory.
void take_row_back(Accumulator& accumulator, const LoadedRows& loaded, std::ptrdiff_t row) {
    const PairCounts counts = counts_of(loaded, row);
    if (counts.pairs == 0) return accumulator.state->counts.add(0, difference({}, counts));
    accumulator.waiting.resize(accumulator.waiting.size() - words_of_row(accumulator));
}

// The rows of a chunk, block by block: loaded once, where they are one block.
class Chunk {
  public:
    Chunk(const Pairs& pairs, std::ptrdiff_t rows) : pairs_(pairs), rows_(rows) {}

    bool may_wait(NanPolicy policy) {
        PairCounts all;
        for (std::ptrdiff_t first = 0; first < rows_; first += block_length) {
            const Rows rows = block_at(first);
            if (!load(pairs_, rows, loaded_) || !has_usable_weights(loaded_, rows.count)) return false;
            for (std::ptrdiff_t row = 0; row < rows.count; ++row) add(all, counts_of(loaded_, row));
        }
        return all.infinite == 0 && all.undefined == 0 && lets_through(policy, all);
    }

    const LoadedRows& loaded(std::ptrdiff_t row) {
        if (rows_ > block_length && row % block_length == 0) load(pairs_, block_at(row), loaded_);
        return loaded_;
    }

    const LoadedRows& loaded_backwards(std::ptrdiff_t row) {
        const bool is_last_of_block = row % block_length == block_length - 1;
        if (rows_ > block_length && is_last_of_block)
            load(pairs_, block_at(row / block_length * block_length), loaded_);
        return loaded_;
    }

  private:
    Rows block_at(std::ptrdiff_t first) const { return {first, std::min<std::ptrdiff_t>(block_length, rows_ - first)}; }

    const Pairs& pairs_;
    std::ptrdiff_t rows_;
    LoadedRows loaded_;
};

// As far as that asks for memory.
void begin(Accumulator& accumulator, bool weighted) {
    if (accumulator.has_seen) return;
    if (!accumulator.state) accumulator.state = empty_state(*accumulator.configuration, 1, weighted);
    accumulator.shape.reserve(1);
}

void sum_if_enough(Accumulator& accumulator) {
    if (accumulator.waiting.size() < most_waiting * words_of_row(accumulator)) return;
    try {
        sum_waiting_rows(accumulator);
    } catch (const std::bad_alloc&) {  // another time
    }
}

template <class AccumulatorOf>
bool add_rows(const AccumulatorOf& accumulator_of, const Pairs& pairs, std::ptrdiff_t rows) {
    const FloatingPointEnvironment environment;
    const Configuration& configuration = *accumulator_of(0).configuration;
    if (!can_wait(configuration) || may_have_nulls(pairs.weights)) return false;
    for (std::ptrdiff_t row = 0; row < rows; ++row) {
        if (!can_wait(accumulator_of(row))) return false;
    }
    Chunk chunk(pairs, rows);
    if (!chunk.may_wait(configuration.nan_policy)) return false;
    std::ptrdiff_t added = 0;
    try {
        for (; added < rows; ++added) {
            begin(accumulator_of(added), are_weighted(pairs));
            add_row(accumulator_of(added), chunk.loaded(added), added % block_length);
        }
    } catch (...) {
        while (added-- > 0) take_row_back(accumulator_of(added), chunk.loaded_backwards(added), added % block_length);
        throw;
    }
    for (std::ptrdiff_t row = 0; row < rows; ++row) {
        Accumulator& accumulator = accumulator_of(row);
        if (accumulator.shape.empty()) accumulator.shape.push_back(1);
        accumulator.has_seen = true;
        sum_if_enough(accumulator);
    }
    return true;
}

}  // namespace

bool add_few_rows(Accumulator& accumulator, const Pairs& pairs, std::ptrdiff_t rows) {
    return add_rows([&](std::ptrdiff_t) -> Accumulator& { return accumulator; }, pairs, rows);
}

bool add_rows_to_each(std::span<Accumulator* const> accumulators, const Pairs& pairs) {
    const auto accumulator_of = [&](std::ptrdiff_t row) -> Accumulator& {
        return *accumulators[static_cast<std::size_t>(row)];
    };
    return add_rows(accumulator_of, pairs, std::ssize(accumulators));
}

void sum_waiting_rows(Accumulator& accumulator) {
    if (accumulator.waiting.empty()) return;
    const FloatingPointEnvironment environment;
    const std::size_t words = words_of_row(accumulator);
    const auto stride = static_cast<std::ptrdiff_t>(words * sizeof(double));
    const double* const first = accumulator.waiting.data();
    Pairs pairs{{first, stride, DType::float64}, {first + 1, stride, DType::float64}};
    if (accumulator.state->weighted) pairs.weights = {first + 2, stride, DType::float64};
    State part = empty_like(*accumulator.state, 1);
    update(part, {&pairs, 1}, static_cast<std::ptrdiff_t>(accumulator.waiting.size() / words));
    merge(*accumulator.state, part);
    const bool is_large = accumulator.waiting.capacity() > 2 * most_waiting * words;
    is_large ? void(accumulator.waiting = {}) : accumulator.waiting.clear();
}

}  // namespace squarely
