#include "order/sampled_values.hpp"

#include "blocks/weights.hpp"
#include "machine/floating_point.hpp"
#include "machine/long_call.hpp"
#include "machine/targets.hpp"
#include "order/ordered_block.hpp"

#include <algorithm>
#include <cstring>

namespace squarely {
namespace {

constexpr std::size_t largest_element = 16;

struct Buffers {
    OrderedBuffers block;
    double values[block_length];
    alignas(64) double weights[block_length];
};

void add_block(SampledValues& sampled, const Kernels& kernels, const Pairs& pairs, Rows rows, Buffers& buffers) {
    const OrderedBlock found = put_block(kernels, sampled.quantity, pairs, rows, buffers.block, buffers.values);
    sampled.has_rounded_truths |= found.has_rounded_truths;
    const bool weighted = are_weighted(pairs);
    if (weighted) load_weights(kernels, pairs.weights, rows, buffers.weights);
    std::size_t count = 0;
    for (std::ptrdiff_t i = 0; i < rows.count; ++i) {
        const bool has_value = buffers.values[i] == buffers.values[i] && (!weighted || buffers.weights[i] > 0);
        buffers.values[count] = buffers.values[i];
        buffers.weights[count] = weighted ? buffers.weights[i] : 0;
        count += has_value;
    }
    append(sampled.kept, {buffers.values, count}, {buffers.weights, weighted ? count : 0});
}

// Rows of a column side by side, of any type.
struct GatheredColumn {
    alignas(16) unsigned char elements[block_length * largest_element];
    std::uint8_t missing[block_length];
};

bool is_null(const Column& column, std::ptrdiff_t row) {
    if (column.missing != nullptr && column.missing[row * column.missing_stride] != 0) return true;
    const std::ptrdiff_t bit = row + column.validity_offset;
    return column.validity != nullptr && (column.validity[bit / 8] >> bit % 8 & 1) == 0;
}

Column gathered(const Column& column, const std::ptrdiff_t* rows, std::ptrdiff_t count, GatheredColumn& into) {
    const auto size = static_cast<std::size_t>(element_size(column.dtype));
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        std::memcpy(into.elements + static_cast<std::size_t>(i) * size, address(column, rows[i]), size);
        into.missing[i] = is_null(column, rows[i]);
    }
    Column own{into.elements, static_cast<std::ptrdiff_t>(size), column.dtype, column.swapped};
    if (may_have_nulls(column)) {
        own.missing = into.missing;
        own.missing_stride = 1;
    }
    return own;
}

struct GatheredRows {
    std::ptrdiff_t rows[block_length];
    std::ptrdiff_t count = 0;
    GatheredColumn y_true, y_pred, weights;
    std::uint8_t where[block_length];
};

void add_gathered(SampledValues& sampled, const Kernels& kernels, const Pairs& pairs, GatheredRows& chosen,
                  Buffers& buffers) {
    Pairs own{gathered(pairs.y_true, chosen.rows, chosen.count, chosen.y_true),
              gathered(pairs.y_pred, chosen.rows, chosen.count, chosen.y_pred)};
    if (are_weighted(pairs)) own.weights = gathered(pairs.weights, chosen.rows, chosen.count, chosen.weights);
    if (pairs.where != nullptr) {
        for (std::ptrdiff_t i = 0; i < chosen.count; ++i) {
            chosen.where[i] = pairs.where[chosen.rows[i] * pairs.where_stride];
        }
        own.where = chosen.where;
        own.where_stride = 1;
    }
    add_block(sampled, kernels, own, {0, chosen.count}, buffers);
    chosen.count = 0;
}

}  // namespace

void add_rows(SampledValues& sampled, const Pairs& pairs, std::ptrdiff_t rows) {
    const FloatingPointEnvironment environment;
    const Kernels& kernels = *current_target().kernels;
    Buffers buffers;
    std::ptrdiff_t first = 0;
    for (; first < rows && sampled.kept.halvings == 0; first += block_length) {
        add_block(sampled, kernels, pairs, {first, std::min<std::ptrdiff_t>(block_length, rows - first)}, buffers);
    }
    // One row of as many neighbours, wherever among them: rows at equal distances may be alike.
    GatheredRows chosen;
    while (first < rows) {
        const int halvings = std::min(sampled.kept.halvings, 62);
        for (; first < rows && chosen.count < block_length; first += std::ptrdiff_t{1} << halvings) {
            const auto row = first + static_cast<std::ptrdiff_t>(sampled.kept.chance.below_power(halvings));
            if (row < rows) chosen.rows[chosen.count++] = row;
        }
        if (chosen.count == 0) break;
        look_at_call();
        add_gathered(sampled, kernels, pairs, chosen, buffers);
    }
}

void merge(SampledValues& sampled, const SampledValues& more) {
    merge(sampled.kept, more.kept);
    sampled.has_rounded_truths |= more.has_rounded_truths;
}

}  // namespace squarely
