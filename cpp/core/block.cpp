#include "block.hpp"

#include <algorithm>
#include <cstdint>

namespace squarely {
namespace {

// How far the prefetch runs in front of the computation. Nearer, DRAM is too slow to answer in time; farther, the lines
// leave L1 again before they are used. 2 to 4 KB a stream are as good as each other.
constexpr std::ptrdiff_t prefetch_bytes = 3072;

std::ptrdiff_t element_size(DType dtype) { return dtype == DType::float64 ? 8 : 4; }

// In place only where a pointer to the elements may be formed: a misaligned column is copied.
bool is_contiguous(const Column& column, DType dtype) {
    const auto size = static_cast<std::uintptr_t>(element_size(dtype));
    return column.dtype == dtype && column.stride == element_size(dtype) &&
           reinterpret_cast<std::uintptr_t>(column.data) % size == 0;
}

const char* address(const Column& column, std::ptrdiff_t row) {
    return static_cast<const char*>(column.data) + row * column.stride;
}

// Where a row would be, inside the column or not: a prefetch may name any address, a pointer may not.
std::uintptr_t prefetch_address(const Column& column, std::ptrdiff_t row) {
    const auto offset = static_cast<std::uintptr_t>(row) * static_cast<std::uintptr_t>(column.stride);
    return reinterpret_cast<std::uintptr_t>(column.data) + offset;
}

std::uintptr_t prefetch_step(const Column& column) { return 8 * static_cast<std::uintptr_t>(column.stride); }

// Copied blocks look a whole block ahead: the load of the next one is what must find its data in the cache.
Ahead ahead_of(const Column& y_true, const Column& y_pred, std::ptrdiff_t row) {
    return {prefetch_address(y_true, row + block_length), prefetch_address(y_pred, row + block_length),
            prefetch_step(y_true), prefetch_step(y_pred)};
}

const double* load_stream(const Kernels& kernels, const Column& column, Rows rows, std::ptrdiff_t padded,
                          double* buffer) {
    const char* source = address(column, rows.first);
    if (rows.count == block_length && is_contiguous(column, DType::float64)) {
        return reinterpret_cast<const double*>(source);
    }
    const auto load = column.dtype == DType::float64 ? kernels.load_float64 : kernels.load_float32;
    load(source, column.stride, rows.count, buffer);
    std::fill(buffer + rows.count, buffer + padded, 0.0);
    return buffer;
}

}  // namespace

Block load_block(const Kernels& kernels, const Column& y_true, const Column& y_pred, Rows rows, BlockBuffers& buffers) {
    const std::ptrdiff_t padded = (rows.count + block_multiple - 1) / block_multiple * block_multiple;
    Block block{load_stream(kernels, y_true, rows, padded, buffers.y_true),
                load_stream(kernels, y_pred, rows, padded, buffers.y_pred), padded,
                ahead_of(y_true, y_pred, rows.first)};
    if (block.y_true != buffers.y_true && block.y_pred != buffers.y_pred) {
        block.ahead.y_true = prefetch_address(y_true, rows.first + prefetch_bytes / 8);
        block.ahead.y_pred = prefetch_address(y_pred, rows.first + prefetch_bytes / 8);
    }
    return block;
}

bool has_narrow_block(const Column& y_true, const Column& y_pred, Rows rows) {
    return rows.count == block_length && is_contiguous(y_true, DType::float32) && is_contiguous(y_pred, DType::float32);
}

NarrowBlock narrow_block(const Column& y_true, const Column& y_pred, Rows rows) {
    const char* true_values = address(y_true, rows.first);
    const char* pred_values = address(y_pred, rows.first);
    return {reinterpret_cast<const float*>(true_values),
            reinterpret_cast<const float*>(pred_values),
            block_length,
            {prefetch_address(y_true, rows.first + prefetch_bytes / 4),
             prefetch_address(y_pred, rows.first + prefetch_bytes / 4), 64, 64}};
}

}  // namespace squarely
