// An exact sum in 56 bytes instead of 544, as long as five limbs hold it: those of ordinary data use three to five of
// the 68. A state of a million outputs is made of these. What five do not hold is whole, elsewhere in memory.
#pragma once

#include "machine/zeroed_memory.hpp"
#include "numbers/exact_sum.hpp"

#include <memory>
#include <vector>

namespace squarely {

struct CompactSum {
    static constexpr int few = 5;

    CompactSum() = default;
    CompactSum(const CompactSum& other) { *this = other; }
    CompactSum(CompactSum&& other) noexcept = default;
    CompactSum& operator=(const CompactSum& other);
    CompactSum& operator=(CompactSum&& other) noexcept = default;
    ~CompactSum() = default;

    std::uint64_t limbs[few] = {};    // two's complement, least significant first
    int first = 0;                    // which of the limbs of an exact sum they are
    std::unique_ptr<ExactSum> whole;  // in place of them
};

using CompactSums = std::vector<CompactSum, LargeTables<CompactSum>>;

SumLimbs limbs_of(const CompactSum& sum);

// As those of an exact sum (numbers/add_words.hpp).
void add_number(CompactSum& sum, uint128 magnitude, int exponent, bool negative);
void add_wide_number(CompactSum& sum, uint128 high, uint128 low, int exponent);

// Three limbs in two's complement, times 2^exponent.
void add_limbs(CompactSum& sum, const std::uint64_t (&limbs)[3], int exponent);

void merge(CompactSum& sum, const SumLimbs& more);
void subtract(CompactSum& sum, const SumLimbs& less);

}  // namespace squarely
