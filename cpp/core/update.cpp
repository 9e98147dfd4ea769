// Columns -> stretches of rows -> blocks -> sums, over threads.
#include "exact_squares.hpp"
#include "floating_point.hpp"
#include "rounded_squares.hpp"
#include "squarely/state.hpp"
#include "targets.hpp"
#include "threads.hpp"
#include "tiles.hpp"

#include <algorithm>
#include <cstdlib>
#include <mutex>

namespace squarely {
namespace {

// A job is a stretch of rows of a few outputs: in a C-ordered array they share cache lines and pages, which are fetched
// once for all of them. How rows are cut depends on their number alone, never on threads: that keeps
// the kahan and pairwise sums the same on any number of them.
constexpr std::ptrdiff_t outputs_in_job = 128;
constexpr std::ptrdiff_t smallest_stretch = 128 * block_length;
constexpr std::ptrdiff_t most_stretches = 64;

struct Plan {
    std::ptrdiff_t rows;
    std::ptrdiff_t outputs;
    std::ptrdiff_t stretch;  // rows, a multiple of block_length
    std::ptrdiff_t stretches;
    std::ptrdiff_t groups;  // of outputs
};

struct Job {
    std::ptrdiff_t first_row;
    std::ptrdiff_t last_row;
    std::ptrdiff_t first_output;
    std::ptrdiff_t last_output;
};

Plan plan_for(std::ptrdiff_t rows, std::ptrdiff_t outputs) {
    const std::ptrdiff_t even = (rows + most_stretches - 1) / most_stretches;
    const std::ptrdiff_t stretch = std::max(smallest_stretch, (even + block_length - 1) / block_length * block_length);
    return {rows, outputs, stretch, (rows + stretch - 1) / stretch, (outputs + outputs_in_job - 1) / outputs_in_job};
}

Job job_at(const Plan& plan, std::ptrdiff_t index) {
    const std::ptrdiff_t stretch = index / plan.groups;
    const std::ptrdiff_t group = index % plan.groups;
    return {stretch * plan.stretch, std::min(plan.rows, (stretch + 1) * plan.stretch), group * outputs_in_job,
            std::min(plan.outputs, (group + 1) * outputs_in_job)};
}

std::size_t outputs_of(const Job& job) { return static_cast<std::size_t>(job.last_output - job.first_output); }

template <class Visit>
void for_each_block(const Job& job, Visit visit) {
    for (std::ptrdiff_t first = job.first_row; first < job.last_row; first += block_length) {
        visit(Rows{first, std::min<std::ptrdiff_t>(block_length, job.last_row - first)});
    }
}

using Outputs = std::span<const Pairs>;

// Whether neighbouring outputs share cache lines, as in a C-ordered array: then they are read side by side.
bool are_interleaved(Outputs outputs) {
    if (outputs.size() == 1) return false;
    const auto* here = static_cast<const char*>(outputs[0].y_true.data);
    const auto* next = static_cast<const char*>(outputs[1].y_true.data);
    return std::abs(next - here) < std::abs(outputs[0].y_true.stride);
}

void run_exact(State& state, Outputs outputs, const Job& job, const Kernels& kernels, std::mutex& mutex) {
    const FloatingPointEnvironment environment;
    BlockBuffers buffers;
    std::vector<ExactSquares> squares(outputs_of(job));
    const auto first_output = static_cast<std::size_t>(job.first_output);
    const Outputs own = outputs.subspan(first_output, squares.size());
    if (are_tiled(own)) {
        add_tiled(squares, kernels, own, job.first_row, job.last_row, buffers);
    } else if (are_interleaved(own)) {
        for_each_block(job, [&](Rows rows) {
            for (std::size_t i = 0; i < own.size(); ++i) add_rows(squares[i], kernels, own[i], rows, buffers);
        });
    } else {
        for (std::size_t i = 0; i < own.size(); ++i) {
            add_stretch(squares[i], kernels, own[i], job.first_row, job.last_row, buffers);
        }
    }
    const std::lock_guard lock(mutex);
    for (std::size_t i = 0; i < squares.size(); ++i) {
        const std::size_t output = static_cast<std::size_t>(job.first_output) + i;
        finish(squares[i], kernels);
        merge(state.squared_error[output], squares[i].sum);
        add(state.counts[output], squares[i].counts);
    }
}

struct RoundedPart {
    PairCounts counts;
    RoundedSum sum;
};

void run_rounded(RoundedPart* parts, Summation summation, Outputs outputs, const Job& job, const Kernels& kernels) {
    const FloatingPointEnvironment environment;
    BlockBuffers buffers;
    std::vector<RoundedSquares> squares(outputs_of(job));
    for_each_block(job, [&](Rows rows) {
        for (std::size_t i = 0; i < squares.size(); ++i) {
            const Pairs& pairs = outputs[static_cast<std::size_t>(job.first_output) + i];
            add_rows(squares[i], summation, kernels, pairs, rows, buffers);
        }
    });
    for (std::size_t i = 0; i < squares.size(); ++i) {
        parts[i] = {squares[i].counts, result(squares[i], summation)};
    }
}

void update_exact(State& state, Outputs outputs, const Plan& plan, const Kernels& kernels) {
    std::mutex mutex;
    if (plan.stretches * plan.groups == 1) {
        run_exact(state, outputs, job_at(plan, 0), kernels, mutex);
        return;
    }
    parallel_for(plan.stretches * plan.groups,
                 [&](std::ptrdiff_t index) { run_exact(state, outputs, job_at(plan, index), kernels, mutex); });
}

// Parts are joined in the order of the rows, whichever thread was first.
void update_rounded(State& state, Outputs outputs, const Plan& plan, const Kernels& kernels) {
    const auto width = static_cast<std::size_t>(plan.outputs);
    std::vector<RoundedPart> parts(static_cast<std::size_t>(plan.stretches) * width);
    parallel_for(plan.stretches * plan.groups, [&](std::ptrdiff_t index) {
        const Job job = job_at(plan, index);
        RoundedPart* own = parts.data() + job.first_row / plan.stretch * plan.outputs + job.first_output;
        run_rounded(own, state.summation, outputs, job, kernels);
    });
    const FloatingPointEnvironment environment;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        add(state.counts[i % width], parts[i].counts);
        RoundedSum& sum = state.rounded_squared_error[i % width];
        sum = joined(sum, parts[i].sum);
    }
}

}  // namespace

void update(State& state, Outputs outputs, std::ptrdiff_t rows) {
    const Plan plan = plan_for(rows, static_cast<std::ptrdiff_t>(state.counts.size()));
    const Kernels& kernels = *current_target().kernels;
    if (state.summation == Summation::exact) {
        update_exact(state, outputs, plan, kernels);
    } else {
        update_rounded(state, outputs, plan, kernels);
    }
}

}  // namespace squarely
