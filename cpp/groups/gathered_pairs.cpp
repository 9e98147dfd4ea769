#include "groups/gathered_pairs.hpp"

#include "blocks/block.hpp"

#include <cstring>

namespace squarely {
namespace {

using Numbers = std::span<const std::uint32_t>;

template <std::size_t size>
void copy_elements(const char* from, std::ptrdiff_t stride, Numbers rows, unsigned char* to) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
        std::memcpy(to + size * i, from + static_cast<std::ptrdiff_t>(rows[i]) * stride, size);
    }
}

void copy_values(const Column& column, std::ptrdiff_t first, Numbers rows, unsigned char* to) {
    const char* from = address(column, first);
    switch (element_size(column.dtype)) {
        case 1: return copy_elements<1>(from, column.stride, rows, to);
        case 2: return copy_elements<2>(from, column.stride, rows, to);
        case 4: return copy_elements<4>(from, column.stride, rows, to);
        default: return copy_elements<8>(from, column.stride, rows, to);
    }
}

std::uint8_t is_missing(const Column& column, std::ptrdiff_t row) {
    if (column.missing != nullptr) return column.missing[row * column.missing_stride];
    const std::ptrdiff_t bit = column.validity_offset + row;
    return static_cast<std::uint8_t>(~column.validity[bit / 8] >> bit % 8 & 1);
}

Column gathered_column(const Column& column, std::ptrdiff_t first, Numbers rows, GatheredColumn& gathered) {
    const std::ptrdiff_t size = element_size(column.dtype);
    gathered.values.resize(static_cast<std::size_t>(size) * rows.size());
    copy_values(column, first, rows, gathered.values.data());
    Column own{gathered.values.data(), size, column.dtype, column.swapped};
    if (!may_have_nulls(column)) return own;
    gathered.missing.resize(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) gathered.missing[i] = is_missing(column, first + rows[i]);
    own.missing = gathered.missing.data();
    own.missing_stride = 1;
    return own;
}

Column column_from(Column column, std::ptrdiff_t first) {
    column.data = address(column, first);
    if (column.missing != nullptr) column.missing += first * column.missing_stride;
    column.validity_offset += first;
    return column;
}

}  // namespace

void gather(const Pairs& pairs, std::ptrdiff_t first, Numbers rows, GatheredPairs& gathered) {
    gathered.pairs.y_true = gathered_column(pairs.y_true, first, rows, gathered.y_true);
    gathered.pairs.y_pred = gathered_column(pairs.y_pred, first, rows, gathered.y_pred);
    if (are_weighted(pairs)) gathered.pairs.weights = gathered_column(pairs.weights, first, rows, gathered.weights);
    if (pairs.where == nullptr) return;
    gathered.where.resize(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
        gathered.where[i] = pairs.where[(first + rows[i]) * pairs.where_stride];
    gathered.pairs.where = gathered.where.data();
    gathered.pairs.where_stride = 1;
}

Pairs pairs_from(const Pairs& pairs, std::ptrdiff_t first) {
    Pairs own = pairs;
    own.y_true = column_from(pairs.y_true, first);
    own.y_pred = column_from(pairs.y_pred, first);
    if (are_weighted(pairs)) own.weights = column_from(pairs.weights, first);
    if (pairs.where != nullptr) own.where += first * pairs.where_stride;
    return own;
}

}  // namespace squarely
