#include "order/ordered_block.hpp"

#include "sums/pair.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace squarely {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::uint64_t pattern_at(const Column& column, std::ptrdiff_t row) {
    std::uint64_t pattern;
    std::memcpy(&pattern, static_cast<const char*>(column.data) + row * column.stride, sizeof pattern);
    return column.swapped ? __builtin_bswap64(pattern) : pattern;
}

// Integers that no double holds: the block has them rounded, and their differences would be rounded twice.
void put_exact_differences(const std::vector<LargePair>& large, double* values) {
    for (const LargePair& pair : large) values[pair.row] = std::fabs(nearest_difference(pair.y_true, pair.y_pred));
}

// Two columns of the same 64-bit integers, whose differences all fit an unsigned one. The general way asks for the type
// of every value that no double holds, and takes several times as long.
bool are_alike_large_integers(const Pairs& pairs) {
    return may_be_large_integer(pairs.y_true.dtype) && pairs.y_true.dtype == pairs.y_pred.dtype;
}

// Their absolute differences against zeros.
Block block_of_differences(const Pairs& pairs, Rows rows, BlockBuffers& buffers) {
    const std::uint64_t flip =
        facts_of(pairs.y_true.dtype).kind == 'i' ? std::uint64_t{1} << 63 : 0;  // orders the patterns
    const std::ptrdiff_t padded = (rows.count + block_multiple - 1) / block_multiple * block_multiple;
    for (std::ptrdiff_t i = 0; i < rows.count; ++i) {
        const std::uint64_t truth = pattern_at(pairs.y_true, rows.first + i) ^ flip;
        const std::uint64_t prediction = pattern_at(pairs.y_pred, rows.first + i) ^ flip;
        const std::uint64_t sign = 0 - std::uint64_t{truth < prediction};  // without a branch: as good as random
        buffers.y_true[i] = static_cast<double>(((truth - prediction) ^ sign) - sign);
        buffers.y_pred[i] = 0;
    }
    std::fill(buffers.y_true + rows.count, buffers.y_true + padded, 0.0);
    std::fill(buffers.y_pred + rows.count, buffers.y_pred + padded, 0.0);
    return {buffers.y_true, buffers.y_pred, padded, {}};
}

// Whether all of them are finite. A block is padded, and the room for values is not.
bool put_absolute_differences(const Kernels& kernels, const Block& block, std::ptrdiff_t count, double* padded,
                              double* values) {
    if (count == block_length) return kernels.absolute_differences(block, values);
    const bool all_finite = kernels.absolute_differences(block, padded);
    std::copy(padded, padded + count, values);
    return all_finite;
}

// Negative zero becomes zero: they are one value.
void put_truths(const double* y_true, std::ptrdiff_t count, double* values) {
    for (std::ptrdiff_t i = 0; i < count; ++i) values[i] = y_true[i] + 0.0;
}

bool has_value(OrderedQuantity quantity, PairKind kind) {
    return kind == PairKind::finite || is_infinite(kind) ||
           (kind == PairKind::undefined && quantity == OrderedQuantity::truth);
}

// Pairs one by one, where some do not count or are not finite.
void judge(OrderedQuantity quantity, const Block& block, const RowsKept& kept, std::ptrdiff_t count, double* values,
           OrderedBlock& found) {
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        const bool counts = kept.where == nullptr || kept.where[i] != 0;
        const PairKind kind = kind_of(block.y_true[i], block.y_pred[i]);
        if (counts) squarely::count(found.counts, kind);
        if (counts && has_value(quantity, kind)) {
            ++found.present;
        } else {
            values[i] = nan;
        }
    }
}

}  // namespace

OrderedBlock put_block(const Kernels& kernels, OrderedQuantity quantity, const Pairs& pairs, Rows rows,
                       OrderedBuffers& buffers, double* values) {
    OrderedBlock found;
    const RowsKept kept = rows_kept(kernels, pairs, rows, buffers.pairs);
    found.counts.masked += static_cast<std::uint64_t>(rows.count - kept.count);
    if (kept.count == 0) {
        std::fill_n(values, rows.count, nan);
        return found;
    }
    const bool are_errors = quantity == OrderedQuantity::absolute_error;
    std::vector<LargePair> large;
    const Block loaded = are_errors && are_alike_large_integers(pairs)
                             ? block_of_differences(pairs, rows, buffers.pairs)
                             : load_block(kernels, pairs, rows, kept, buffers.pairs, large);
    const Block block = with_nulls(kernels, loaded, kept, buffers.pairs);
    const bool all_finite = put_absolute_differences(kernels, block, rows.count, buffers.values, values);
    if (are_errors) {
        put_exact_differences(large, values);
    } else {
        put_truths(block.y_true, rows.count, values);
        found.has_rounded_truths = !large.empty();
    }
    if (all_finite && kept.where == nullptr) {
        found.present = found.counts.pairs = static_cast<std::uint64_t>(rows.count);
    } else {
        judge(quantity, block, kept, rows.count, values, found);
    }
    return found;
}

}  // namespace squarely
