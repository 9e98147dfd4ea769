#include "losses.hpp"

#include "loss_blocks.hpp"
#include "targets.hpp"

#include <stdexcept>
#include <string>

namespace squarely {
namespace {

constexpr std::string_view names[loss_count] = {"squared_error", "absolute_error", "huber_loss", "pinball_loss"};

// A full block of contiguous float64: the results need no stage of their own.
bool is_filled_in_place(const LossRun& run) {
    return run.length == block_length && run.results.dtype == DType::float64 && run.results.stride == sizeof(double) &&
           reinterpret_cast<std::uintptr_t>(run.results.data) % alignof(double) == 0;
}

void fill_run(const Kernels& kernels, const LossRun& run, const LossFormula& formula, double divisor,
              LossBuffers& buffers) {
    auto* target = static_cast<char*>(const_cast<void*>(run.results.data));
    const bool in_place = is_filled_in_place(run);
    double* results = in_place ? reinterpret_cast<double*>(target) : buffers.results;
    const double* weights = load_weights(kernels, run, buffers);  // first: the results may lie where they do
    const Block block = load_pairs(kernels, run, buffers);
    kernels.losses[static_cast<int>(formula.loss)][formula.is_derivative](block, formula.parameter, results);
    if (weights != nullptr) kernels.multiply(results, weights, block.length);
    if (divisor != 1) kernels.divide(results, divisor, block.length);
    if (!in_place) kernels.store[static_cast<int>(run.results.dtype)](results, run.length, target, run.results.stride);
}

}  // namespace

Loss loss_named(std::string_view name) {
    for (int i = 0; i < loss_count; ++i) {
        if (name == names[i]) return static_cast<Loss>(i);
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
