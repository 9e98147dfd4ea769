#include "sums/misfit_sums.hpp"

#include "sums/pair.hpp"

#include <algorithm>

namespace squarely {
namespace {

// One by one these take as long as buckets take to be emptied.
constexpr int few_misfits = 100;

// A thread keeps empty ones: to ask for their memory, and to clear it, takes as long as to fill them with a stretch of
// rows.
thread_local std::unique_ptr<PairBuckets> spare;

std::unique_ptr<PairBuckets> take_buckets() { return spare ? std::move(spare) : std::make_unique<PairBuckets>(); }

// From two fifths on the pairs that fit are not worth the loop that finds them.
bool are_most(int misfits, std::ptrdiff_t length) { return 5 * misfits > 2 * length; }

constexpr int most_patience = 256;

}  // namespace

MisfitSums& MisfitSums::operator=(const MisfitSums& other) {
    buckets.reset();
    few = 0;
    expected = other.expected;
    return *this;
}

void leave_out_other_than_finite(MisfitRows& misfits, const Block& block, PairCounts* counts) {
    int finite = 0;
    for (const std::int16_t row : misfits) {
        misfits.rows[finite] = row;
        const bool is_finite = are_finite(block.y_true[row], block.y_pred[row]);
        if (!is_finite) leave_out(*counts, block.y_true[row], block.y_pred[row]);
        finite += is_finite ? 1 : 0;
    }
    misfits.count = finite;
}

bool add_to_buckets(MisfitSums& sums, const BucketSet& set, const Block& block, const MisfitRows& misfits) {
    if (!sums.buckets) {
        sums.few += misfits.count;
        if (sums.few < few_misfits) return false;
        sums.buckets = take_buckets();
    }
    add_some(*sums.buckets, set, block, misfits);
    return true;
}

void empty_into(MisfitSums& sums, const BucketTotals& totals) {
    sums.few = 0;
    if (!sums.buckets) return;
    empty_into(*sums.buckets, totals);
    spare = std::move(sums.buckets);
}

void expect(MisfitSums& sums, int misfits, std::ptrdiff_t length) {
    MisfitSums::Expected& expected = sums.expected;
    if (are_most(misfits, length)) {
        expected.blocks_of_misfits = expected.patience;
        expected.patience = std::min(2 * expected.patience, most_patience);
    } else {
        expected.patience = 1;
    }
}

bool takes_whole_block(MisfitSums& sums) {
    if (!sums.buckets || sums.expected.blocks_of_misfits == 0) return false;
    --sums.expected.blocks_of_misfits;
    return true;
}

}  // namespace squarely
