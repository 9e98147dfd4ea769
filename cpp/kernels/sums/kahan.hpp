// Compensated summation in sixteen lanes: every lane keeps the rounding errors of its additions beside its sum
// (Kahan 1965, in Neumaier's order-free form). The lanes are logical: the same sixteen on every target.
#pragma once

#include "kernels/lanes.hpp"

namespace squarely {
namespace {

// What is known of a value that is added.
enum class Added { any, never_negative, never_larger };  // than the sum so far, where neither is negative

// What rounding left out of a sum, by its larger part where that is seen at once.
template <Added added>
SQUARELY_INLINE Vector sum_error(Vector a, Vector b, Vector sum) {
    if constexpr (added == Added::never_larger) {
        return b - added_by_multiplier(sum, -a);
    } else if constexpr (has_order_by_size) {
        const BySize values = by_size(a, b);
        return values.small - added_by_multiplier(sum, -values.large);
    } else if constexpr (added == Added::never_negative) {
        return added_by_multiplier(smaller(a, b), -added_by_multiplier(sum, -larger(a, b)));
    }
    const Vector back = added_by_multiplier(sum, -a);
    return added_by_multiplier(a - (sum - back), added_by_multiplier(b, -back));
}

// Some lanes, of an array of the sums of all and then the errors of all.
struct KahanLane {
    static constexpr int lanes_in_all = kahan_lanes;
    static constexpr int at_once = 2;
    static constexpr bool keeps_errors = true;
    Vector high;
    Vector low;

    SQUARELY_INLINE void get(const double* sums) {
        high = load<Vector>(sums);
        low = load<Vector>(sums + kahan_lanes);
    }
    SQUARELY_INLINE void put(double* sums) const {
        store(sums, high);
        store(sums + kahan_lanes, low);
    }
    template <Added added>
    SQUARELY_INLINE void add(Vector value) {
        const Vector sum = high + value;
        low = added_by_multiplier(sum_error<added>(high, value, sum), low);
        high = sum;
    }
};

// Not inlined, because it is called once a block.
[[gnu::noinline]] bool are_within(const double* sums, int count, double limit) {
    Bits outside{};
    for (int i = 0; i < count; i += lanes) {
        outside |= ~mask(absolute(load<Vector>(sums + i)) <= broadcast(limit));  // so is NaN
    }
    return !any(outside);
}

// Whether no value of a block can have been larger than the sum in its lane before it, where none is negative.
[[gnu::noinline, maybe_unused]] bool are_not_doubled(const double* before, const double* after, int count) {
    Bits inside = Bits{} - 1;
    for (int i = 0; i < count; i += lanes) {
        const Vector sum = load<Vector>(before + i);
        const Vector greater = load<Vector>(after + i);
        inside &= mask(greater < sum + sum) | mask(greater == sum);
    }
    return !any(~inside);
}

constexpr double largest_double = 0x1.fffffffffffffp1023;

bool kahan_values(const double* values, std::ptrdiff_t length, KahanSums& sums) {
    KahanSums after = sums;
    for (int lane = 0; lane < kahan_lanes; lane += 2 * lanes) {
        KahanLane even;
        KahanLane odd;
        even.get(after.lanes + lane);
        odd.get(after.lanes + lane + lanes);
        for (std::ptrdiff_t i = lane; i < length; i += kahan_lanes) {
            even.add<Added::any>(load<Vector>(values + i));
            odd.add<Added::any>(load<Vector>(values + i + lanes));
        }
        even.put(after.lanes + lane);
        odd.put(after.lanes + lane + lanes);
    }
    if (!are_within(after.lanes, kahan_lanes, largest_double)) return false;
    sums = after;
    return true;
}

}  // namespace
}  // namespace squarely
