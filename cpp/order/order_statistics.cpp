// Columns -> blocks -> one double a row.
#include "order/order_statistics.hpp"

#include "blocks/stretches.hpp"
#include "machine/floating_point.hpp"
#include "machine/long_call.hpp"
#include "machine/targets.hpp"
#include "machine/threads.hpp"
#include "order/ordered_block.hpp"

#include <algorithm>
#include <limits>
#include <mutex>

namespace squarely {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// A job is a stretch of rows of neighbouring outputs: in a C-ordered array they share cache lines.
constexpr std::ptrdiff_t outputs_in_job = 128;

// What a stretch finds out about one output.
struct Found {
    PairCounts counts;
    std::uint64_t present = 0;
    double smallest = infinity;
    double largest = -infinity;
};

void join(OrderedValues& ordered, const Found& found) {
    add(ordered.counts, found.counts);
    if (found.present == 0) return;
    const bool is_first = ordered.present == 0;
    ordered.smallest = is_first ? found.smallest : std::min(ordered.smallest, found.smallest);
    ordered.largest = is_first ? found.largest : std::max(ordered.largest, found.largest);
    ordered.present += found.present;
}

// The stretch of one job, in all its outputs.
void add_stretch(std::span<OrderedValues> ordered, OrderedQuantity quantity, std::span<const Pairs> outputs,
                 Stretch stretch, std::mutex& mutex) {
    const FloatingPointEnvironment environment;
    const Kernels& kernels = *current_target().kernels;
    OrderedBuffers buffers;
    std::vector<Found> found(ordered.size());
    for (std::ptrdiff_t first = stretch.first; first < stretch.last; first += block_length) {
        if (begins_a_piece(stretch, first)) look_at_call();
        const Rows rows{first, std::min<std::ptrdiff_t>(block_length, stretch.last - first)};
        for (std::size_t i = 0; i < ordered.size(); ++i) {
            double* values = ordered[i].values + ordered[i].rows + first;
            const OrderedBlock block = put_block(kernels, quantity, outputs[i], rows, buffers, values);
            add(found[i].counts, block.counts);
            found[i].present += block.present;
            kernels.widen_extremes(values, rows.count, &found[i].smallest, &found[i].largest);
        }
    }
    const std::lock_guard lock(mutex);
    for (std::size_t i = 0; i < ordered.size(); ++i) join(ordered[i], found[i]);
}

}  // namespace

void add_rows(std::span<OrderedValues> ordered, OrderedQuantity quantity, std::span<const Pairs> outputs,
              std::ptrdiff_t rows) {
    const auto width = static_cast<std::ptrdiff_t>(outputs.size());
    const std::ptrdiff_t together = are_interleaved(outputs) ? outputs_in_job : 1;
    const std::ptrdiff_t groups = (width + together - 1) / together;
    std::mutex mutex;
    parallel_for(number_of_stretches(rows) * groups, [&](std::ptrdiff_t index) {
        const std::ptrdiff_t first = index % groups * together;
        const auto own = static_cast<std::size_t>(first);
        const auto count = static_cast<std::size_t>(std::min(together, width - first));
        add_stretch(ordered.subspan(own, count), quantity, outputs.subspan(own, count),
                    stretch_at(rows, index / groups), mutex);
    });
    for (OrderedValues& one : ordered) one.rows += rows;
}

OrderedValues ordered_values(double* values, std::ptrdiff_t rows) {
    const FloatingPointEnvironment environment;
    Found found;
    found.present =
        static_cast<std::uint64_t>(std::count_if(values, values + rows, [](double value) { return value == value; }));
    found.counts.pairs = found.present;
    current_target().kernels->widen_extremes(values, rows, &found.smallest, &found.largest);
    OrderedValues ordered{values, rows};
    join(ordered, found);
    return ordered;
}

}  // namespace squarely
