// The one place where an exact number becomes a double.
#pragma once

#include "numbers/exact_sum.hpp"

namespace squarely {

// significand * 2^exponent, plus something positive and smaller than its last bit where sticky.
struct Truncated {
    uint128 significand;
    int exponent;
    bool sticky;
};

// The nearest double, ties to even, with gradual underflow and overflow to infinity. Integer arithmetic only:
// the host's rounding mode cannot reach it. A sticky value needs 55 significant bits to be decidable.
double rounded(const Truncated& value, bool negative);

// The double nearest to its root. The significand has 126 bits at least, or is zero.
double rounded_root(const Truncated& value);

}  // namespace squarely
