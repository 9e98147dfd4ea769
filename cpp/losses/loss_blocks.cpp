#include "losses/loss_blocks.hpp"

#include "sums/pair.hpp"

#include <limits>

namespace squarely {
namespace {

// The arrays of a walk, in this order.
std::array<const StridedArray*, most_arrays> walked(const LossArrays& arrays) {
    return {&arrays.y_true, &arrays.y_pred, &arrays.weights, &arrays.results};
}

Column column_at(const StridedArray& array, std::ptrdiff_t offset, std::ptrdiff_t stride) {
    if (array.data == nullptr) return {nullptr, 0, array.dtype};
    return {array.data + offset, stride, array.dtype, array.swapped};
}

// A full block of contiguous float64, unless the results are about to go where it lies.
bool may_be_viewed(const LossRun& run) {
    return run.length == block_length && run.weights.dtype == DType::float64 && !run.weights.swapped &&
           run.weights.stride == sizeof(double) && run.weights.data != run.results.data &&
           reinterpret_cast<std::uintptr_t>(run.weights.data) % alignof(double) == 0;
}

}  // namespace

bool is_empty(const LossArrays& arrays) { return std::ranges::find(arrays.shape, 0) != arrays.shape.end(); }

Walk walk_of(const LossArrays& arrays) {
    std::vector<Axis> axes(arrays.shape.size());
    const auto all = walked(arrays);
    for (std::size_t axis = 0; axis < axes.size(); ++axis) {
        axes[axis].length = arrays.shape[axis];
        for (std::size_t i = 0; i < all.size(); ++i) {
            axes[axis].strides[i] = all[i]->data == nullptr ? 0 : all[i]->strides[axis];
        }
    }
    return walk_along(std::move(axes));
}

LossRun loss_run_at(const LossArrays& arrays, const Walk& walk, std::ptrdiff_t block) {
    const Run run = run_at(walk, block);
    const auto column = [&](std::size_t i) { return column_at(*walked(arrays)[i], run.offsets[i], walk.strides[i]); };
    return {{column(0), column(1)}, column(2), column(3), run.length};
}

Block load_pairs(const Kernels& kernels, const LossRun& run, LossBuffers& buffers) {
    std::vector<LargePair> large;
    const Block block =
        load_block(kernels, run.pairs, {0, run.length}, {nullptr, run.length, false}, buffers.pairs, large);
    // A loss is a function of the difference: rounded once, against zero.
    for (const LargePair& pair : large) {
        buffers.pairs.y_true[pair.row] = nearest_difference(pair.y_true, pair.y_pred);
        buffers.pairs.y_pred[pair.row] = 0;
    }
    return block;
}

const double* load_weights(const Kernels& kernels, const LossRun& run, LossBuffers& buffers) {
    if (run.weights.data == nullptr) return nullptr;
    if (may_be_viewed(run)) return static_cast<const double*>(run.weights.data);
    const auto load = kernels.load[static_cast<int>(run.weights.dtype)][run.weights.swapped ? 1 : 0];
    if (!load(address(run.weights, 0), run.weights.stride, run.length, buffers.weights)) {
        std::fill(buffers.weights, buffers.weights + run.length, std::numeric_limits<double>::quiet_NaN());
    }
    std::fill(buffers.weights + run.length, std::end(buffers.weights), 0.0);
    return buffers.weights;
}

}  // namespace squarely
