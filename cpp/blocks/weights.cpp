#include "blocks/weights.hpp"

#include <algorithm>
#include <cstdint>

namespace squarely {
namespace {

bool has_zero(const Kernels& kernels, const double* weights, std::ptrdiff_t count) {
    const std::ptrdiff_t whole = count / block_multiple * block_multiple;
    return kernels.has_zero(weights, whole) || std::find(weights + whole, weights + count, 0.0) != weights + count;
}

}  // namespace

bool is_viewed(const Column& weights) {
    return weights.dtype == DType::float64 && !weights.swapped && weights.stride == 8 &&
           reinterpret_cast<std::uintptr_t>(weights.data) % 8 == 0;
}

const double* weights_of(const Kernels& kernels, const Pairs& pairs, Rows rows, double* buffer) {
    if (!are_weighted(pairs)) return nullptr;
    const Column& weights = pairs.weights;
    if (rows.count % block_multiple == 0 && is_viewed(weights))
        return static_cast<const double*>(weights.data) + rows.first;
    load_weights(kernels, weights, rows, buffer);
    std::fill(buffer + rows.count, buffer + block_length, 0.0);
    return buffer;
}

RowsKept with_weight(const Kernels& kernels, RowsKept kept, const double* weights, Rows rows, BlockBuffers& buffers) {
    if (weights == nullptr || !has_zero(kernels, weights, rows.count)) return kept;
    kept.count = 0;
    for (std::ptrdiff_t i = 0; i < rows.count; ++i) {
        const bool counts = weights[i] != 0 && (kept.where == nullptr || kept.where[i] != 0);
        buffers.where[i] = counts ? 1 : 0;
        kept.count += counts ? 1 : 0;
    }
    std::fill(buffers.where + rows.count, buffers.where + block_length, static_cast<unsigned char>(0));
    kept.where = buffers.where;
    return kept;
}

}  // namespace squarely
