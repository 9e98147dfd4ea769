#include "blocks/block.hpp"

#include "blocks/large_integers.hpp"
#include "blocks/validity.hpp"

#include <algorithm>
#include <cstdint>

namespace squarely {
namespace {

// How far the prefetch runs in front of the computation, in rows. Nearer, DRAM is too slow to answer in time; farther,
// the lines leave L1 again before they are used: 3 KB a stream are right. But a block that is copied has to be in the
// cache when it is loaded, while the one before it is summed.
constexpr std::ptrdiff_t rows_ahead = 384;
constexpr std::ptrdiff_t narrow_rows_ahead = 768;
constexpr std::ptrdiff_t rows_ahead_of_copies = block_length;

// In place only where a pointer to the elements may be formed: a misaligned column is copied.
bool is_contiguous(const Column& column, DType dtype) {
    const auto size = static_cast<std::uintptr_t>(element_size(dtype));
    return column.dtype == dtype && !column.swapped && column.stride == element_size(dtype) &&
           reinterpret_cast<std::uintptr_t>(column.data) % size == 0;
}

// Where a row would be, inside the column or not: a prefetch may name any address, a pointer may not.
std::uintptr_t prefetch_address(const Column& column, std::ptrdiff_t row) {
    const auto offset = static_cast<std::uintptr_t>(row) * static_cast<std::uintptr_t>(column.stride);
    return reinterpret_cast<std::uintptr_t>(column.data) + offset;
}

// For every line of a contiguous column: eight float64, or sixteen of four bytes.
std::uintptr_t prefetch_step(const Column& column) {
    const std::uintptr_t rows = element_size(column.dtype) == 4 ? 16 : 8;
    return rows * static_cast<std::uintptr_t>(column.stride);
}

Ahead ahead_by(std::ptrdiff_t distance, const Pairs& pairs, Rows rows) {
    const std::ptrdiff_t row = rows.first + distance;
    return {prefetch_address(pairs.y_true, row), prefetch_address(pairs.y_pred, row), prefetch_step(pairs.y_true),
            prefetch_step(pairs.y_pred)};
}

bool find_nulls(const Kernels& kernels, const Pairs& pairs, Rows rows, Validity& validity) {
    if (!may_have_nulls(pairs.y_true) && !may_have_nulls(pairs.y_pred)) return false;
    const bool in_true = find_nulls(kernels, pairs.y_true, rows.first, rows.count, validity.y_true);
    const bool in_pred = find_nulls(kernels, pairs.y_pred, rows.first, rows.count, validity.y_pred);
    for (int i = 0; i < block_length / 64; ++i) validity.both[i] = validity.y_true[i] & validity.y_pred[i];
    return in_true || in_pred;
}

// Whether every value is what the column holds.
bool load_stream(const Kernels& kernels, const Column& column, Rows rows, double* buffer) {
    const auto load = kernels.load[static_cast<int>(column.dtype)][column.swapped ? 1 : 0];
    return load(address(column, rows.first), column.stride, rows.count, buffer);
}

// What is no double is seen to by large_integers, with both streams in the buffers.
template <class LargeIntegers>
Block load_block(const Kernels& kernels, const Pairs& pairs, Rows rows, BlockBuffers& buffers,
                 const LargeIntegers& large_integers) {
    const bool may_view = rows.count % block_multiple == 0;
    const bool view_true = may_view && is_contiguous(pairs.y_true, DType::float64);
    const bool view_pred = may_view && is_contiguous(pairs.y_pred, DType::float64);
    const std::ptrdiff_t padded = (rows.count + block_multiple - 1) / block_multiple * block_multiple;
    const auto* y_true = view_true ? static_cast<const double*>(pairs.y_true.data) + rows.first : buffers.y_true;
    const auto* y_pred = view_pred ? static_cast<const double*>(pairs.y_pred.data) + rows.first : buffers.y_pred;
    bool is_exact = true;
    if (!view_true) is_exact &= load_stream(kernels, pairs.y_true, rows, buffers.y_true);
    if (!view_pred) is_exact &= load_stream(kernels, pairs.y_pred, rows, buffers.y_pred);
    if (!is_exact) {
        if (view_true) std::copy(y_true, y_true + rows.count, buffers.y_true);
        if (view_pred) std::copy(y_pred, y_pred + rows.count, buffers.y_pred);
        y_true = buffers.y_true;
        y_pred = buffers.y_pred;
        large_integers();
    }
    if (y_true == buffers.y_true) std::fill(buffers.y_true + rows.count, buffers.y_true + padded, 0.0);
    if (y_pred == buffers.y_pred) std::fill(buffers.y_pred + rows.count, buffers.y_pred + padded, 0.0);
    const bool is_copied = y_true == buffers.y_true || y_pred == buffers.y_pred;
    return {y_true, y_pred, padded, ahead_by(is_copied ? rows_ahead_of_copies : rows_ahead, pairs, rows)};
}

}  // namespace

const char* address(const Column& column, std::ptrdiff_t row) {
    return static_cast<const char*>(column.data) + row * column.stride;
}

RowsKept rows_kept(const Kernels& kernels, const Pairs& pairs, Rows rows, BlockBuffers& buffers) {
    const bool has_nulls = find_nulls(kernels, pairs, rows, buffers.validity);
    if (pairs.where == nullptr) return {nullptr, rows.count, has_nulls};
    const unsigned char* where = pairs.where + rows.first * pairs.where_stride;
    if (pairs.where_stride != 1) {
        for (std::ptrdiff_t i = 0; i < rows.count; ++i) buffers.where[i] = where[i * pairs.where_stride];
        where = buffers.where;
    }
    const std::ptrdiff_t count = kernels.count_where(where, rows.count);
    if (count == rows.count) return {nullptr, count, has_nulls};
    if (rows.count < block_length) {  // kernels read the mask of the padding too
        std::copy(where, where + rows.count, buffers.where);
        std::fill(buffers.where + rows.count, buffers.where + block_length, static_cast<unsigned char>(0));
        where = buffers.where;
    }
    return {where, count, has_nulls};
}

Block load_block(const Kernels& kernels, const Pairs& pairs, Rows rows, const RowsKept& kept, BlockBuffers& buffers,
                 ExactSum* large_integers) {
    return load_block(kernels, pairs, rows, buffers,
                      [&] { load_large_integers(pairs, rows, kept, buffers, *large_integers); });
}

Block load_block(const Kernels& kernels, const Pairs& pairs, Rows rows, const RowsKept& kept, BlockBuffers& buffers,
                 std::vector<LargePair>& large_pairs) {
    return load_block(kernels, pairs, rows, buffers,
                      [&] { large_pairs = rounded_large_integers(pairs, rows, kept, buffers); });
}

void load_weights(const Kernels& kernels, const Column& weights, Rows rows, double* buffer) {
    if (!load_stream(kernels, weights, rows, buffer)) round_large_integers(weights, rows, buffer);
}

Block with_where(const Kernels& kernels, const Block& block, const RowsKept& kept, BlockBuffers& buffers) {
    if (kept.where == nullptr) return block;
    kernels.copy_where(block, kept.where, buffers.y_true, buffers.y_pred);
    return {buffers.y_true, buffers.y_pred, block.length, block.ahead};
}

Block with_nulls(const Kernels& kernels, const Block& block, const RowsKept& kept, BlockBuffers& buffers) {
    if (!kept.has_nulls) return block;
    kernels.copy_marked(block, buffers.validity, buffers.y_true, buffers.y_pred);
    return {buffers.y_true, buffers.y_pred, block.length, block.ahead};
}

bool has_narrow_block(const Pairs& pairs, Rows rows, const RowsKept& kept) {
    if (rows.count != block_length || kept.where != nullptr) return false;
    const DType dtype = pairs.y_true.dtype;
    return element_size(dtype) == 4 && both_contiguous(pairs);
}

NarrowBlock narrow_block(const Pairs& pairs, Rows rows) {
    return {address(pairs.y_true, rows.first), address(pairs.y_pred, rows.first), block_length,
            ahead_by(narrow_rows_ahead, pairs, rows)};
}

bool both_contiguous(const Pairs& pairs) {
    return is_contiguous(pairs.y_true, pairs.y_true.dtype) && is_contiguous(pairs.y_pred, pairs.y_true.dtype);
}

bool is_contiguous_and_whole(const Pairs& pairs) {
    if (pairs.where != nullptr || may_have_nulls(pairs.y_true) || may_have_nulls(pairs.y_pred)) return false;
    return both_contiguous(pairs);
}

}  // namespace squarely
