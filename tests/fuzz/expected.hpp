// What the numbers of some rows say: how many count, and their sums, from products of integers alone.
#pragma once

#include "fixed_point.hpp"
#include "rows.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace fuzz {

struct Counts {
    std::uint64_t pairs = 0, infinite = 0, undefined = 0, missing_true = 0, missing_pred = 0, masked = 0;
    bool operator==(const Counts&) const = default;

    std::uint64_t finite() const { return pairs - infinite - undefined; }
};

struct Sums {
    FixedPoint weight, truth, prediction, absolute_error;
    FixedPoint squared_truth, product, squared_prediction;
};

// How far weighted terms go. Beyond the largest double they are counted, not summed, and below the last place of a sum
// their bits are cut off: there only counts are compared.
struct Reach {
    int of_values = -10000;   // weight times a number is below 2 to this power
    int of_squares = -10000;  // weight times a square
    int last_of_values = 10000;
    int last_of_squares = 10000;
};

struct Expected {
    Counts counts;
    Sums sums;
    Reach reach;
    double largest_error = 0;
    bool knows_largest_error = true;
};

inline Product product_of(const Number& a, const Number& b, const Number& c) {
    const uint128 ab = uint128{a.digits} * b.digits;
    const uint128 low = uint128{static_cast<std::uint64_t>(ab)} * c.digits;
    const uint128 high =
        uint128{static_cast<std::uint64_t>(ab >> 64)} * c.digits + static_cast<std::uint64_t>(low >> 64);
    return {{static_cast<std::uint64_t>(low), static_cast<std::uint64_t>(high), static_cast<std::uint64_t>(high >> 64)},
            a.exponent + b.exponent + c.exponent,
            (a.negative != b.negative) != c.negative};
}

constexpr Number number_one{.digits = 1};

inline Number opposite(Number number) {
    number.negative = !number.negative;
    return number;
}

inline bool is_magnitude_less(const Number& a, const Number& b) {
    if (a.is_zero() || b.is_zero() || a.top() != b.top()) return a.top() < b.top();
    return a.digits << std::countl_zero(a.digits) < b.digits << std::countl_zero(b.digits);
}

inline bool is_less(const Number& a, const Number& b) {
    const bool is_a_below = a.negative && !a.is_zero();
    const bool is_b_below = b.negative && !b.is_zero();
    if (is_a_below != is_b_below) return is_a_below;
    return is_a_below ? is_magnitude_less(b, a) : is_magnitude_less(a, b);
}

// The double nearest to |a - b|. False where the processor does not give it in one operation.
inline bool find_difference(const Number& a, const Number& b, double& difference) {
    const auto is_integer = [](const Number& number) { return number.exponent == 0; };
    if (is_integer(a) && is_integer(b)) {
        __extension__ typedef __int128 int128;
        const int128 left = a.negative ? -static_cast<int128>(a.digits) : static_cast<int128>(a.digits);
        const int128 right = b.negative ? -static_cast<int128>(b.digits) : static_cast<int128>(b.digits);
        difference = static_cast<double>(left < right ? right - left : left - right);
        return true;
    }
    if (std::bit_width(a.digits) > 53 || std::bit_width(b.digits) > 53) return false;
    const double left = std::ldexp(static_cast<double>(a.digits), a.exponent);
    const double right = std::ldexp(static_cast<double>(b.digits), b.exponent);
    difference = std::fabs((a.negative ? -left : left) - (b.negative ? -right : right));
    return true;
}

inline void add_pair(Expected& expected, const Number& y, const Number& p, const Number& w) {
    Sums& sums = expected.sums;
    sums.weight.add(product_of(w, number_one, number_one));
    sums.truth.add(product_of(w, y, number_one));
    sums.prediction.add(product_of(w, p, number_one));
    sums.squared_truth.add(product_of(w, y, y));
    sums.product.add(product_of(w, y, p));
    sums.squared_prediction.add(product_of(w, p, p));
    const bool is_under = is_less(p, y);
    sums.absolute_error.add(product_of(w, is_under ? y : opposite(y), number_one));
    sums.absolute_error.add(product_of(w, is_under ? opposite(p) : p, number_one));
    double difference = 0;
    if (!find_difference(y, p, difference)) expected.knows_largest_error = false;
    expected.largest_error = std::max(expected.largest_error, difference);
    const int top = std::max(y.top(), p.top());
    const int last = std::min(y.is_zero() ? 10000 : y.exponent, p.is_zero() ? 10000 : p.exponent);
    Reach& reach = expected.reach;
    reach.of_values = std::max(reach.of_values, w.top() + top + 1);
    reach.of_squares = std::max(reach.of_squares, w.top() + 2 * top + 2);
    if (last == 10000) return;
    reach.last_of_values = std::min(reach.last_of_values, w.exponent + last);
    reach.last_of_squares = std::min(reach.last_of_squares, w.exponent + 2 * last);
}

inline void add_row(Expected& expected, const Number& y, const Number& p, const Number& w) {
    Counts& counts = expected.counts;
    if (y.is_nan) {
        ++counts.missing_true;
    } else if (p.is_nan) {
        ++counts.missing_pred;
    } else {
        ++counts.pairs;
        const bool is_undefined = y.is_infinite && p.is_infinite && y.negative == p.negative;
        if (is_undefined) {
            ++counts.undefined;
        } else if (y.is_infinite || p.is_infinite) {
            ++counts.infinite;
        } else {
            add_pair(expected, y, p, w);
        }
    }
}

inline void add_rows(Expected& expected, const Rows& rows) {
    for (std::size_t row = 0; row < static_cast<std::size_t>(rows.count); ++row) {
        const Number weight = rows.weights ? rows.weights->numbers[row] : number_one;
        const bool is_left_out = rows.where && !rows.where->at(static_cast<std::ptrdiff_t>(row));
        if (is_left_out || weight.is_zero()) {
            ++expected.counts.masked;
        } else {
            add_row(expected, rows.y_true.numbers[row], rows.y_pred.numbers[row], weight);
        }
    }
}

inline bool is_refused(const Counts& counts, squarely_nan_policy policy) {
    if (policy == SQUARELY_NAN_PROPAGATE) return false;
    if (counts.infinite + counts.undefined > 0) return true;
    if (policy == SQUARELY_NAN_RAISE && counts.missing_true > 0) return true;
    return policy != SQUARELY_NAN_OMIT && counts.missing_pred > 0;
}

}  // namespace fuzz
