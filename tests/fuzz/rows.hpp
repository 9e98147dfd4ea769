// What is scored: two columns, and perhaps weights and a mask.
#pragma once

#include "columns.hpp"

#include <optional>
#include <vector>

namespace fuzz {

struct Rows {
    int count = 0;
    ColumnData y_true;
    ColumnData y_pred;
    std::optional<ColumnData> weights;
    std::optional<Bytes> where;

    squarely_pairs pairs(int first = 0) const {
        squarely_pairs some{from_row(y_true.column, first), from_row(y_pred.column, first), nullptr, 0};
        if (where) some.where = where->data() + first * where->stride, some.where_stride = where->stride;
        return some;
    }
    squarely_column weights_from(int first) const { return from_row(weights->column, first); }
};

inline int draw_length(Random& random) {
    constexpr int near_blocks[] = {1, 2, 7, 8, 9, 63, 64, 65, 511, 512, 513, 1023, 1024, 1025, 1535, 1536, 1537, 2000};
    if (random.one_in(4)) return random.of(near_blocks);
    return random.one_in(2) ? random.between(1, 70) : random.between(1, 2000);
}

inline std::vector<std::uint64_t> draw_elements(Random& random, const ElementType& type, int rows, bool is_finite) {
    const Source source = draw_source(random);
    // A few of another size among them.
    const Source outlier = draw_source(random);
    const std::uint64_t outliers = random.one_in(3) ? 2 + random.below(300) : 0;
    std::vector<std::uint64_t> bits;
    for (int row = 0; row < rows; ++row) {
        const bool is_outlier = outliers > 0 && random.one_in(outliers);
        const std::uint64_t one = draw_bits(random, type, is_outlier ? outlier : source);
        bits.push_back(is_finite ? made_finite(type, one) : one);
    }
    return bits;
}

// Beside the truth, some units in the last place off: what cancels.
inline std::vector<std::uint64_t> draw_neighbours(Random& random, const ElementType& type,
                                                  const std::vector<std::uint64_t>& elements) {
    const int width = random.between(0, type.digit_bits > 1 ? type.digit_bits - 1 : 0);
    std::vector<std::uint64_t> bits;
    for (std::uint64_t one : elements) bits.push_back(made_finite(type, one ^ (random.bits() & low_bits(width))));
    return bits;
}

inline void draw_special(Random& random, const ElementType& type, std::vector<std::uint64_t>& bits) {
    if (type.exponent_bits == 0) return;
    const std::uint64_t infinity = low_bits(type.exponent_bits) << type.digit_bits;
    const std::uint64_t sign = std::uint64_t{1} << (8 * type.size - 1);
    const std::uint64_t nan = infinity | 1 | (random.bits() & low_bits(type.digit_bits));
    const std::uint64_t kinds[] = {infinity, infinity | sign, nan, nan | sign};
    const bool is_one_kind = random.one_in(2);
    const std::uint64_t kind = random.of(kinds);
    for (int i = random.between(1, 3); i > 0; --i) {
        bits[random.below(bits.size())] = is_one_kind ? kind : random.of(kinds);
    }
}

// A weight is a double: of 64-bit integers the nearest one.
inline Number as_weight(Number number) {
    if (std::bit_width(number.digits) <= 53) return number;
    Number rounded =
        float_of(element_types[SQUARELY_FLOAT64], std::bit_cast<std::uint64_t>(static_cast<double>(number.digits)));
    rounded.negative = number.negative;
    return rounded;
}

inline ColumnData draw_weights(Random& random, int rows) {
    const Layout layout = draw_layout(random);
    const ElementType& type = element_types[layout.dtype];
    ColumnData weights = column_of(random, layout, draw_elements(random, type, rows, true));
    for (Number& number : weights.numbers) number = as_weight(number);
    return weights;
}

inline Rows draw_rows(Random& random) {
    Rows rows;
    rows.count = draw_length(random);
    const Layout truth = draw_layout(random);
    const Layout prediction = random.one_in(3) ? draw_layout(random) : truth;
    const bool is_finite = !random.one_in(8);
    const ElementType& type = element_types[truth.dtype];
    std::vector<std::uint64_t> y_true = draw_elements(random, type, rows.count, is_finite);
    std::vector<std::uint64_t> y_pred =
        truth.dtype == prediction.dtype && random.one_in(3)
            ? draw_neighbours(random, type, y_true)
            : draw_elements(random, element_types[prediction.dtype], rows.count, is_finite);
    if (random.one_in(12)) draw_special(random, type, y_true);
    if (random.one_in(12)) draw_special(random, element_types[prediction.dtype], y_pred);
    rows.y_true = column_of(random, truth, y_true);
    rows.y_pred = column_of(random, prediction, y_pred);
    if (random.one_in(12)) draw_missing(random, rows.y_true);
    if (random.one_in(12)) draw_missing(random, rows.y_pred);
    if (random.one_in(3)) rows.weights = draw_weights(random, rows.count);
    if (random.one_in(5)) rows.where = draw_flags(random, rows.count);
    return rows;
}

// Arrays of one type without gaps, of a block or more: what has kernels of its own.
inline Rows draw_plain_rows(Random& random) {
    Rows rows;
    rows.count = random.between(512, 2000);
    Layout layout;
    layout.dtype = static_cast<squarely_dtype>(random.below(dtype_count));
    const ElementType& type = element_types[layout.dtype];
    layout.stride = type.size;
    rows.y_true = column_of(random, layout, draw_elements(random, type, rows.count, true));
    rows.y_pred = column_of(random, layout, draw_elements(random, type, rows.count, true));
    return rows;
}

}  // namespace fuzz
