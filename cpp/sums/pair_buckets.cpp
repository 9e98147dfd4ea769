#include "sums/pair_buckets.hpp"

#include <bit>

namespace squarely {
namespace {

constexpr int exponents_in_a_bit = 32;
constexpr std::uint64_t fraction = (std::uint64_t{1} << 52) - 1;

// A product is below 2^106, and at most one of a pair goes into a bucket.
constexpr std::int64_t most_pairs = std::int64_t{1} << 20;

// value = (-1)^negative * significand * 2^(exponent - 1075)
struct Parts {
    std::uint64_t significand;
    unsigned exponent;
    bool negative;
};

// Without a branch: whether a number is subnormal is as good as random among such numbers.
Parts parts_of(double value) {
    const auto pattern = std::bit_cast<std::uint64_t>(value);
    const auto biased = static_cast<unsigned>(pattern >> 52 & 0x7ff);
    const unsigned is_normal = biased != 0;
    return {(pattern & fraction) | std::uint64_t{is_normal} << 52, biased + 1 - is_normal, pattern >> 63 != 0};
}

std::int64_t signed_by(bool negative, std::uint64_t magnitude) {
    const std::int64_t sign = -static_cast<std::int64_t>(negative);
    return (static_cast<std::int64_t>(magnitude) ^ sign) - sign;
}

int128 product_of(std::int64_t a, std::int64_t b) { return static_cast<int128>(a) * b; }

std::uint64_t bit_of(unsigned exponent) { return std::uint64_t{1} << exponent / exponents_in_a_bit; }

void add_if_wanted(ExactSum* sum, int128 units, int exponent) {
    if (sum != nullptr) add_units(*sum, units, exponent);
}

// Visits buckets that are in use, and leaves them empty. Bit i of used stands for those from first + 32 i on.
template <class Visit>
void empty(int128* buckets, std::uint64_t used, int first, Visit visit) {
    for (std::uint64_t left = used; left != 0; left &= left - 1) {
        const int begin = first + exponents_in_a_bit * std::countr_zero(left);
        for (int exponent = begin; exponent < begin + exponents_in_a_bit; ++exponent) {
            if (buckets[exponent] != 0) visit(buckets[exponent], exponent);
            buckets[exponent] = 0;
        }
    }
}

// The exponent of a product is the sum of two.
void empty_products(PairBuckets& buckets, ExactSum* squared_error) {
    uint128 used = 0;
    for (int i = 0; i < 64; ++i) {
        if ((buckets.in_prediction >> i & 1) != 0) used |= uint128{buckets.in_truth} << i;
    }
    used |= used << 1;
    const auto visit = [&](int128 units, int exponent) {
        add_if_wanted(squared_error, -units, exponent - 2 * 1075 + 1);
    };
    empty(buckets.product, static_cast<std::uint64_t>(used), 0, visit);
    empty(buckets.product, static_cast<std::uint64_t>(used >> 64), exponents, visit);
}

[[gnu::always_inline]] inline void add(PairBuckets& buckets, const BucketSet& set, double y_true, double y_pred) {
    const Parts truth = parts_of(y_true);
    const Parts prediction = parts_of(y_pred);
    const std::int64_t y = signed_by(truth.negative, truth.significand);
    const std::int64_t p = signed_by(prediction.negative, prediction.significand);
    if (set.of_squares) {
        buckets.squared_truth[truth.exponent] += product_of(y, y);
        buckets.squared_prediction[prediction.exponent] += product_of(p, p);
        buckets.product[truth.exponent + prediction.exponent] += product_of(y, p);
    }
    if (set.of_values) {
        buckets.truth[truth.exponent] += y;
        buckets.prediction[prediction.exponent] += p;
    }
    if (set.of_absolute_error) {
        const std::int64_t flip = -static_cast<std::int64_t>(y_true < y_pred);
        buckets.signed_truth[truth.exponent] += (y ^ flip) - flip;
        buckets.signed_prediction[prediction.exponent] += (p ^ ~flip) - ~flip;
    }
    buckets.in_truth |= bit_of(truth.exponent);
    buckets.in_prediction |= bit_of(prediction.exponent);
}

// As kernels do: memory is read while buckets are filled.
void prefetch_next(Ahead& ahead) {
    __builtin_prefetch(reinterpret_cast<const char*>(ahead.y_true));
    __builtin_prefetch(reinterpret_cast<const char*>(ahead.y_pred));
    ahead.y_true += ahead.y_true_step;
    ahead.y_pred += ahead.y_pred_step;
}

// The two sets that are asked for most have loops of their own.
template <class Loop>
void by_set(const BucketSet& set, Loop loop) {
    constexpr BucketSet squares{true, false, false};
    constexpr BucketSet sizes{false, false, true};
    if (set == squares) return loop(squares);
    if (set == sizes) return loop(sizes);
    loop(set);
}

}  // namespace

void add_all(PairBuckets& buckets, const BucketSet& set, const Block& block) {
    Ahead ahead = block.ahead;
    by_set(set, [&](const BucketSet& known) __attribute__((always_inline)) {
        for (std::ptrdiff_t i = 0; i < block.length; ++i) {
            if (i % 8 == 0) prefetch_next(ahead);
            add(buckets, known, block.y_true[i], block.y_pred[i]);
        }
    });
    buckets.pairs += block.length;
}

void add_some(PairBuckets& buckets, const BucketSet& set, const Block& block, const MisfitRows& rows) {
    by_set(set, [&](const BucketSet& known) __attribute__((always_inline)) {
        for (const std::ptrdiff_t i : rows) add(buckets, known, block.y_true[i], block.y_pred[i]);
    });
    buckets.pairs += rows.count;
}

bool are_nearly_full(const PairBuckets& buckets) { return buckets.pairs >= most_pairs; }

void empty_into(PairBuckets& buckets, const BucketTotals& totals) {
    if (buckets.pairs == 0) return;
    empty(buckets.squared_truth, buckets.in_truth, 0, [&](int128 units, int exponent) {
        add_if_wanted(totals.squared_error, units, 2 * (exponent - 1075));
        add_if_wanted(totals.squared_truth, units, 2 * (exponent - 1075));
    });
    empty(buckets.squared_prediction, buckets.in_prediction, 0, [&](int128 units, int exponent) {
        add_if_wanted(totals.squared_error, units, 2 * (exponent - 1075));
        add_if_wanted(totals.squared_prediction, units, 2 * (exponent - 1075));
    });
    empty_products(buckets, totals.squared_error);
    empty(buckets.truth, buckets.in_truth, 0, [&](int128 units, int exponent) {
        add_if_wanted(totals.error, -units, exponent - 1075);
        add_if_wanted(totals.truth, units, exponent - 1075);
    });
    empty(buckets.prediction, buckets.in_prediction, 0, [&](int128 units, int exponent) {
        add_if_wanted(totals.error, units, exponent - 1075);
        add_if_wanted(totals.prediction, units, exponent - 1075);
    });
    const auto visit_size = [&](int128 units, int exponent) {
        add_if_wanted(totals.absolute_error, units, exponent - 1075);
    };
    empty(buckets.signed_truth, buckets.in_truth, 0, visit_size);
    empty(buckets.signed_prediction, buckets.in_prediction, 0, visit_size);
    buckets.in_truth = buckets.in_prediction = 0;
    buckets.pairs = 0;
}

}  // namespace squarely
