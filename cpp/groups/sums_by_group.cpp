#include "groups/sums_by_group.hpp"

#include "groups/gathered_pairs.hpp"
#include "machine/floating_point.hpp"
#include "machine/long_call.hpp"
#include "machine/targets.hpp"
#include "machine/threads.hpp"
#include "sums/running_sums.hpp"

#include <algorithm>
#include <mutex>

namespace squarely {
namespace {

// A job is some whole groups, or one. So many rows are work for one thread.
constexpr std::ptrdiff_t rows_in_job = 32768;

struct GroupsOfJob {
    std::size_t first;
    std::size_t last;
};

std::vector<GroupsOfJob> jobs_of(const RowsByGroup& sorted) {
    std::vector<GroupsOfJob> jobs;
    for (std::size_t first = 0, last; first < sorted.groups.size(); first = last) {
        last = first + 1;
        while (last < sorted.groups.size() && sorted.firsts[last + 1] - sorted.firsts[first] <= rows_in_job) ++last;
        jobs.push_back({first, last});
    }
    return jobs;
}

WeightFaults add_group(State& state, std::size_t output, const Pairs& pairs, std::ptrdiff_t rows) {
    if (state.summation != Summation::exact || rows > rows_in_job) {
        State own = empty_like(state, 1);
        const WeightFaults faults = update(own, {&pairs, 1}, rows);
        set_output(state, output, own, 0);
        return faults;
    }
    const Kernels& kernels = *current_target().kernels;
    BlockBuffers buffers;
    RunningSums sums = running_sums(state);
    RunningCounts by_size(state);
    if (has_counts_by_size(state)) sums.by_size = &by_size;
    for (std::ptrdiff_t begin = 0; begin < rows; begin += block_length) {
        add_rows(sums, kernels, pairs, {begin, std::min<std::ptrdiff_t>(block_length, rows - begin)}, buffers);
    }
    const WeightFaults faults = weight_faults(sums);
    finish(sums, kernels, state, output);
    by_size.add_to(state, output);
    return faults;
}

struct JobSums {
    State state;
    WeightFaults weight_faults;
};

// One output of the groups of a job.
JobSums run(const State& kind, const RowsByGroup& sorted, const GroupsOfJob& job, const Pairs& pairs,
            std::ptrdiff_t first_row) {
    const std::ptrdiff_t first = sorted.firsts[job.first];
    const auto rows = static_cast<std::size_t>(sorted.firsts[job.last] - first);
    GatheredPairs gathered;
    gather(pairs, first_row, {sorted.rows.data() + first, rows}, gathered);
    JobSums part{empty_like(kind, job.last - job.first), {}};
    for (std::size_t group = job.first; group < job.last; ++group) {
        const std::ptrdiff_t begin = sorted.firsts[group];
        add(part.weight_faults, add_group(part.state, group - job.first, pairs_from(gathered.pairs, begin - first),
                                          sorted.firsts[group + 1] - begin));
    }
    return part;
}

}  // namespace

SumsByGroup sums_by_group(const State& kind, std::span<const Pairs> outputs, std::ptrdiff_t first,
                          std::span<const std::uint32_t> groups, std::size_t count) {
    RowsByGroup sorted = rows_by_group(groups, count);
    SumsByGroup sums{{}, empty_like(kind, sorted.groups.size() * outputs.size()), {}};
    const std::vector<GroupsOfJob> jobs = jobs_of(sorted);
    const std::size_t width = outputs.size();
    std::mutex mutex;
    parallel_for(static_cast<std::ptrdiff_t>(jobs.size() * width), [&](std::ptrdiff_t index) {
        const FloatingPointEnvironment environment;
        look_at_call();
        const GroupsOfJob& job = jobs[static_cast<std::size_t>(index) / width];
        const std::size_t output = static_cast<std::size_t>(index) % width;
        const JobSums part = run(kind, sorted, job, outputs[output], first);
        const std::lock_guard lock(mutex);
        add(sums.weight_faults, part.weight_faults);
        for (std::size_t i = 0; i < job.last - job.first; ++i) {
            set_output(sums.state, (job.first + i) * width + output, part.state, i);
        }
    });
    sums.groups = std::move(sorted.groups);
    return sums;
}

std::ptrdiff_t rows_at_once(std::size_t groups) {
    constexpr std::ptrdiff_t least = 1 << 18;
    constexpr std::ptrdiff_t most = 1 << 24;
    return std::clamp(static_cast<std::ptrdiff_t>(std::min<std::size_t>(groups, most)) * 16, least, most);
}

}  // namespace squarely
