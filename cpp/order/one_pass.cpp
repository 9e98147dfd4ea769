// A sample says between which values the quantile lies, most likely; then these are copied, a few in a hundred, and
// those below are counted.
#include "order/one_pass.hpp"

#include "blocks/block.hpp"
#include "blocks/stretches.hpp"
#include "machine/floating_point.hpp"
#include "machine/long_call.hpp"
#include "machine/targets.hpp"
#include "machine/threads.hpp"
#include "order/selection.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <mutex>

namespace squarely {
namespace {

constexpr std::ptrdiff_t sample_size = fewest_rows_in_one_pass / 8;
constexpr std::ptrdiff_t usually_between = 32;
constexpr std::ptrdiff_t most_between = 8;  // one in so many values: of more there are ties

struct ValueRange {
    double low;
    double high;
};

struct Found {
    std::vector<double> between;
    std::uint64_t below = 0;
    bool is_misled = false;
};

bool are_doubles(const Pairs& pairs) {
    return pairs.where == nullptr && pairs.y_true.dtype == DType::float64 && pairs.y_pred.dtype == DType::float64 &&
           !pairs.y_true.swapped && !pairs.y_pred.swapped && !may_have_nulls(pairs.y_true) &&
           !may_have_nulls(pairs.y_pred);
}

double double_at(const Column& column, std::ptrdiff_t row) {
    double value;
    std::memcpy(&value, static_cast<const char*>(column.data) + row * column.stride, sizeof value);
    return value;
}

// Where the rank lies if the rows at equal distances are like the others: four standard deviations on either side.
std::optional<ValueRange> likely_range(const Pairs& pairs, std::ptrdiff_t rows, std::uint64_t rank) {
    std::vector<double> sample;
    sample.reserve(sample_size);
    const std::ptrdiff_t step = rows / sample_size + 1;
    for (std::ptrdiff_t row = 0; row < rows; row += step) {
        sample.push_back(std::fabs(double_at(pairs.y_true, row) - double_at(pairs.y_pred, row)));
        if (!std::isfinite(sample.back())) return std::nullopt;
    }
    const auto size = static_cast<double>(sample.size());
    const double place = static_cast<double>(rank) / static_cast<double>(rows) * size;
    const double margin = 2 * std::sqrt(size);
    ValueRange range{0, std::numeric_limits<double>::max()};
    const auto value_at = [&](double at) {
        const auto place_of_it = sample.begin() + static_cast<std::ptrdiff_t>(at);
        std::nth_element(sample.begin(), place_of_it, sample.end());
        return *place_of_it;
    };
    if (place - margin > 0) range.low = value_at(place - margin);
    if (place + margin < size) range.high = value_at(place + margin);
    return range;
}

// Negative where not all values are finite.
std::ptrdiff_t copy_between(const Kernels& kernels, const Block& block, std::ptrdiff_t count, ValueRange range,
                            double* between, std::uint64_t* below) {
    if (count == block.length) {
        return kernels.absolute_differences_between(block, range.low, range.high, between, below);
    }
    alignas(64) double values[block_length];  // without the padding
    if (!kernels.absolute_differences(block, values)) return -1;
    return kernels.values_between(values, count, range.low, range.high, between, below);
}

Found found_in(const Pairs& pairs, Stretch stretch, ValueRange range) {
    const FloatingPointEnvironment environment;
    const Kernels& kernels = *current_target().kernels;
    BlockBuffers buffers;
    double between[block_length + max_lanes];
    Found found;
    found.between.reserve(static_cast<std::size_t>((stretch.last - stretch.first) / usually_between));
    for (std::ptrdiff_t first = stretch.first; first < stretch.last && !found.is_misled; first += block_length) {
        if (begins_a_piece(stretch, first)) look_at_call();
        const Rows rows{first, std::min<std::ptrdiff_t>(block_length, stretch.last - first)};
        const RowsKept kept = rows_kept(kernels, pairs, rows, buffers);
        std::vector<LargePair> large;
        const Block block = load_block(kernels, pairs, rows, kept, buffers, large);
        const std::ptrdiff_t count = copy_between(kernels, block, rows.count, range, between, &found.below);
        found.between.insert(found.between.end(), between, between + std::max<std::ptrdiff_t>(count, 0));
        found.is_misled = count < 0 || std::ssize(found.between) > (stretch.last - stretch.first) / most_between;
    }
    return found;
}

Found found_in_all(const Pairs& pairs, std::ptrdiff_t rows, ValueRange range) {
    Found all;
    all.between.reserve(static_cast<std::size_t>(rows / usually_between));
    std::mutex mutex;
    parallel_for(number_of_stretches(rows), [&](std::ptrdiff_t index) {
        {
            const std::lock_guard lock(mutex);
            if (all.is_misled) return;
        }
        const Found own = found_in(pairs, stretch_at(rows, index), range);
        const std::lock_guard lock(mutex);
        all.between.insert(all.between.end(), own.between.begin(), own.between.end());
        all.below += own.below;
        all.is_misled |= own.is_misled;
    });
    return all;
}

}  // namespace

std::optional<double> quantile_in_one_pass(const Pairs& pairs, std::ptrdiff_t rows, double level) {
    if (rows < fewest_rows_in_one_pass || !are_doubles(pairs)) return std::nullopt;
    const FloatingPointEnvironment environment;
    const Reached reached = reached_among(static_cast<std::uint64_t>(rows), level_of(level));
    const std::uint64_t rank = reached.count - 1;
    const auto range = likely_range(pairs, rows, rank);
    if (!range) return std::nullopt;
    Found found = found_in_all(pairs, rows, *range);
    // The next one is wanted too.
    if (found.is_misled || rank < found.below || rank + 1 >= found.below + found.between.size()) return std::nullopt;
    const auto at = found.between.begin() + static_cast<std::ptrdiff_t>(rank - found.below);
    std::nth_element(found.between.begin(), at, found.between.end());
    return reached.is_met ? midpoint(*at, *std::min_element(at + 1, found.between.end())) : *at;
}

}  // namespace squarely
