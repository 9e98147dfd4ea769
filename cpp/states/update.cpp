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
void run_squares(State& state, Outputs outputs, const Job& job, const Kernels& kernels) {
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
    for (std::size_t i = 0; i < squares.size(); ++i) finish(squares[i], kernels, state, i);
}

// Counts by size are not finished with a stretch: a thread keeps its tables for the next one of the same outputs.
class SharedCounts {
  public:
    SharedCounts(const State& state, const Plan& plan)
        : outputs_(has_counts_by_size(state) ? static_cast<std::size_t>(plan.in_job) : 0),
          is_shared_(plan.groups == 1) {}

    // Tables that no other thread has, for a job: what it counts goes into the state of the job, or into that of all.
    template <class Run>
    WeightFaults with_counts(State& state, std::size_t outputs, Run run) {
        if (outputs_ == 0) return run(std::span<RunningCounts>());
        std::vector<RunningCounts> counts = take(state, outputs);
        const WeightFaults faults = run(std::span(counts));
        if (!is_shared_) {
            for (std::size_t i = 0; i < outputs; ++i) counts[i].add_to(state, i);
            return faults;
        }
        const std::lock_guard lock(mutex_);
        free_.push_back(std::move(counts));
        return faults;
    }

    void add_to(State& state) const {
        for (const std::vector<RunningCounts>& counts : free_) {
            for (std::size_t i = 0; i < counts.size(); ++i) counts[i].add_to(state, i);
        }
    }

  private:
    std::vector<RunningCounts> take(const State& state, std::size_t outputs) {
        const std::lock_guard lock(mutex_);
        std::vector<RunningCounts> counts;
        if (free_.empty()) {
            for (std::size_t i = 0; i < outputs; ++i) counts.emplace_back(state, outputs);
        } else {
            counts = std::move(free_.back());
            free_.pop_back();
        }
        return counts;
    }

    std::size_t outputs_;
    bool is_shared_;
    std::mutex mutex_;
    std::vector<std::vector<RunningCounts>> free_;
};

// Returns what is wrong with the weights.
WeightFaults run_sums(State& state, Outputs outputs, const Job& job, const Kernels& kernels,
                      std::span<RunningCounts> by_size) {
    BlockBuffers buffers;
    std::vector<RunningSums> sums;
    sums.reserve(outputs.size());
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        sums.push_back(running_sums(state));
        if (!by_size.empty()) sums.back().by_size = &by_size[i];
    }
    for_each_block(outputs, job,
                   [&](std::size_t i, Rows rows) { add_rows(sums[i], kernels, outputs[i], rows, buffers); });
    WeightFaults faults;
    for (std::size_t i = 0; i < sums.size(); ++i) {
        add(faults, weight_faults(sums[i]));
        finish(sums[i], kernels, state, i);
    }
    return faults;
}

// Adds to a state of the outputs of a job.
WeightFaults run(State& state, Outputs outputs, const Job& job, const Kernels& kernels, SharedCounts& by_size) {
    const FloatingPointEnvironment environment;
    const Outputs own = outputs_of(job, outputs);
    if (sums_squares_alone(state)) {
        run_squares(state, own, job, kernels);
        return {};
    }
    return by_size.with_counts(
        state, own.size(), [&](std::span<RunningCounts> counts) { return run_sums(state, own, job, kernels, counts); });
}

struct Part {
    State state;
    WeightFaults faults;
};

Part run_apart(const State& state, Outputs outputs, const Job& job, const Kernels& kernels, SharedCounts& by_size) {
    Part part{empty_like(state, outputs_of(job, outputs).size()), {}};
    part.faults = run(part.state, outputs, job, kernels, by_size);
    return part;
}

// Sums that round are joined in the order of the rows, whichever thread was first.
WeightFaults update_in_order(State& state, Outputs outputs, const Plan& plan, const Kernels& kernels,
                             SharedCounts& by_size) {
    std::vector<Part> parts(static_cast<std::size_t>(jobs_of(plan)));
    parallel_for(jobs_of(plan), [&](std::ptrdiff_t index) {
        parts[static_cast<std::size_t>(index)] = run_apart(state, outputs, job_at(plan, index), kernels, by_size);
    });
    WeightFaults faults;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        add(faults, parts[i].faults);
        const Job own = job_at(plan, static_cast<std::ptrdiff_t>(i));
        merge_outputs(state, parts[i].state, {.first = static_cast<std::size_t>(own.first_output)});
    }
    return faults;
}

WeightFaults update_in_any_order(State& state, Outputs outputs, const Plan& plan, const Kernels& kernels,
                                 SharedCounts& by_size) {
    if (jobs_of(plan) == 1) return run(state, outputs, job_at(plan, 0), kernels, by_size);
    std::mutex mutex;
    WeightFaults faults;
    parallel_for(jobs_of(plan), [&](std::ptrdiff_t index) {
        const Job own = job_at(plan, index);
        const Part part = run_apart(state, outputs, own, kernels, by_size);
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
    SharedCounts by_size(state, plan);
    const WeightFaults faults = state.summation == Summation::exact
                                    ? update_in_any_order(state, outputs, plan, kernels, by_size)
                                    : update_in_order(state, outputs, plan, kernels, by_size);
    by_size.add_to(state);
    return faults;
}

}  // namespace squarely
