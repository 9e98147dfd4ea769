// The pairs that fit no window, of one output: a few go into the long integers at once, many through buckets.
#pragma once

#include "blocks/misfits.hpp"
#include "states/state.hpp"
#include "sums/pair_buckets.hpp"

namespace squarely {

// A block with that many misfits is worth the microseconds a search for a better window takes ...
constexpr int misfits_worth_a_search = block_length / 16;
// ... unless there was one lately: then the next blocks do without.
constexpr int blocks_before_another_search = 16;
// Misfits are seldom alone, nor zeros.
constexpr int blocks_after_misfits = 8;
// A NaN is seldom the last.
constexpr int blocks_after_missing = 16;

// Copied while there are no buckets: a stream of short chunks is copied for each of them.
struct MisfitSums {
    MisfitSums() = default;
    MisfitSums(MisfitSums&&) = default;
    MisfitSums(const MisfitSums& other) : expected(other.expected) {}
    MisfitSums& operator=(const MisfitSums& other);

    struct Expected {
        int blocks_of_misfits = 0;  // hardly any pair fits: do not try this many blocks
        int patience = 1;           // and after as many find out again
    };

    std::unique_ptr<PairBuckets> buckets;  // where there were many
    int few = 0;                           // have been added without
    Expected expected;
};

// Leaves the rows of two finite numbers. The others are counted, in whose pairs they are already.
void leave_out_other_than_finite(MisfitRows& misfits, const Block& block, PairCounts* counts);

// False, and nothing added, where there have been too few so far for buckets.
bool add_to_buckets(MisfitSums& sums, const BucketSet& set, const Block& block, const MisfitRows& misfits);

// There are no buckets afterwards.
void empty_into(MisfitSums& sums, const BucketTotals& totals);

// A block of which so many pairs did not fit.
void expect(MisfitSums& sums, int misfits, std::ptrdiff_t length);

// Whether the next block is to go into buckets as it is.
bool takes_whole_block(MisfitSums& sums);

}  // namespace squarely
