#include "numbers/exact_sum.hpp"

#include "numbers/add_words.hpp"
#include "numbers/limbs_in_use.hpp"

#include <algorithm>

namespace squarely {
namespace {

constexpr int limb_count = ExactSum::limb_count;
static_assert(limb_count % 4 == 0);  // add_all
// Four words of 2^63 terms below 2^2074 stay below 2^4287. What is larger was not summed, and could overflow one day.
constexpr int limbs_of_sums = limb_count - 1;

// sum + other, or with a sign sum + ~other + 1.
void add_all(ExactSum& sum, const ExactSum& other, std::uint64_t sign) {
    std::uint64_t carry = sign & 1;
    for (int first = 0; first < limb_count; first += 4) {
        const std::uint64_t* more = other.limbs + first;
        // All ones and a carry leave a limb as it is, and so do zeros without one: most limbs of most sums.
        const std::uint64_t idle = (0 - carry) ^ sign;
        if (((more[0] ^ idle) | (more[1] ^ idle) | (more[2] ^ idle) | (more[3] ^ idle)) == 0) continue;
        for (int i = 0; i < 4; ++i) {
            const uint128 total = uint128{sum.limbs[first + i]} + (more[i] ^ sign) + carry;
            sum.limbs[first + i] = static_cast<std::uint64_t>(total);
            carry = static_cast<std::uint64_t>(total >> 64);
        }
    }
}

}  // namespace

void add(ExactSum& sum, uint128 magnitude, int exponent, bool negative) {
    add_number(sum, magnitude, exponent, negative);
}

void merge(ExactSum& sum, const ExactSum& other) { add_all(sum, other, 0); }

void subtract(ExactSum& sum, const ExactSum& other) { add_all(sum, other, ~std::uint64_t{0}); }

void negate(ExactSum& sum) {
    std::uint64_t carry = 1;
    for (std::uint64_t& limb : sum.limbs) {
        limb = ~limb + carry;
        carry = carry != 0 && limb == 0;
    }
}

bool is_zero(const SumLimbs& sum) { return limbs_in_use(sum).count == 0; }

bool is_negative(const SumLimbs& sum) { return sum.limbs[sum.count - 1] >> 63 != 0; }

void append_bytes(const SumLimbs& sum, std::vector<unsigned char>& bytes) {
    const LimbsInUse used = limbs_in_use(sum);
    std::uint64_t magnitude[limb_count];
    copy_magnitude(sum, used, magnitude);
    bytes.push_back(is_negative(sum) ? 1 : 0);
    bytes.push_back(static_cast<unsigned char>(used.first));
    bytes.push_back(static_cast<unsigned char>(used.count));
    for (int i = 0; i < used.count; ++i) {
        for (int byte = 0; byte < 8; ++byte) bytes.push_back(static_cast<unsigned char>(magnitude[i] >> (8 * byte)));
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
