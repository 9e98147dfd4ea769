#include "numbers/exact_sum.hpp"

#include "numbers/add_words.hpp"
#include "numbers/rounding.hpp"

#include <algorithm>
#include <cmath>

namespace squarely {
namespace {

constexpr int limb_count = ExactSum::limb_count;
static_assert(limb_count % 4 == 0);
// Four words of 2^63 terms below 2^2074 stay below 2^4287. What is larger was not summed, and could overflow one day.
constexpr int limbs_of_sums = limb_count - 1;

ExactSum negated(const ExactSum& sum) {
    ExactSum opposite = sum;
    negate(opposite);
    return opposite;
}

ExactSum magnitude_of(const ExactSum& sum) { return is_negative(sum) ? negated(sum) : sum; }

int top_limb(const ExactSum& magnitude) {
    const std::uint64_t* limbs = magnitude.limbs;
    int top = limb_count - 1;
    // A short score spends a tenth of its time on looking limb by limb. There are a multiple of four.
    while (top >= 0 && (limbs[top] | limbs[top - 1] | limbs[top - 2] | limbs[top - 3]) == 0) top -= 4;
    while (top >= 0 && limbs[top] == 0) --top;
    return top;
}

// The leading four limbs of a positive integer carry at least 193 significant bits. Divided by any 64-bit count
// that leaves 129, more than the 108 a correctly rounded root needs; what lies below enters as one sticky bit.
struct Leading {
    std::uint64_t limbs[4];  // most significant first
    int exponent;            // of the last bit of limbs[3]
    bool sticky;             // something non-zero lies below
};

Leading leading_limbs(const ExactSum& magnitude) {
    const int top = top_limb(magnitude);
    Leading leading{};
    for (int i = 0; i < 4; ++i) leading.limbs[i] = top - i >= 0 ? magnitude.limbs[top - i] : 0;
    leading.exponent = ExactSum::unit_exponent + 64 * (top - 3);
    std::uint64_t below = 0;
    for (int i = 0; i < top - 3; ++i) below |= magnitude.limbs[i];
    leading.sticky = below != 0;
    return leading;
}

Leading leading_limbs_of_magnitude(const ExactSum& sum) {
    return is_negative(sum) ? leading_limbs(negated(sum)) : leading_limbs(sum);
}

// floor(leading / count), the remainder folded into the sticky bit: (q * count + r) * 2^k + low, divided by count,
// has the integer part q * 2^k at least and a fraction that vanishes only if r = 0 and low = 0.
Leading divided(Leading leading, std::uint64_t count) {
    std::uint64_t remainder = 0;
    for (std::uint64_t& limb : leading.limbs) {
        const uint128 part = uint128{remainder} << 64 | limb;
        limb = static_cast<std::uint64_t>(part / count);
        remainder = static_cast<std::uint64_t>(part % count);
    }
    leading.sticky = leading.sticky || remainder != 0;
    return leading;
}

// The leading 128 bits, shifted so that the highest bit is set.
Truncated normalised(const Leading& leading) {
    int first = 0;
    while (first < 4 && leading.limbs[first] == 0) ++first;
    if (first == 4) return {0, 0, leading.sticky};
    const auto limb = [&](int i) { return i < 4 ? leading.limbs[i] : 0; };
    const int shift = __builtin_clzll(limb(first));
    uint128 significand = uint128{limb(first)} << 64 | limb(first + 1);
    std::uint64_t next = limb(first + 2);
    if (shift > 0) {
        significand = significand << shift | next >> (64 - shift);
        next <<= shift;
    }
    const bool sticky = leading.sticky || next != 0 || limb(first + 3) != 0;
    return {significand, leading.exponent + 64 * (2 - first) - shift, sticky};
}

// Limbs of magnitude, shifted left by shift bits (< 64), into one more limb.
void shifted_limbs(const ExactSum& magnitude, int shift, std::uint64_t (&out)[limb_count + 1]) {
    std::uint64_t carry = 0;
    for (int i = 0; i < limb_count; ++i) {
        out[i] = magnitude.limbs[i] << shift | carry;
        carry = shift == 0 ? 0 : magnitude.limbs[i] >> (64 - shift);
    }
    out[limb_count] = carry;
}

int bit_length(const ExactSum& magnitude) {
    const int top = top_limb(magnitude);
    return top < 0 ? 0 : 64 * top + 64 - __builtin_clzll(magnitude.limbs[top]);
}

// Moves the magnitude up so that its highest bit is bit (64 * limb_count - 2), which leaves one bit of room.
ExactSum left_aligned(const ExactSum& magnitude, int length) {
    const int distance = 64 * limb_count - 1 - length;
    const int whole = distance / 64;
    std::uint64_t shifted[limb_count + 1];
    shifted_limbs(magnitude, distance % 64, shifted);
    ExactSum aligned;
    for (int i = limb_count - 1; i >= whole; --i) aligned.limbs[i] = shifted[i - whole];
    return aligned;
}

bool less(const ExactSum& a, const ExactSum& b) {
    for (int i = limb_count - 1; i >= 0; --i) {
        if (a.limbs[i] != b.limbs[i]) return a.limbs[i] < b.limbs[i];
    }
    return false;
}

}  // namespace

void add(ExactSum& sum, uint128 magnitude, int exponent, bool negative) {
    add_number(sum, magnitude, exponent, negative);
}

void merge(ExactSum& sum, const ExactSum& other) {
    std::uint64_t carry = 0;
    for (int i = 0; i < limb_count; ++i) {
        const uint128 total = uint128{sum.limbs[i]} + other.limbs[i] + carry;
        sum.limbs[i] = static_cast<std::uint64_t>(total);
        carry = static_cast<std::uint64_t>(total >> 64);
    }
}

void subtract(ExactSum& sum, const ExactSum& other) { merge(sum, negated(other)); }

void negate(ExactSum& sum) {
    std::uint64_t carry = 1;
    for (std::uint64_t& limb : sum.limbs) {
        limb = ~limb + carry;
        carry = carry != 0 && limb == 0;
    }
}

bool is_zero(const ExactSum& sum) {
    return std::all_of(std::begin(sum.limbs), std::end(sum.limbs), [](std::uint64_t limb) { return limb == 0; });
}

bool is_negative(const ExactSum& sum) { return sum.limbs[limb_count - 1] >> 63 != 0; }

double to_double(const ExactSum& sum) { return rounded(normalised(leading_limbs_of_magnitude(sum)), is_negative(sum)); }

double mean(const ExactSum& sum, std::uint64_t count) {
    return rounded(normalised(divided(leading_limbs_of_magnitude(sum), count)), is_negative(sum));
}

double root_mean(const ExactSum& sum, std::uint64_t count) {
    return rounded_root(normalised(divided(leading_limbs_of_magnitude(sum), count)));
}

double ratio(const ExactSum& numerator, const ExactSum& denominator) {
    const bool negative = is_negative(numerator) != is_negative(denominator);
    const ExactSum above = magnitude_of(numerator);
    const ExactSum below = magnitude_of(denominator);
    if (is_zero(above)) return 0.0;
    const int above_length = bit_length(above);
    const int below_length = bit_length(below);
    // Both aligned to the top, the quotient lies in (1/2, 2): 66 bits of schoolbook division give its leading
    // 65 at least, and what remains is the sticky bit.
    ExactSum remainder = left_aligned(above, above_length);
    const ExactSum divisor = left_aligned(below, below_length);
    uint128 quotient = 0;
    for (int bit = 0; bit < 66; ++bit) {
        quotient <<= 1;
        if (!less(remainder, divisor)) {
            subtract(remainder, divisor);
            quotient |= 1;
        }
        merge(remainder, ExactSum{remainder});
    }
    return rounded({quotient, above_length - below_length - 65, !is_zero(remainder)}, negative);
}

void append_bytes(const ExactSum& sum, std::vector<unsigned char>& bytes) {
    const ExactSum magnitude = magnitude_of(sum);
    const int top = top_limb(magnitude);
    int bottom = 0;
    while (bottom <= top && magnitude.limbs[bottom] == 0) ++bottom;
    const int used = top < 0 ? 0 : top - bottom + 1;
    bytes.push_back(is_negative(sum) ? 1 : 0);
    bytes.push_back(static_cast<unsigned char>(used == 0 ? 0 : bottom));
    bytes.push_back(static_cast<unsigned char>(used));
    for (int i = 0; i < used; ++i) {
        for (int byte = 0; byte < 8; ++byte) {
            bytes.push_back(static_cast<unsigned char>(magnitude.limbs[bottom + i] >> (8 * byte)));
        }
    }
}

const unsigned char* read_bytes(ExactSum& sum, const unsigned char* first, const unsigned char* last) {
    if (last - first < 3) return nullptr;
    const bool negative = first[0] == 1;
    const int bottom = first[1];
    const int used = first[2];
    if (first[0] > 1 || bottom + used > limbs_of_sums || last - first < 3 + 8 * used) return nullptr;
    first += 3;
    sum = ExactSum{};
    for (int i = 0; i < used; ++i) {
        for (int byte = 0; byte < 8; ++byte) sum.limbs[bottom + i] |= std::uint64_t{first[8 * i + byte]} << (8 * byte);
    }
    // One form a number: no zero limb at either end, no negative zero, no magnitude that reaches the sign.
    const bool canonical = used == 0 ? !negative && bottom == 0
                                     : sum.limbs[bottom] != 0 && sum.limbs[bottom + used - 1] != 0 && !is_negative(sum);
    if (!canonical) return nullptr;
    if (negative) negate(sum);
    return first + 8 * used;
}

}  // namespace squarely
