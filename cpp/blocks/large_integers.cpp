#include "blocks/large_integers.hpp"

#include "blocks/validity.hpp"
#include "sums/pair.hpp"

#include <bit>
#include <cmath>

namespace squarely {
namespace {

__extension__ typedef __int128 int128;

constexpr int128 largest_exact = int128{1} << 53;

int128 integer_at(const Column& column, std::ptrdiff_t row) {
    const ElementType& type = facts_of(column.dtype);
    const auto* bytes = reinterpret_cast<const unsigned char*>(address(column, row));
    const bool is_highest_first = column.swapped != (std::endian::native == std::endian::big);
    std::uint64_t pattern = 0;
    for (std::ptrdiff_t i = 0; i < type.bytes; ++i) {
        pattern |= std::uint64_t{bytes[is_highest_first ? type.bytes - 1 - i : i]} << (8 * i);
    }
    if (type.kind == 'b') return pattern != 0;
    if (type.kind == 'u') return pattern;
    const auto bits_above = static_cast<int>(64 - 8 * type.bytes);
    return static_cast<std::int64_t>(pattern << bits_above) >> bits_above;
}

int128 size_of(int128 value) { return value < 0 ? -value : value; }

BinaryNumber number_of_integer(int128 value) { return {static_cast<std::uint64_t>(size_of(value)), 0, value < 0}; }

// The number a column has in one row: an integer, or the double that was loaded.
struct Value {
    bool is_integer;
    int128 integer;
    double rounded;
};

Value value_at(const Column& column, std::ptrdiff_t row, double loaded) {
    if (is_float(column.dtype)) return {false, 0, loaded};
    const int128 integer = integer_at(column, row);
    return {true, integer, static_cast<double>(integer)};
}

bool is_exact(const Value& value) { return !value.is_integer || size_of(value.integer) <= largest_exact; }

BinaryNumber exact_number(const Value& value) {
    return value.is_integer ? number_of_integer(value.integer) : number_of(value.rounded);
}

bool counts(const RowsKept& kept, const Validity& validity, std::ptrdiff_t i) {
    const bool is_there = !kept.has_nulls || (is_valid(validity.y_true, i) && is_valid(validity.y_pred, i));
    return is_there && (kept.where == nullptr || kept.where[i] != 0);
}

}  // namespace

void load_large_integers(const Pairs& pairs, Rows rows, const RowsKept& kept, BlockBuffers& buffers, ExactSum& sum) {
    for (std::ptrdiff_t i = 0; i < rows.count; ++i) {
        const std::ptrdiff_t row = rows.first + i;
        const Value truth = value_at(pairs.y_true, row, buffers.y_true[i]);
        const Value prediction = value_at(pairs.y_pred, row, buffers.y_pred[i]);
        double& y_true = buffers.y_true[i];
        double& y_pred = buffers.y_pred[i];
        y_true = truth.rounded;
        y_pred = prediction.rounded;
        if (is_exact(truth) && is_exact(prediction)) continue;
        const int128 difference = truth.integer - prediction.integer;
        if (truth.is_integer && prediction.is_integer && size_of(difference) <= largest_exact) {
            y_true = static_cast<double>(difference);
            y_pred = 0;
        } else if (std::isfinite(y_true) && std::isfinite(y_pred)) {
            if (counts(kept, buffers.validity, i)) add_square(sum, exact_number(truth), exact_number(prediction));
            y_true = y_pred = 0;
        }
    }
}

void round_large_integers(const Column& column, Rows rows, double* buffer) {
    for (std::ptrdiff_t i = 0; i < rows.count; ++i) buffer[i] = value_at(column, rows.first + i, buffer[i]).rounded;
}

std::vector<LargePair> rounded_large_integers(const Pairs& pairs, Rows rows, const RowsKept& kept,
                                              BlockBuffers& buffers) {
    std::vector<LargePair> large;
    for (std::ptrdiff_t i = 0; i < rows.count; ++i) {
        const std::ptrdiff_t row = rows.first + i;
        const Value truth = value_at(pairs.y_true, row, buffers.y_true[i]);
        const Value prediction = value_at(pairs.y_pred, row, buffers.y_pred[i]);
        buffers.y_true[i] = truth.rounded;
        buffers.y_pred[i] = prediction.rounded;
        const bool is_large = !is_exact(truth) || !is_exact(prediction);
        const bool is_finite = std::isfinite(truth.rounded) && std::isfinite(prediction.rounded);
        if (is_large && is_finite && counts(kept, buffers.validity, i)) {
            large.push_back({i, exact_number(truth), exact_number(prediction)});
        }
    }
    return large;
}

}  // namespace squarely
