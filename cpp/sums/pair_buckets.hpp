// Pairs that fit no window, by the integers that their significands are: one sum of 128 bits for every exponent.
//
// (y - p)^2 is y^2 - 2 y p + p^2 and |y - p| is y - p or p - y: with integers there is no difference to form, no range
// to keep to and no rounding to disprove, and which bucket a product goes into hangs on no comparison. The large
// superaccumulator of Neal, "Fast exact summation using small and large superaccumulators" (arXiv:1505.05571), for
// products.
#pragma once

#include "blocks/misfits.hpp"
#include "numbers/exact_sum.hpp"
#include "sums/sliced_squares.hpp"

#include <cstdint>
#include <memory>

namespace squarely {

constexpr int exponents = 2048;  // as a double has them; the last one is that of no number

struct PairBuckets {
    int128 squared_truth[exponents] = {};
    int128 squared_prediction[exponents] = {};
    int128 product[2 * exponents] = {};
    int128 truth[exponents] = {};
    int128 prediction[exponents] = {};
    // |y_pred - y_true| as y and -p, or -y and p: of both sides in one table, each would wait for the other.
    int128 signed_truth[exponents] = {};
    int128 signed_prediction[exponents] = {};
    // A bit for 32 neighbouring exponents that have been used: what is to be looked at in the end.
    std::uint64_t in_truth = 0;
    std::uint64_t in_prediction = 0;
    std::int64_t pairs = 0;
};

// Which of them are filled. Zeroing and reading the others would take most of the time.
struct BucketSet {
    bool of_squares;
    bool of_values;
    bool of_absolute_error;

    bool operator==(const BucketSet&) const = default;
};

// The sums that buckets are emptied into; null where one is not wanted.
struct BucketTotals {
    ExactSum* squared_error;
    ExactSum* error;  // y_pred - y_true
    ExactSum* absolute_error;
    ExactSum* truth;
    ExactSum* squared_truth;
    ExactSum* prediction;
    ExactSum* squared_prediction;
};

// All pairs of a block, or some, of two finite numbers.
void add_all(PairBuckets& buckets, const BucketSet& set, const Block& block);
void add_some(PairBuckets& buckets, const BucketSet& set, const Block& block, const MisfitRows& rows);

bool are_nearly_full(const PairBuckets& buckets);

void empty_into(PairBuckets& buckets, const BucketTotals& totals);

}  // namespace squarely
