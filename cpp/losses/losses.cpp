#include "losses/losses.hpp"

#include "losses/loss_blocks.hpp"
#include "machine/targets.hpp"

#include <stdexcept>
#include <string>

namespace squarely {
namespace {

// Full blocks without gaps need no stage of their own to store their results.
bool is_filled_in_place(const LossRun& run, DType dtype) {
    const auto size = static_cast<std::size_t>(element_size(dtype));
    return run.length == block_length && run.results.dtype == dtype &&
           run.results.stride == static_cast<std::ptrdiff_t>(size) &&
           reinterpret_cast<std::uintptr_t>(run.results.data) % size == 0;
}

bool is_all_float32(const LossRun& run) {
    return run.pairs.y_true.dtype == DType::float32 && is_filled_in_place(run, DType::float32) &&
           has_narrow_block(run.pairs, {0, run.length}, {nullptr, run.length, false});
}

void fill_run(const Kernels& kernels, const LossRun& run, const LossFormula& formula, double divisor,
              LossBuffers& buffers) {
    void* target = const_cast<void*>(run.results.data);
    const auto loss = static_cast<int>(formula.loss);
    const double* weights = load_weights(kernels, run, buffers);  // first: the results may lie where they do
    if (weights == nullptr && is_all_float32(run)) {
        kernels.losses_float32[loss][formula.is_derivative](narrow_block(run.pairs, {0, run.length}), formula.parameter,
                                                            divisor, static_cast<float*>(target));
        return;
    }
    const bool in_place = is_filled_in_place(run, DType::float64);
    double* results = in_place ? static_cast<double*>(target) : buffers.results;
    const Block block = load_pairs(kernels, run, buffers);
    kernels.losses[loss][formula.is_derivative](block, formula.parameter, weights == nullptr ? divisor : 1, results);
    if (weights != nullptr) kernels.scale(results, weights, divisor, block.length);
    if (in_place) return;
    const auto store = kernels.store[static_cast<int>(run.results.dtype)];
    store(results, run.length, static_cast<char*>(target), run.results.stride);
}

}  // namespace

Loss loss_named(std::string_view name) {
    for (int i = 0; i < loss_count; ++i) {
        if (name == loss_names[i]) return static_cast<Loss>(i);
    }
    throw std::invalid_argument("There is no loss '" + std::string(name) + "'.");
}

void fill_losses(const LossArrays& arrays, const LossFormula& formula, double divisor) {
    if (is_empty(arrays)) return;
    const Kernels& kernels = *current_target().kernels;
    const Walk walk = walk_of(arrays);
    for_each_stretch(walk, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
        LossBuffers buffers;
        for (std::ptrdiff_t block = first; block < last; ++block) {
            fill_run(kernels, loss_run_at(arrays, walk, block), formula, divisor, buffers);
        }
    });
}

}  // namespace squarely
