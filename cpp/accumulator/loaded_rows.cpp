#include "accumulator/loaded_rows.hpp"

#include "accumulator/configuration.hpp"
#include "blocks/weights.hpp"
#include "machine/targets.hpp"
#include "sums/pair.hpp"

#include <algorithm>

namespace squarely {

bool load(const Pairs& pairs, Rows rows, LoadedRows& loaded) {
    const Kernels& kernels = *current_target().kernels;
    std::vector<LargePair> large;
    loaded.kept = rows_kept(kernels, pairs, rows, loaded.buffers);
    loaded.weights = weights_of(kernels, pairs, rows, loaded.weight_buffer);
    loaded.kept = with_weight(kernels, loaded.kept, loaded.weights, rows, loaded.buffers);
    loaded.pairs = load_block(kernels, pairs, rows, loaded.kept, loaded.buffers, large);
    loaded.pairs = with_nulls(kernels, loaded.pairs, loaded.kept, loaded.buffers);
    return large.empty();
}

bool is_masked(const LoadedRows& loaded, std::ptrdiff_t row) {
    return loaded.kept.where != nullptr && loaded.kept.where[row] == 0;
}

PairCounts counts_of(const LoadedRows& loaded, std::ptrdiff_t row) {
    PairCounts counts;
    const double y_true = loaded.pairs.y_true[row], y_pred = loaded.pairs.y_pred[row];
    if (is_masked(loaded, row)) {
        counts.masked = 1;
    } else if (are_finite(y_true, y_pred)) {
        counts.pairs = 1;
    } else {
        count(counts, kind_of(y_true, y_pred));
    }
    return counts;
}

std::optional<std::ptrdiff_t> first_refused(const Pairs& pairs, std::ptrdiff_t rows, NanPolicy policy) {
    LoadedRows loaded;
    for (std::ptrdiff_t first = 0; first < rows; first += block_length) {
        const Rows block{first, std::min<std::ptrdiff_t>(block_length, rows - first)};
        load(pairs, block, loaded);
        for (std::ptrdiff_t row = 0; row < block.count; ++row) {
            if (!lets_through(policy, counts_of(loaded, row))) return first + row;
        }
    }
    return std::nullopt;
}

}  // namespace squarely
