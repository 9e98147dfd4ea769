// Many rows and outputs, cut into what threads take.
#pragma once

#include "blocks/column.hpp"
#include "blocks/stretches.hpp"
#include "machine/threads.hpp"

#include <algorithm>
#include <span>

namespace squarely {

// A job is a stretch of rows of a few outputs: in a C-ordered array they share cache lines and pages, which are fetched
// once for all of them.
constexpr std::ptrdiff_t outputs_in_job = 128;
// Tiles read long rows faster than parts of them, which memory has to find one by one.
constexpr std::ptrdiff_t outputs_in_tiled_job = 1024;

struct Plan {
    std::ptrdiff_t rows;
    std::ptrdiff_t outputs;
    std::ptrdiff_t length;  // of a stretch of rows
    std::ptrdiff_t in_job;  // outputs
    std::ptrdiff_t stretches;
    std::ptrdiff_t groups;  // of outputs
};

struct Job {
    std::ptrdiff_t first_row;
    std::ptrdiff_t last_row;
    std::ptrdiff_t first_output;
    std::ptrdiff_t last_output;
};

inline std::ptrdiff_t parts(std::ptrdiff_t whole, std::ptrdiff_t part) { return (whole + part - 1) / part; }

inline Plan plan_for(std::ptrdiff_t rows, std::ptrdiff_t outputs) {
    const std::ptrdiff_t length = length_of_stretches(rows);
    return {rows, outputs, length, outputs_in_job, parts(rows, length), parts(outputs, outputs_in_job)};
}

// Exact sums may be cut anywhere: few outputs in a job would leave work for several threads, and so do fewer rows.
inline Plan tiled_plan_for(std::ptrdiff_t rows, std::ptrdiff_t outputs) {
    const std::ptrdiff_t groups = parts(outputs, outputs_in_tiled_job);
    const std::ptrdiff_t jobs = num_threads() > 1 ? parts(outputs, outputs_in_job) : groups;
    const std::ptrdiff_t most = std::max<std::ptrdiff_t>(block_length, parts(rows * groups, jobs));
    const std::ptrdiff_t length = std::min(length_of_stretches(rows), parts(most, block_length) * block_length);
    const std::ptrdiff_t in_job = parts(outputs, groups);  // a few that are left over would not fill the lanes
    return {rows, outputs, length, in_job, parts(rows, length), parts(outputs, in_job)};
}

inline Job job_at(const Plan& plan, std::ptrdiff_t index) {
    const std::ptrdiff_t first = index / plan.groups * plan.length;
    const std::ptrdiff_t group = index % plan.groups;
    return {first, std::min(plan.rows, first + plan.length), group * plan.in_job,
            std::min(plan.outputs, (group + 1) * plan.in_job)};
}

inline std::ptrdiff_t jobs_of(const Plan& plan) { return plan.stretches * plan.groups; }

inline std::span<const Pairs> outputs_of(const Job& job, std::span<const Pairs> outputs) {
    return outputs.subspan(static_cast<std::size_t>(job.first_output),
                           static_cast<std::size_t>(job.last_output - job.first_output));
}

}  // namespace squarely
