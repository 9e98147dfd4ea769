// Columns -> stretches of rows -> blocks -> sums, over threads.
#include "blocks/jobs.hpp"
#include "groups/wide_rows.hpp"
#include "machine/floating_point.hpp"
#include "machine/long_call.hpp"
#include "machine/targets.hpp"
#include "machine/threads.hpp"
#include "sums/exact_squares.hpp"
#include "sums/running_sums.hpp"
#include "sums/tiles.hpp"

#include <algorithm>
#include <mutex>

namespace squarely {
namespace {

// Pieces of a job, with a look at the call between them.
template <class Visit>
void for_each_piece(const Job& job, std::ptrdiff_t rows, Visit visit) {
    for (std::ptrdiff_t first = job.first_row; first < job.last_row; first += rows) {
        if (first > job.first_row) look_at_call();
        visit(first, std::min(job.last_row, first + rows));
    }
}

constexpr std::ptrdiff_t rows_of_a_piece = smallest_stretch;

// Of so many outputs at a time.
template <class Visit>
void for_each_block(const Job& job, std::size_t outputs, Visit visit) {
    const std::ptrdiff_t blocks = rows_of_a_piece / block_length / static_cast<std::ptrdiff_t>(outputs);
    for_each_piece(job, std::max<std::ptrdiff_t>(1, blocks) * block_length,
                   [&](std::ptrdiff_t first, std::ptrdiff_t last) {
                       for (; first < last; first += block_length) {
                           visit(Rows{first, std::min<std::ptrdiff_t>(block_length, last - first)});
                       }
                   });
}

using Outputs = std::span<const Pairs>;

bool share_truth(Outputs outputs) { return outputs.size() > 1 && outputs[0].y_true.data == outputs[1].y_true.data; }

// Where outputs share cache lines, or their truth, all of them see a block while it is near.
template <class Visit>
void for_each_block(Outputs outputs, const Job& job, Visit visit) {
    if (are_interleaved(outputs) || share_truth(outputs)) {
        for_each_block(job, outputs.size(), [&](Rows rows) {
            for (std::size_t i = 0; i < outputs.size(); ++i) visit(i, rows);
        });
    } else {
        for (std::size_t i = 0; i < outputs.size(); ++i) for_each_block(job, 1, [&](Rows rows) { visit(i, rows); });
    }
}

// The sums of a stretch of rows, of squared errors alone, which has shorter ways than the general one.
void run_squares(State& state, std::size_t first, Outputs outputs, const Job& job, const Kernels& kernels) {
    BlockBuffers buffers;
    std::vector<ExactSquares> squares(outputs.size());
    if (are_tiled(kernels, outputs)) {
        for_each_piece(job, rows_of_a_piece, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
            add_tiled(squares, kernels, outputs, begin, end, buffers);
        });
    } else if (are_interleaved(outputs) || share_truth(outputs)) {
        for_each_block(outputs, job,
                       [&](std::size_t i, Rows rows) { add_rows(squares[i], kernels, outputs[i], rows, buffers); });
    } else {
        for (std::size_t i = 0; i < outputs.size(); ++i) {
            for_each_piece(job, rows_of_a_piece, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
                add_stretch(squares[i], kernels, outputs[i], begin, end, buffers);
            });
        }
    }
    for (std::size_t i = 0; i < squares.size(); ++i) finish(squares[i], kernels, state, first + i);
}

// Returns what is wrong with the weights.
WeightFaults run_sums(State& state, std::size_t first, Outputs outputs, const Job& job, const Kernels& kernels) {
    BlockBuffers buffers;
    std::vector<RunningSums> sums;
    sums.reserve(outputs.size());
    for (std::size_t i = 0; i < outputs.size(); ++i) sums.push_back(running_sums(state));
    for_each_block(outputs, job,
                   [&](std::size_t i, Rows rows) { add_rows(sums[i], kernels, outputs[i], rows, buffers); });
    WeightFaults faults;
    for (std::size_t i = 0; i < sums.size(); ++i) {
        add(faults, weight_faults(sums[i]));
        finish(sums[i], kernels, state, first + i);
    }
    return faults;
}

// Adds to the outputs of a state from the first on.
WeightFaults run(State& state, std::size_t first, Outputs outputs, const Job& job, const Kernels& kernels) {
    const FloatingPointEnvironment environment;
    const Outputs own = outputs_of(job, outputs);
    if (!sums_squares_alone(state)) return run_sums(state, first, own, job, kernels);
    run_squares(state, first, own, job, kernels);
    return {};
}

struct Part {
    State state;
    WeightFaults faults;
};

Part run_apart(const State& state, Outputs outputs, const Job& job, const Kernels& kernels) {
    Part part{empty_like(state, outputs_of(job, outputs).size()), {}};
    part.faults = run(part.state, 0, outputs, job, kernels);
    return part;
}

// Sums that round are joined in the order of the rows, whichever thread was first.
WeightFaults update_in_order(State& state, Outputs outputs, const Plan& plan, const Kernels& kernels) {
    std::vector<Part> parts(static_cast<std::size_t>(jobs_of(plan)));
    parallel_for(jobs_of(plan), [&](std::ptrdiff_t index) {
        parts[static_cast<std::size_t>(index)] = run_apart(state, outputs, job_at(plan, index), kernels);
    });
    WeightFaults faults;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        add(faults, parts[i].faults);
        const Job own = job_at(plan, static_cast<std::ptrdiff_t>(i));
        merge_outputs(state, parts[i].state, {.first = static_cast<std::size_t>(own.first_output)});
    }
    return faults;
}

WeightFaults update_in_any_order(State& state, Outputs outputs, const Plan& plan, const Kernels& kernels) {
    if (jobs_of(plan) == 1) return run(state, 0, outputs, job_at(plan, 0), kernels);
    std::mutex mutex;
    WeightFaults faults;
    parallel_for(jobs_of(plan), [&](std::ptrdiff_t index) {
        const Job own = job_at(plan, index);
        const Part part = run_apart(state, outputs, own, kernels);
        const std::lock_guard lock(mutex);
        add(faults, part.faults);
        merge_outputs(state, part.state, {.first = static_cast<std::size_t>(own.first_output)});
    });
    return faults;
}

}  // namespace

WeightFaults update(State& state, Outputs outputs, std::ptrdiff_t rows) {
    if (add_wide_rows(state, outputs, rows)) return {};
    const auto width = static_cast<std::ptrdiff_t>(state.counts.size());
    const Kernels& kernels = *current_target().kernels;
    const bool tiled = sums_squares_alone(state) && width > outputs_in_job && are_tiled(kernels, outputs);
    const Plan plan = tiled ? tiled_plan_for(rows, width) : plan_for(rows, width);
    if (state.summation == Summation::exact) return update_in_any_order(state, outputs, plan, kernels);
    return update_in_order(state, outputs, plan, kernels);
}

}  // namespace squarely
