// Selection by counting: how many keys lie in each bucket of a range, then of the one bucket that matters. The values
// are read at most five times, whatever they are, and are not moved.
#include "order_statistics_selection.hpp"

#include "floating_point.hpp"
#include "kernels.hpp"
#include "order_statistics.hpp"
#include "order_statistics_keys.hpp"
#include "order_statistics_levels.hpp"
#include "order_statistics_stretches.hpp"
#include "threads.hpp"

#include <limits>
#include <mutex>

namespace squarely {
namespace {

// 128 KB of counts a thread, of which few are touched: they stay in the second cache.
constexpr int bucket_bits = 14;
// As few values as this are copied, 256 KB, and sorted out by the standard library.
constexpr std::uint64_t most_gathered = 32768;

using BucketCounts = std::vector<std::uint64_t>;

// Keys of a range, at the front of a block: without a branch, because which values match is as good as random.
std::size_t keys_in(KeyRange range, const double* values, std::ptrdiff_t count, std::uint64_t* keys) {
    std::size_t found = 0;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        const std::uint64_t key = key_of(values[i]);
        keys[found] = key;
        found += range.contains(key);
    }
    return found;
}

template <class Visit>
void for_each_key(const OrderedValues& ordered, Stretch stretch, KeyRange range, Visit visit) {
    std::uint64_t keys[block_length];
    for (std::ptrdiff_t first = stretch.first; first < stretch.last; first += block_length) {
        const std::ptrdiff_t count = std::min<std::ptrdiff_t>(block_length, stretch.last - first);
        const std::size_t found = keys_in(range, ordered.values + first, count, keys);
        for (std::size_t i = 0; i < found; ++i) visit(keys[i]);
    }
}

BucketCounts count_in_buckets(const OrderedValues& ordered, const Buckets& buckets) {
    const std::size_t used = buckets(buckets.range.last) + 1;
    BucketCounts counts(used);
    std::mutex mutex;
    parallel_for(number_of_stretches(ordered.rows), [&](std::ptrdiff_t index) {
        BucketCounts own(used);
        for_each_key(ordered, stretch_at(ordered.rows, index), buckets.range,
                     [&](std::uint64_t key) { ++own[buckets(key)]; });
        const std::lock_guard lock(mutex);
        for (std::size_t i = 0; i < used; ++i) counts[i] += own[i];
    });
    return counts;
}

std::vector<std::uint64_t> gathered(const OrderedValues& ordered, KeyRange range, std::uint64_t count) {
    std::vector<std::uint64_t> all;
    all.reserve(count);
    std::mutex mutex;
    parallel_for(number_of_stretches(ordered.rows), [&](std::ptrdiff_t index) {
        std::uint64_t keys[block_length];
        const Stretch stretch = stretch_at(ordered.rows, index);
        for (std::ptrdiff_t first = stretch.first; first < stretch.last; first += block_length) {
            const std::ptrdiff_t length = std::min<std::ptrdiff_t>(block_length, stretch.last - first);
            const std::size_t found = keys_in(range, ordered.values + first, length, keys);
            if (found == 0) continue;
            const std::lock_guard lock(mutex);
            all.insert(all.end(), keys, keys + found);
        }
    });
    return all;
}

// The smallest count of values that reaches the level, and whether it meets the level rather than passing it.
struct Reached {
    std::uint64_t count;
    bool is_met;
};

Reached reached_among(std::uint64_t present, const Level& level) {
    const int shift = -level.exponent;  // no level is above one, so that this is at least 52
    const uint128 low = uint128{level.low} * present;
    const uint128 high = uint128{level.high} * present;
    if (shift >= 127) return {1, false};
    const auto count = static_cast<std::uint64_t>((low + ((uint128{1} << shift) - 1)) >> shift);
    return {std::max<std::uint64_t>(count, 1), uint128{std::max<std::uint64_t>(count, 1)} << shift <= high};
}

}  // namespace

double midpoint(double a, double b) {
    const double sum = a + b;
    const bool has_overflowed = sum - sum != 0 && a - a == 0 && b - b == 0;
    return has_overflowed ? a / 2 + b / 2 : sum / 2;
}

double smallest_above(const OrderedValues& ordered, std::uint64_t key) {
    const KeyRange above{key + 1, key_of(ordered.largest)};
    std::uint64_t smallest = above.last;
    std::mutex mutex;
    parallel_for(number_of_stretches(ordered.rows), [&](std::ptrdiff_t index) {
        std::uint64_t own = above.last;
        for_each_key(ordered, stretch_at(ordered.rows, index), above,
                     [&](std::uint64_t found) { own = std::min(own, found); });
        const std::lock_guard lock(mutex);
        smallest = std::min(smallest, own);
    });
    return value_of(smallest);
}

Selected value_of_rank(const OrderedValues& ordered, std::uint64_t rank) {
    KeyRange range{key_of(ordered.smallest), key_of(ordered.largest)};
    std::uint64_t count = ordered.present;
    std::uint64_t left = rank;  // of the ranks in the range
    while (range.first != range.last && count > most_gathered) {
        const Buckets buckets = buckets_of(range, bucket_bits);
        const BucketCounts counts = count_in_buckets(ordered, buckets);
        std::size_t index = 0;
        while (left >= counts[index]) left -= counts[index++];
        count = counts[index];
        range = buckets.at(index);
    }
    if (range.first == range.last) return {value_of(range.first), value_of(range.first), left + 1 < count};
    std::vector<std::uint64_t> keys = gathered(ordered, range, count);
    const auto at = keys.begin() + static_cast<std::ptrdiff_t>(left);
    std::nth_element(keys.begin(), at, keys.end());
    const auto next = std::min_element(at + 1, keys.end());
    return {value_of(*at), next == keys.end() ? value_of(*at) : value_of(*next), next != keys.end()};
}

double quantile(const OrderedValues& ordered, double level) {
    if (ordered.present == 0) return std::numeric_limits<double>::quiet_NaN();
    const FloatingPointEnvironment environment;
    const Reached reached = reached_among(ordered.present, level_of(level));
    const Selected selected = value_of_rank(ordered, reached.count - 1);
    if (!reached.is_met || reached.count == ordered.present) return selected.value;
    const double next = selected.next_is_known ? selected.next : smallest_above(ordered, key_of(selected.value));
    return midpoint(selected.value, next);
}

}  // namespace squarely
