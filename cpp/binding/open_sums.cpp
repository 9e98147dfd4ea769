// The update of an accumulator with a short plain chunk, without the Python layer and without finishing any sum.
// Whatever is not plain gets False, and takes the long way, which has the words for errors.
#include "sums/open_sums.hpp"

#include "binding/binding.hpp"
#include "blocks/stretches.hpp"
#include "machine/threads.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace squarely {
namespace {

// Locked while the interpreter is free to run something else.
struct GuardedSums {
    OpenSums sums;
    std::mutex mutex;
};

std::unique_ptr<GuardedSums> guarded(const State& state, bool missing_true, bool missing_pred, bool infinite) {
    auto open = std::make_unique<GuardedSums>();
    open->sums = open_sums(state, {missing_true, missing_pred, infinite});
    return open;
}

bool add_plain_chunk(GuardedSums& open, py::handle y_true, py::handle y_pred, py::handle sample_weight) {
    const std::optional<Column> truth = plain_column(y_true);
    const std::optional<Column> prediction = plain_column(y_pred);
    if (!truth || !prediction || sample_weight.is_none() == open.sums.empty.weighted) return false;
    const py::ssize_t rows = length_of(y_true);
    if (rows == 0 || rows != length_of(y_pred)) return false;
    if (rows > smallest_stretch && num_threads() > 1) return false;
    std::optional<Column> weights;
    if (!sample_weight.is_none()) {
        weights = plain_column(sample_weight);
        if (!weights || length_of(sample_weight) != rows) return false;
    }
    std::unique_lock lock(open.mutex, std::try_to_lock);
    if (!lock.owns_lock()) return false;
    const Pairs pairs{*truth, *prediction};
    const Column* own_weights = weights ? &*weights : nullptr;
    if (rows <= rows_with_the_gil) return add_chunk(open.sums, pairs, own_weights, rows);
    std::unique_lock gate(fork_gate);
    const py::gil_scoped_release release;
    // Both are let go of before the interpreter is asked for: whoever forks holds that, and waits for them.
    const std::unique_lock own_gate = std::move(gate);
    const std::unique_lock own_lock = std::move(lock);
    return add_chunk(open.sums, pairs, own_weights, rows);
}

// Until whoever adds without the interpreter is done.
void wait_for(GuardedSums& open) {
    std::unique_lock gate(fork_gate);
    const py::gil_scoped_release release;
    const std::unique_lock own_gate = std::move(gate);
    const std::lock_guard lock(open.mutex);
}

void close_into(GuardedSums& open, State& state) {
    std::unique_lock lock(open.mutex, std::try_to_lock);
    while (!lock.owns_lock()) {
        wait_for(open);
        (void)lock.try_lock();
    }
    close(open.sums, state);
}

}  // namespace

void register_open_sums(py::module_& module) {
    py::class_<GuardedSums>(module, "OpenSums")
        .def(py::init(&guarded), py::arg("state"), py::arg("missing_true"), py::arg("missing_pred"),
             py::arg("infinite"))
        .def("add", &add_plain_chunk)
        .def("close_into", &close_into, py::arg("state"));
}

}  // namespace squarely
