#include "blocks/walk.hpp"

#include "kernels/kernels.hpp"

#include <algorithm>
#include <cstdlib>
#include <numeric>

namespace squarely {
namespace {

// A block costs about as much as this many elements, so that longer steps in memory are better than shorter runs.
constexpr std::ptrdiff_t shortest_run = 64;

std::ptrdiff_t step_of(const Axis& axis) {
    return std::accumulate(axis.strides.begin(), axis.strides.end(), std::ptrdiff_t{0},
                           [](std::ptrdiff_t sum, std::ptrdiff_t stride) { return sum + std::abs(stride); });
}

// An axis most arrays run along backwards is walked from its end.
void turn_forwards(Axis& axis, Strides& start) {
    if (std::accumulate(axis.strides.begin(), axis.strides.end(), std::ptrdiff_t{0}) >= 0) return;
    for (std::size_t i = 0; i < most_arrays; ++i) {
        start[i] += (axis.length - 1) * axis.strides[i];
        axis.strides[i] = -axis.strides[i];
    }
}

// The longest first, and those of equal steps as they were. Axes are few.
void sort_by_steps(std::vector<Axis>& axes) {
    const auto is_longer = [](const Axis& a, const Axis& b) { return step_of(a) > step_of(b); };
    for (auto next = axes.begin(); next != axes.end(); ++next) {
        std::rotate(std::upper_bound(axes.begin(), next, *next, is_longer), next, next + 1);
    }
}

bool is_continued(const Axis& outer, const Axis& inner) {
    for (std::size_t i = 0; i < most_arrays; ++i) {
        if (outer.strides[i] != inner.strides[i] * inner.length) return false;
    }
    return true;
}

std::vector<Axis> joined(const std::vector<Axis>& axes) {
    std::vector<Axis> joined;
    for (const Axis& axis : axes) {
        if (axis.length == 1) continue;
        if (!joined.empty() && is_continued(joined.back(), axis)) {
            joined.back() = {joined.back().length * axis.length, axis.strides};
        } else {
            joined.push_back(axis);
        }
    }
    if (joined.empty()) joined.push_back({1, {}});
    return joined;
}

std::size_t axis_to_cut(const std::vector<Axis>& axes) {
    if (axes.back().length >= shortest_run) return axes.size() - 1;
    const auto longest =
        std::max_element(axes.begin(), axes.end(), [](const Axis& a, const Axis& b) { return a.length < b.length; });
    return static_cast<std::size_t>(longest - axes.begin());
}

}  // namespace

Walk walk_along(std::vector<Axis> axes) {
    Walk walk{};
    for (Axis& axis : axes) turn_forwards(axis, walk.start);
    sort_by_steps(axes);
    walk.axes = joined(axes);
    walk.cut = axis_to_cut(walk.axes);
    Axis& cut = walk.axes[walk.cut];
    walk.length = cut.length;
    walk.strides = cut.strides;
    cut.length = (cut.length + block_length - 1) / block_length;
    for (std::ptrdiff_t& stride : cut.strides) stride *= block_length;
    walk.blocks = 1;
    for (const Axis& axis : walk.axes) walk.blocks *= axis.length;
    return walk;
}

Run run_at(const Walk& walk, std::ptrdiff_t block) {
    Run run{walk.start, 0};
    for (std::size_t i = walk.axes.size(); i-- > 0;) {
        const Axis& axis = walk.axes[i];
        const std::ptrdiff_t index = block % axis.length;
        block /= axis.length;
        for (std::size_t array = 0; array < most_arrays; ++array) run.offsets[array] += index * axis.strides[array];
        if (i == walk.cut) run.length = std::min<std::ptrdiff_t>(block_length, walk.length - index * block_length);
    }
    return run;
}

}  // namespace squarely
