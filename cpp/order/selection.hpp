// The value of a rank, and its neighbour.
#pragma once

#include "order/levels.hpp"
#include "order/order_statistics.hpp"

namespace squarely {

struct Selected {
    double value;
    double next;  // of the next rank, where it was found on the way
    bool next_is_known;
};

// Ranks count from zero, below the number of values present.
Selected value_of_rank(const OrderedValues& ordered, std::uint64_t rank);

// The value next above that of the key, which is not the largest.
double smallest_above(const OrderedValues& ordered, std::uint64_t key);

// The smallest count of values that reaches the level, and whether it meets the level rather than passing it.
struct Reached {
    std::uint64_t count;
    bool is_met;
};

Reached reached_among(std::uint64_t present, const Level& level);

// Half of the sum, rounded once, also where the sum is beyond the largest double.
double midpoint(double a, double b);

}  // namespace squarely
