// Keep: copies of a block in which only what counts is left, and a byte a row that says which that is.
#pragma once

#include "kernels/lanes.hpp"

namespace squarely {
namespace {

SQUARELY_INLINE void store_bytes(unsigned char* bytes, Bits mask) {
    for (int i = 0; i < lanes; ++i) bytes[i] = static_cast<unsigned char>(lane(mask, i) & 1);
}

// Zeros in place of pairs that are not two finite numbers, or whose byte of where is zero. The former are counted where
// the row counts. The copies may go where the block is, and kept where the mask is.
void keep_finite(const Block& block, const unsigned char* where, double* y_true, double* y_pred, unsigned char* kept,
                 LeftOut& left_out) {
    Bits missing_true{};
    Bits missing_pred{};
    Bits undefined{};
    Bits high_true{};
    Bits low_true{};
    Bits high_pred{};
    Bits low_pred{};
    const Vector highest = broadcast(__builtin_inf());
    const Vector lowest = broadcast(-__builtin_inf());
    for (std::ptrdiff_t i = 0; i < block.length; i += lanes) {
        const Vector truth = load<Vector>(block.y_true + i);
        const Vector prediction = load<Vector>(block.y_pred + i);
        const Bits counts = where == nullptr ? Bits{} - 1 : mask_of_bytes(where + i);
        const Bits has_true = mask(truth == truth);
        const Bits has_both = has_true & mask(prediction == prediction);
        const Bits true_infinite = mask(absolute(truth) == highest);
        const Bits any_infinite = has_both & (true_infinite | mask(absolute(prediction) == highest));
        missing_true -= counts & ~has_true;  // a set mask is -1
        missing_pred -= counts & has_true & ~has_both;
        const Bits keeps = counts & has_both & ~any_infinite;
        if (any(any_infinite)) {
            const Bits same = true_infinite & mask(truth == prediction);
            const Bits of_truth = counts & has_both & true_infinite & ~same;
            const Bits of_prediction = counts & any_infinite & ~true_infinite;
            undefined -= counts & same;
            high_true -= of_truth & mask(truth == highest);
            low_true -= of_truth & mask(truth == lowest);
            high_pred -= of_prediction & mask(prediction == highest);
            low_pred -= of_prediction & mask(prediction == lowest);
        }
        store(y_true + i, from_bits(bits(truth) & keeps));
        store(y_pred + i, from_bits(bits(prediction) & keeps));
        store_bytes(kept + i, keeps);
    }
    left_out.missing_true += sum_of_lanes(missing_true);
    left_out.missing_pred += sum_of_lanes(missing_pred);
    left_out.undefined += sum_of_lanes(undefined);
    left_out.high_true += sum_of_lanes(high_true);
    left_out.low_true += sum_of_lanes(low_true);
    left_out.high_pred += sum_of_lanes(high_pred);
    left_out.low_pred += sum_of_lanes(low_pred);
}

// Zeros where the byte of the row is zero.
void keep_rows(double* values, std::ptrdiff_t length, const unsigned char* kept) {
    for (std::ptrdiff_t i = 0; i < length; i += lanes) {
        store(values + i, from_bits(bits(load<Vector>(values + i)) & mask_of_bytes(kept + i)));
    }
}

// Least and greatest of the rows that are kept, all where kept is null.
void find_extremes(const double* values, std::ptrdiff_t length, const unsigned char* kept, double* least,
                   double* greatest) {
    Vector low = broadcast(__builtin_inf());
    Vector high = broadcast(-__builtin_inf());
    for (std::ptrdiff_t i = 0; i < length; i += lanes) {
        const Vector value = load<Vector>(values + i);
        const Bits counts = kept == nullptr ? Bits{} - 1 : mask_of_bytes(kept + i);
        low = chosen(counts & mask(value < low), value, low);
        high = chosen(counts & mask(value > high), value, high);
    }
    for (int i = 0; i < lanes; ++i) {
        if (lane(low, i) < *least) *least = lane(low, i);
        if (lane(high, i) > *greatest) *greatest = lane(high, i);
    }
}

}  // namespace
}  // namespace squarely
