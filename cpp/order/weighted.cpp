// The same counting with weights. Sums of weights are exact, so that it never hangs on their order or on a rounding
// which value a level meets.
#include "blocks/stretches.hpp"
#include "machine/floating_point.hpp"
#include "machine/long_call.hpp"
#include "machine/threads.hpp"
#include "numbers/add_words.hpp"
#include "order/keys.hpp"
#include "order/levels.hpp"
#include "order/order_statistics.hpp"
#include "order/selection.hpp"

#include <limits>
#include <mutex>

namespace squarely {
namespace {

constexpr int bucket_bits = 9;  // an exact sum takes 544 bytes
constexpr std::uint64_t most_gathered = 16384;

struct WeightedValues {
    const OrderedValues& ordered;
    std::span<const double> weights;
};

struct Heap {
    ExactSum weight;
    std::uint64_t count = 0;
};

struct WeightedKey {
    std::uint64_t key;
    double weight;
};

bool is_less(const ExactSum& a, const ExactSum& b) {
    ExactSum difference = a;
    subtract(difference, b);
    return is_negative(difference);
}

// sum * factor * 2^exponent. Weights are multiples of 2^-1074: what a tiny exponent pushes below the unit is zeros.
ExactSum product(const ExactSum& sum, std::uint64_t factor, int exponent) {
    ExactSum result;
    for (int i = 0; i < ExactSum::limb_count; ++i) {
        const int place = ExactSum::unit_exponent + 64 * i + exponent;
        const int below = std::max(0, ExactSum::unit_exponent - place);
        if (sum.limbs[i] != 0) add_number(result, uint128{sum.limbs[i]} * factor >> below, place + below, false);
    }
    return result;
}

template <class Visit>
void for_each_in(const WeightedValues& values, Stretch stretch, KeyRange range, Visit visit) {
    const FloatingPointEnvironment environment;  // subnormal weights are weights
    for (std::ptrdiff_t row = stretch.first; row < stretch.last; ++row) {
        if (begins_a_piece(stretch, row)) look_at_call();
        const std::uint64_t key = key_of(values.ordered.values[row]);
        const double weight = values.weights[static_cast<std::size_t>(row)];
        if (range.contains(key) && weight > 0) visit(key, weight);
    }
}

std::vector<Heap> heaps_in_buckets(const WeightedValues& values, const Buckets& buckets) {
    const std::size_t used = buckets(buckets.range.last) + 1;
    std::vector<Heap> heaps(used);
    std::mutex mutex;
    parallel_for(number_of_stretches(values.ordered.rows), [&](std::ptrdiff_t index) {
        std::vector<Heap> own(used);
        const Stretch stretch = stretch_at(values.ordered.rows, index);
        for_each_in(values, stretch, buckets.range, [&](std::uint64_t key, double weight) {
            Heap& heap = own[buckets(key)];
            add_number(heap.weight, weight);
            ++heap.count;
        });
        const std::lock_guard lock(mutex);
        for (std::size_t i = 0; i < used; ++i) {
            if (own[i].count == 0) continue;
            merge(heaps[i].weight, own[i].weight);
            heaps[i].count += own[i].count;
        }
    });
    return heaps;
}

std::vector<WeightedKey> gathered(const WeightedValues& values, KeyRange range, std::uint64_t count) {
    std::vector<WeightedKey> all;
    all.reserve(count);
    std::mutex mutex;
    parallel_for(number_of_stretches(values.ordered.rows), [&](std::ptrdiff_t index) {
        std::vector<WeightedKey> own;
        for_each_in(values, stretch_at(values.ordered.rows, index), range,
                    [&](std::uint64_t key, double weight) { own.push_back({key, weight}); });
        const std::lock_guard lock(mutex);
        all.insert(all.end(), own.begin(), own.end());
    });
    std::sort(all.begin(), all.end(), [](const WeightedKey& a, const WeightedKey& b) { return a.key < b.key; });
    return all;
}

// The key itself where no value above it has a weight.
std::uint64_t next_key(const WeightedValues& values, std::uint64_t key) {
    const std::uint64_t largest = key_of(values.ordered.largest);
    if (key == largest) return key;
    std::uint64_t next = UINT64_MAX;
    std::mutex mutex;
    parallel_for(number_of_stretches(values.ordered.rows), [&](std::ptrdiff_t index) {
        std::uint64_t own = UINT64_MAX;
        for_each_in(values, stretch_at(values.ordered.rows, index), {key + 1, largest},
                    [&](std::uint64_t found, double) { own = std::min(own, found); });
        const std::lock_guard lock(mutex);
        next = std::min(next, own);
    });
    return next == UINT64_MAX ? key : next;
}

// The search for the first value up to which the weights reach the level.
struct Search {
    KeyRange range;
    std::uint64_t count;  // of values with a weight in the range
    ExactSum below;       // the weight of those under it
    ExactSum low, high;   // the weights that meet the level
};

ExactSum sum_of(const std::vector<Heap>& heaps) {
    ExactSum total;
    for (const Heap& heap : heaps) merge(total, heap.weight);
    return total;
}

// Nothing has a weight under the level zero; the first value that has one reaches it.
void narrow(Search& search, const std::vector<Heap>& heaps, const Buckets& buckets) {
    for (std::size_t i = 0; i < heaps.size(); ++i) {
        if (heaps[i].count == 0) continue;
        ExactSum up_to = search.below;
        merge(up_to, heaps[i].weight);
        if (!is_less(up_to, search.low)) {
            search.range = buckets.at(i);
            search.count = heaps[i].count;
            return;
        }
        search.below = up_to;
    }
}

struct Found {
    std::uint64_t key;
    ExactSum up_to;  // the weight of all values not above it
};

Found first_reaching(const std::vector<WeightedKey>& keys, const Search& search) {
    Found found{0, search.below};
    for (std::size_t i = 0; i < keys.size(); ++i) {
        add_number(found.up_to, keys[i].weight);
        found.key = keys[i].key;
        const bool is_last_of_value = i + 1 == keys.size() || keys[i + 1].key != keys[i].key;
        if (is_last_of_value && !is_less(found.up_to, search.low)) break;
    }
    return found;
}

}  // namespace

double weighted_quantile(const OrderedValues& ordered, std::span<const double> weights, double level) {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    if (ordered.present == 0) return nan;
    const FloatingPointEnvironment environment;
    const WeightedValues values{ordered, weights};
    Buckets buckets = buckets_of({key_of(ordered.smallest), key_of(ordered.largest)}, bucket_bits);
    std::vector<Heap> heaps = heaps_in_buckets(values, buckets);
    const ExactSum total = sum_of(heaps);
    if (is_zero(total)) return nan;
    const Level meant = level_of(level);
    Search search{
        buckets.range, 0, {}, product(total, meant.low, meant.exponent), product(total, meant.high, meant.exponent)};
    narrow(search, heaps, buckets);
    while (search.range.first != search.range.last && search.count > most_gathered) {
        buckets = buckets_of(search.range, bucket_bits);
        heaps = heaps_in_buckets(values, buckets);
        narrow(search, heaps, buckets);
    }
    Found found{search.range.first, search.below};
    if (search.count <= most_gathered) {
        found = first_reaching(gathered(values, search.range, search.count), search);
    } else {
        merge(found.up_to, heaps[buckets(search.range.first)].weight);
    }
    const bool is_met = !is_less(search.high, found.up_to);
    return is_met ? midpoint(value_of(found.key), value_of(next_key(values, found.key))) : value_of(found.key);
}

}  // namespace squarely
