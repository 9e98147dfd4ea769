#include "groups/wide_rows.hpp"

#include "blocks/block.hpp"
#include "groups/moments_by_group.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <optional>
#include <vector>

namespace squarely {
namespace {

// From one output to the next, the same everywhere. Null where it is not.
std::optional<std::ptrdiff_t> step_between(std::span<const Pairs> outputs, Column Pairs::* side) {
    const auto* const first = static_cast<const char*>((outputs[0].*side).data);
    const std::ptrdiff_t step = static_cast<const char*>((outputs[1].*side).data) - first;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        const Column& column = outputs[i].*side;
        const bool is_alike = column.dtype == (outputs[0].*side).dtype &&
                              column.swapped == (outputs[0].*side).swapped &&
                              column.stride == (outputs[0].*side).stride && !may_have_nulls(column);
        if (!is_alike || static_cast<const char*>(column.data) - first != static_cast<std::ptrdiff_t>(i) * step) {
            return std::nullopt;
        }
    }
    return step;
}

// The pairs of all outputs, a row each. None where outputs are not neighbours, or some of their rows do not count.
std::vector<Pairs> rows_of_outputs(std::span<const Pairs> outputs, std::ptrdiff_t rows) {
    const auto is_masked = [](const Pairs& pairs) { return pairs.where != nullptr; };
    if (std::any_of(outputs.begin(), outputs.end(), is_masked)) return {};
    const auto true_step = step_between(outputs, &Pairs::y_true);
    const auto pred_step = step_between(outputs, &Pairs::y_pred);
    if (!true_step || !pred_step) return {};
    std::vector<Pairs> wide;
    for (std::ptrdiff_t row = 0; row < rows; ++row) {
        const auto row_of = [&](const Column& column, std::ptrdiff_t step) {
            return Column{address(column, row), step, column.dtype, column.swapped};
        };
        wide.push_back({row_of(outputs[0].y_true, *true_step), row_of(outputs[0].y_pred, *pred_step)});
    }
    return wide;
}

}  // namespace

bool add_wide_rows(State& state, std::span<const Pairs> outputs, std::ptrdiff_t rows) {
    const bool are_wide = std::ssize(outputs) >= least_wide_outputs && rows <= most_wide_rows;
    if (!are_wide || !sums_grouped_moments_alone(state)) return false;
    const std::vector<Pairs> wide = rows_of_outputs(outputs, rows);
    if (wide.empty()) return false;
    std::vector<std::uint32_t> groups(outputs.size());
    std::iota(groups.begin(), groups.end(), 0U);
    merge_outputs(
        state, moments_by_group(state, wide, static_cast<std::ptrdiff_t>(outputs.size()), groups, outputs.size()), {});
    return true;
}

}  // namespace squarely
