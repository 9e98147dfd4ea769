#include "numbers/compact_sum.hpp"

#include "numbers/add_words.hpp"
#include "numbers/limbs_in_use.hpp"

#include <algorithm>

namespace squarely {
namespace {

constexpr int few = CompactSum::few;

std::uint64_t sign_of(const SumLimbs& sum) { return is_negative(sum) ? ~std::uint64_t{0} : 0; }

// What adding and taking away differ in: two's complement, sum + ~less + 1.
using Complement = std::uint64_t;
constexpr Complement as_it_is = 0;
constexpr Complement opposite = ~std::uint64_t{0};

// target += (more ^ complement) + (complement & 1), of as many limbs.
void add_limbs(std::uint64_t* target, const std::uint64_t* more, int count, Complement complement) {
    std::uint64_t carry = complement & 1;
    for (int i = 0; i < count; ++i) {
        const uint128 total = uint128{target[i]} + (more[i] ^ complement) + carry;
        target[i] = static_cast<std::uint64_t>(total);
        carry = static_cast<std::uint64_t>(total >> 64);
    }
}

bool is_unused(const CompactSum& sum) {
    const std::uint64_t* limbs = sum.limbs;
    return (limbs[0] | limbs[1] | limbs[2] | limbs[3] | limbs[4]) == 0 && sum.whole == nullptr;
}

// The limbs of a sum from one of an exact sum's on, wherever its own are.
void copy_from(const SumLimbs& sum, int first, int count, std::uint64_t* target) {
    const std::uint64_t sign = sign_of(sum);
    for (int i = 0; i < count; ++i) {
        const int own = first + i - sum.first;
        target[i] = own < 0 ? 0 : own < sum.count ? sum.limbs[own] : sign;
    }
}

// False, and nothing added, where the result needs another limb.
bool add_if_it_fits(std::uint64_t (&limbs)[few], const std::uint64_t* more, Complement complement) {
    std::uint64_t total[few];
    std::copy_n(limbs, few, total);
    add_limbs(total, more, few, complement);
    const std::uint64_t added = more[few - 1] ^ complement;
    if (((limbs[few - 1] ^ total[few - 1]) & (added ^ total[few - 1])) >> 63 != 0) return false;
    std::copy_n(total, few, limbs);
    return true;
}

// From the lowest limb of either to one above the highest: it takes the sign and the last carry, where there are any.
struct Range {
    int first;
    int last;
};

Range range_of(const SumLimbs& sum, const SumLimbs& more) {
    const LimbsInUse own = limbs_in_use(sum);
    const LimbsInUse others = limbs_in_use(more);
    if (own.count == 0) return {others.first, others.first + others.count + 1};
    return {std::min(own.first, others.first), std::max(own.first + own.count, others.first + others.count) + 1};
}

void add_whole(CompactSum& sum, const SumLimbs& more, Complement complement) {
    constexpr int all = ExactSum::limb_count;
    if (sum.whole == nullptr) {
        auto whole = std::make_unique_for_overwrite<ExactSum>();
        copy_from(limbs_of(sum), 0, all, whole->limbs);
        sum.whole = std::move(whole);
    }
    std::uint64_t others[all];
    copy_from(more, 0, all, others);
    add_limbs(sum.whole->limbs, others, all, complement);
}

bool copy_if_it_fits(const SumLimbs& sum, int first, std::uint64_t (&limbs)[few]) {
    copy_from(sum, first, few, limbs);
    return (limbs[few - 1] >> 63 != 0) == is_negative(sum);
}

// Wherever their limbs are. False, and nothing added, only where no few limbs hold one of them or the result.
bool add_few(CompactSum& sum, const SumLimbs& more, Complement complement) {
    const Range range = range_of(limbs_of(sum), more);
    if (range.last - range.first > few + 1) return false;
    std::uint64_t total[few];
    std::uint64_t others[few];
    if (!copy_if_it_fits(limbs_of(sum), range.first, total) || !copy_if_it_fits(more, range.first, others))
        return false;
    if (!add_if_it_fits(total, others, complement)) return false;
    std::copy_n(total, few, sum.limbs);
    sum.first = range.first;
    return true;
}

void add(CompactSum& sum, const SumLimbs& more, Complement complement) {
    if (is_unused(sum) && more.count == few && complement == as_it_is) {
        std::copy_n(more.limbs, few, sum.limbs);
        sum.first = more.first;
        return;
    }
    // Most sums of a state are of one kind of data, and have their limbs at the same place.
    const bool is_alike = sum.whole == nullptr && more.first == sum.first && more.count == few;
    if (is_alike && add_if_it_fits(sum.limbs, more.limbs, complement)) return;
    if (is_zero(more)) return;
    if (sum.whole != nullptr || !add_few(sum, more, complement)) add_whole(sum, more, complement);
}

// (high * 2^128 + low) * 2^exponent
void add_wide_number(CompactSum& sum, uint128 high, uint128 low, int exponent, Complement complement) {
    const int position = exponent - ExactSum::unit_exponent;
    const int shift = position % 64;
    const std::uint64_t words[] = {static_cast<std::uint64_t>(low), static_cast<std::uint64_t>(low >> 64),
                                   static_cast<std::uint64_t>(high), static_cast<std::uint64_t>(high >> 64)};
    const std::uint64_t shifted[few] = {words[0] << shift, words[1] << shift | carried(words[0], shift),
                                        words[2] << shift | carried(words[1], shift),
                                        words[3] << shift | carried(words[2], shift), carried(words[3], shift)};
    add(sum, {shifted, position / 64, few}, complement);
}

}  // namespace

CompactSum& CompactSum::operator=(const CompactSum& other) {
    std::copy_n(other.limbs, few, limbs);
    first = other.first;
    whole = other.whole == nullptr ? nullptr : std::make_unique<ExactSum>(*other.whole);
    return *this;
}

SumLimbs limbs_of(const CompactSum& sum) {
    return sum.whole == nullptr ? SumLimbs{sum.limbs, sum.first, few} : SumLimbs{*sum.whole};
}

void add_number(CompactSum& sum, uint128 magnitude, int exponent, bool negative) {
    add_wide_number(sum, 0, magnitude, exponent, negative ? opposite : as_it_is);
}

void add_wide_number(CompactSum& sum, uint128 high, uint128 low, int exponent) {
    add_wide_number(sum, high, low, exponent, as_it_is);
}

void add_limbs(CompactSum& sum, const std::uint64_t (&limbs)[3], int exponent) {
    const int position = exponent - ExactSum::unit_exponent;
    const int shift = position % 64;
    const std::uint64_t sign = 0 - (limbs[2] >> 63);
    const std::uint64_t shifted[few] = {limbs[0] << shift, limbs[1] << shift | carried(limbs[0], shift),
                                        limbs[2] << shift | carried(limbs[1], shift),
                                        sign << shift | carried(limbs[2], shift), sign};
    add(sum, {shifted, position / 64, few}, as_it_is);
}

void merge(CompactSum& sum, const SumLimbs& more) { add(sum, more, as_it_is); }

void subtract(CompactSum& sum, const SumLimbs& less) { add(sum, less, opposite); }

}  // namespace squarely
