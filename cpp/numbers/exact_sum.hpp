// The exact sum: a signed fixed-point integer that holds every sum this library forms, without rounding.
//
// Squares of doubles span 2^-2148 .. 2^2050. 2^63 of them stay below 2^2113, so 4262 bits including the sign
// would do; 68 limbs of 64 bits hold them and nothing can overflow or underflow inside.
// See Neal, "Fast exact summation using small and large superaccumulators" (arXiv:1505.05571).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace squarely {

__extension__ typedef unsigned __int128 uint128;

struct ExactSum {
    static constexpr int limb_count = 68;
    static constexpr int unit_exponent = -2148;  // value = (two's complement integer) * 2^unit_exponent

    std::uint64_t limbs[limb_count] = {};  // least significant first
};

// Where the limbs of a sum are: below them are zeros, and above them its sign goes on. Everything that reads a sum
// reads these, of a whole one or of one that has its limbs in use alone (numbers/compact_sum.hpp).
struct SumLimbs {
    SumLimbs(const std::uint64_t* own, int first_of_them, int how_many)
        : limbs(own), first(first_of_them), count(how_many) {}
    SumLimbs(const ExactSum& sum) : SumLimbs(sum.limbs, 0, ExactSum::limb_count) {}

    const std::uint64_t* limbs;
    int first;
    int count;
};

// Adds (or takes away) magnitude * 2^exponent. The caller keeps exponent from -2148, the unit, to 2074, so that all 128
// bits of the magnitude find their place.
void add(ExactSum& sum, uint128 magnitude, int exponent, bool negative);

void merge(ExactSum& sum, const ExactSum& other);
void subtract(ExactSum& sum, const ExactSum& other);
void negate(ExactSum& sum);

bool is_zero(const SumLimbs& sum);
bool is_negative(const SumLimbs& sum);

// Each result is the double nearest to the real number, ties to even. Overflow gives an infinity,
// and a root is taken of the exact quotient, so it can be finite where the mean is not.
double to_double(const SumLimbs& sum);
double mean(const SumLimbs& sum, std::uint64_t count);                 // sum / count, count > 0
double root_mean(const SumLimbs& sum, std::uint64_t count);            // sqrt(sum / count), sum >= 0, count > 0
double ratio(const SumLimbs& numerator, const SumLimbs& denominator);  // denominator != 0

// Byte form: sign byte, index of the first limb in use, number of limbs in use, then the limbs of the
// magnitude, little-endian. Equal sums have equal bytes, on every machine.
void append_bytes(const SumLimbs& sum, std::vector<unsigned char>& bytes);

// Reads what append_bytes wrote. Returns the first byte after it, or nullptr where the bytes are not such a form.
const unsigned char* read_bytes(ExactSum& sum, const unsigned char* first, const unsigned char* last);

}  // namespace squarely
