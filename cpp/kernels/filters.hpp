// Filters: which pairs of a block count. What a filter leaves out becomes a pair of zeros, which adds nothing.
#pragma once

#include "kernels/lanes.hpp"

namespace squarely {
namespace {

struct KeepAll {
    SQUARELY_INLINE void apply(Vector&, Vector&, std::ptrdiff_t) const {}
};

SQUARELY_INLINE void keep(Bits kept, Vector& y_true, Vector& y_pred) {
    y_true = from_bits(bits(y_true) & kept);
    y_pred = from_bits(bits(y_pred) & kept);
}

// Leaves out pairs with a NaN, and counts them: by their truth, or where only the prediction is one.
struct KeepPresent {
    Bits with_true{};
    Bits with_both{};

    SQUARELY_INLINE void apply(Vector& y_true, Vector& y_pred, std::ptrdiff_t) {
        const LaneSet has_true = where_equal(y_true, y_true);
        const LaneSet has_both = has_true & where_equal(y_pred, y_pred);
        with_true = counted(has_true, with_true);
        with_both = counted(has_both, with_both);
        y_true = only(has_both, y_true);
        y_pred = only(has_both, y_pred);
    }
};

SQUARELY_INLINE std::uint64_t bits_from(const std::uint64_t* words, std::ptrdiff_t row) {
    return words[row / 64] >> row % 64;
}

// Leaves out pairs of which a value is not there. Where only the prediction is not, it becomes a copy of the truth: a
// truth that is NaN is one still, and fails the checks of the sums, because such a pair is counted by its truth.
struct KeepValid {
    const Validity& validity;

    SQUARELY_INLINE void apply(Vector& y_true, Vector& y_pred, std::ptrdiff_t row) const {
        y_true = select(bits_from(validity.y_true, row), y_true, Vector{});
        y_pred = select(bits_from(validity.both, row), y_pred, y_true);
    }
};

// Puts a NaN in place of every value that is not there.
struct MarkMissing {
    const Validity& validity;

    SQUARELY_INLINE void apply(Vector& y_true, Vector& y_pred, std::ptrdiff_t row) const {
        const Vector nan = from_bits(Bits{} + 0x7ff8000000000000);
        y_true = select(bits_from(validity.y_true, row), y_true, nan);
        y_pred = select(bits_from(validity.y_pred, row), y_pred, nan);
    }
};

// Leaves out rows whose byte is zero.
struct KeepWhere {
    const unsigned char* where;

    SQUARELY_INLINE void apply(Vector& y_true, Vector& y_pred, std::ptrdiff_t row) const {
        keep(mask_of_bytes(where + row), y_true, y_pred);
    }
};

SQUARELY_INLINE std::uint64_t sum_of_lanes(Bits value) {
    std::uint64_t sum = 0;
    for (int i = 0; i < lanes; ++i) sum += lane(value, i);
    return sum;
}

SQUARELY_INLINE void store_missing(const KeepAll&, std::ptrdiff_t, std::uint64_t*) {}
SQUARELY_INLINE void store_missing(const KeepPresent& filter, std::ptrdiff_t rows, std::uint64_t* missing) {
    const std::uint64_t with_true = sum_of_lanes(filter.with_true);
    missing[0] = static_cast<std::uint64_t>(rows) - with_true;
    missing[1] = with_true - sum_of_lanes(filter.with_both);
}

// Copies a block as a filter leaves it. The copy may go where the block is.
template <class Filter>
SQUARELY_INLINE void copy_filtered(const Block& block, Filter& filter, double* y_true, double* y_pred) {
    for (std::ptrdiff_t i = 0; i < block.length; i += lanes) {
        Vector truth = load<Vector>(block.y_true + i);
        Vector prediction = load<Vector>(block.y_pred + i);
        filter.apply(truth, prediction, i);
        store(y_true + i, truth);
        store(y_pred + i, prediction);
    }
}

void copy_present(const Block& block, double* y_true, double* y_pred, std::uint64_t* missing) {
    KeepPresent filter;
    copy_filtered(block, filter, y_true, y_pred);
    store_missing(filter, block.length, missing);
}

void copy_marked(const Block& block, const Validity& validity, double* y_true, double* y_pred) {
    MarkMissing filter{validity};
    copy_filtered(block, filter, y_true, y_pred);
}

void copy_where(const Block& block, const unsigned char* where, double* y_true, double* y_pred) {
    KeepWhere filter{where};
    copy_filtered(block, filter, y_true, y_pred);
}

std::ptrdiff_t count_where(const unsigned char* where, std::ptrdiff_t count) {
    std::ptrdiff_t kept = 0;
    for (std::ptrdiff_t i = 0; i < count; ++i) kept += where[i] != 0;
    return kept;
}

}  // namespace
}  // namespace squarely
