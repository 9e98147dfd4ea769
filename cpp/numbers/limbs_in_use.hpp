// Where the magnitude of a long integer is, inline: most formulas do little with what they find.
#pragma once

#include "numbers/exact_sum.hpp"

#include <algorithm>
#include <cstring>

namespace squarely {

// Two at once, which every machine this library runs on has registers for.
typedef std::uint64_t TwoLimbs __attribute__((vector_size(16)));

inline TwoLimbs two_limbs(const std::uint64_t* limbs) {
    TwoLimbs two;
    std::memcpy(&two, limbs, sizeof two);
    return two;
}

template <std::uint64_t value, int count>
bool are_all(const std::uint64_t* limbs) {
    TwoLimbs differences = {};
    for (int i = 0; i < count; i += 2) differences |= two_limbs(limbs + i) ^ value;
    return (differences[0] | differences[1]) == 0;
}

// How many limbs there are before the first that is not this, and up to the last. Eight a step, and fewer near the end:
// limb by limb it would take longer than all else.
template <std::uint64_t value>
int first_unlike(const SumLimbs& sum) {
    const std::uint64_t* const limbs = sum.limbs;
    int first = 0;
    while (first + 8 <= sum.count && are_all<value, 8>(limbs + first)) first += 8;
    if (first + 4 <= sum.count && are_all<value, 4>(limbs + first)) first += 4;
    while (first < sum.count && limbs[first] == value) ++first;
    return first;
}
template <std::uint64_t value>
int last_unlike(const SumLimbs& sum) {
    const std::uint64_t* const limbs = sum.limbs;
    int last = sum.count;
    while (last >= 8 && are_all<value, 8>(limbs + last - 8)) last -= 8;
    if (last >= 4 && are_all<value, 4>(limbs + last - 4)) last -= 4;
    while (last > 0 && limbs[last - 1] == value) --last;
    return last;
}

// The magnitude has no other limbs of an exact sum than these. Those of zero are none, from the first.
struct LimbsInUse {
    int first;
    int count;
};

inline LimbsInUse limbs_in_use(const SumLimbs& sum) {
    const int first = first_unlike<0>(sum);
    if (first == sum.count) return {0, 0};
    // The magnitude of a negative number is the opposite of its first limb, and of what is above it the complement.
    const bool is_negative = sum.limbs[sum.count - 1] >> 63 != 0;
    const int last = is_negative ? last_unlike<~std::uint64_t{0}>(sum) : last_unlike<0>(sum);
    return {sum.first + first, std::max(last - first, 1)};
}

inline void copy_magnitude(const SumLimbs& sum, const LimbsInUse& used, std::uint64_t* limbs) {
    const std::uint64_t sign = 0 - (sum.limbs[sum.count - 1] >> 63);
    for (int i = 0; i < used.count; ++i) limbs[i] = sum.limbs[used.first - sum.first + i] ^ sign;
    if (sign != 0) ++limbs[0];
}

}  // namespace squarely
