// Selection by counting: how many keys lie in each bucket of a range, then of the one bucket that matters. A sample
// says where to begin; where it misleads, or the values are in no way spread out, they are read at most five times
// more. They are not moved.
#include "order/selection.hpp"

#include "blocks/stretches.hpp"
#include "kernels/kernels.hpp"
#include "machine/floating_point.hpp"
#include "machine/long_call.hpp"
#include "machine/targets.hpp"
#include "machine/threads.hpp"
#include "order/keys.hpp"
#include "order/levels.hpp"
#include "order/order_statistics.hpp"

#include <cmath>
#include <limits>
#include <mutex>

namespace squarely {
namespace {

// 128 KB of counts a thread: they stay in the second cache.
constexpr int bucket_bits = 14;
// As few values as this are copied, 256 KB, and sorted out by the standard library.
constexpr std::uint64_t most_gathered = 32768;

using BucketCounts = std::vector<std::uint64_t>;

struct DoubleRange {
    double low;
    double high;
};

// No value is a negative zero, which would compare equal to a key above its own.
DoubleRange doubles_of(KeyRange range) {
    const bool ends_in_negative_zero = range.last == key_of(-0.0);
    return {value_of(range.first), value_of(ends_in_negative_zero ? range.last - 1 : range.last)};
}

// Visits the values of each block that are in the range, and returns how many are below it.
template <class Visit>
std::uint64_t for_each_block(const OrderedValues& ordered, Stretch stretch, KeyRange range, Visit visit) {
    const FloatingPointEnvironment environment;
    const Kernels& kernels = *current_target().kernels;
    const auto [low, high] = doubles_of(range);
    double inside[block_length];
    std::uint64_t below = 0;
    for (std::ptrdiff_t first = stretch.first; first < stretch.last; first += block_length) {
        if (begins_a_piece(stretch, first)) look_at_call();
        const std::ptrdiff_t count = std::min<std::ptrdiff_t>(block_length, stretch.last - first);
        const std::ptrdiff_t found = kernels.values_between(ordered.values + first, count, low, high, inside, &below);
        if (found > 0) visit(std::span<const double>(inside, static_cast<std::size_t>(found)));
    }
    return below;
}

struct Counted {
    std::uint64_t below = 0;  // values under the first bucket
    BucketCounts buckets;
};

Counted count_in_buckets(const OrderedValues& ordered, const Buckets& buckets) {
    const std::size_t used = buckets(buckets.range.last) + 1;
    Counted counted{0, BucketCounts(used)};
    std::mutex mutex;
    parallel_for(number_of_stretches(ordered.rows), [&](std::ptrdiff_t index) {
        BucketCounts own(used);
        const Stretch stretch = stretch_at(ordered.rows, index);
        const std::uint64_t below = for_each_block(ordered, stretch, buckets.range, [&](auto values) {
            for (const double value : values) ++own[buckets(key_of(value))];
        });
        const std::lock_guard lock(mutex);
        counted.below += below;
        for (std::size_t i = 0; i < used; ++i) counted.buckets[i] += own[i];
    });
    return counted;
}

std::vector<double> gathered(const OrderedValues& ordered, KeyRange range, std::uint64_t count) {
    std::vector<double> all;
    all.reserve(count);
    std::mutex mutex;
    parallel_for(number_of_stretches(ordered.rows), [&](std::ptrdiff_t index) {
        for_each_block(ordered, stretch_at(ordered.rows, index), range, [&](auto values) {
            const std::lock_guard lock(mutex);
            all.insert(all.end(), values.begin(), values.end());
        });
    });
    return all;
}

KeyRange whole_range(const OrderedValues& ordered) { return {key_of(ordered.smallest), key_of(ordered.largest)}; }

// Where the rank lies if the rows at equal distances are like the others: four standard deviations on either side.
KeyRange likely_range(const OrderedValues& ordered, std::uint64_t rank) {
    const KeyRange whole = whole_range(ordered);
    std::vector<std::uint64_t> sample;
    sample.reserve(most_gathered);
    const std::ptrdiff_t step = ordered.rows / static_cast<std::ptrdiff_t>(most_gathered) + 1;
    for (std::ptrdiff_t row = 0; row < ordered.rows; row += step) {
        const std::uint64_t key = key_of(ordered.values[row]);
        if (whole.contains(key)) sample.push_back(key);
    }
    const auto size = static_cast<double>(sample.size());
    const double place = static_cast<double>(rank) / static_cast<double>(ordered.present) * size;
    const double margin = 2 * std::sqrt(size);
    KeyRange likely = whole;
    if (place - margin > 0) {
        const auto low = sample.begin() + static_cast<std::ptrdiff_t>(place - margin);
        std::nth_element(sample.begin(), low, sample.end());
        likely.first = *low;
    }
    if (place + margin < size) {
        const auto high = sample.begin() + static_cast<std::ptrdiff_t>(place + margin);
        std::nth_element(sample.begin(), high, sample.end());
        likely.last = *high;
    }
    return likely;
}

// A range the rank is looked for in, how many values are in it, and which of them it would be.
struct Search {
    KeyRange range;
    std::uint64_t count;
    std::uint64_t left;
};

// The bucket of the rank, or what lies beside the range where the rank is not in it.
Search narrowed(const OrderedValues& ordered, KeyRange range, std::uint64_t rank) {
    const Buckets buckets = buckets_of(range, bucket_bits);
    const Counted counted = count_in_buckets(ordered, buckets);
    const KeyRange whole = whole_range(ordered);
    if (rank < counted.below) return {{whole.first, range.first - 1}, counted.below, rank};
    std::uint64_t left = rank - counted.below;
    for (std::size_t i = 0; i < counted.buckets.size(); ++i) {
        if (left < counted.buckets[i]) return {buckets.at(i), counted.buckets[i], left};
        left -= counted.buckets[i];
    }
    return {{range.last + 1, whole.last}, ordered.present - (rank - left), left};
}

}  // namespace

Reached reached_among(std::uint64_t present, const Level& level) {
    const int shift = -level.exponent;  // no level is above one, so that this is at least 52
    const uint128 low = uint128{level.low} * present;
    const uint128 high = uint128{level.high} * present;
    if (shift >= 127) return {1, false};
    const auto count = static_cast<std::uint64_t>((low + ((uint128{1} << shift) - 1)) >> shift);
    return {std::max<std::uint64_t>(count, 1), uint128{std::max<std::uint64_t>(count, 1)} << shift <= high};
}

double midpoint(double a, double b) {
    const double sum = a + b;
    const bool has_overflowed = sum - sum != 0 && a - a == 0 && b - b == 0;
    return has_overflowed ? a / 2 + b / 2 : sum / 2;
}

double smallest_above(const OrderedValues& ordered, std::uint64_t key) {
    const KeyRange above{key + 1, key_of(ordered.largest)};
    double smallest = ordered.largest;
    std::mutex mutex;
    parallel_for(number_of_stretches(ordered.rows), [&](std::ptrdiff_t index) {
        double own = ordered.largest;
        for_each_block(ordered, stretch_at(ordered.rows, index), above,
                       [&](auto values) { own = std::min(own, *std::min_element(values.begin(), values.end())); });
        const std::lock_guard lock(mutex);
        smallest = std::min(smallest, own);
    });
    return smallest;
}

Selected value_of_rank(const OrderedValues& ordered, std::uint64_t rank) {
    Search search{whole_range(ordered), ordered.present, rank};
    if (ordered.present > most_gathered) search = narrowed(ordered, likely_range(ordered, rank), rank);
    while (search.range.first != search.range.last && search.count > most_gathered) {
        search = narrowed(ordered, search.range, rank);
    }
    const auto [range, count, left] = search;
    if (range.first == range.last) return {value_of(range.first), value_of(range.first), left + 1 < count};
    std::vector<double> values = gathered(ordered, range, count);
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(left);
    std::nth_element(values.begin(), at, values.end());
    const auto next = std::min_element(at + 1, values.end());
    return {*at, next == values.end() ? *at : *next, next != values.end()};
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
