#include "order/values_between.hpp"

#include "blocks/block.hpp"
#include "machine/floating_point.hpp"
#include "machine/long_call.hpp"
#include "machine/targets.hpp"
#include "numbers/add_words.hpp"
#include "order/ordered_block.hpp"
#include "sums/running_sums.hpp"

#include <algorithm>
#include <vector>

namespace squarely {
namespace {

constexpr std::ptrdiff_t blocks_between_looks = 128;

State state_of(std::optional<Term> summed, bool weighted) {
    std::vector<Summand> summands;
    if (summed) summands.push_back({*summed});
    return make_state(1, Summation::exact, summands, weighted);
}

void add(Heap& heap, double weight) {
    ++heap.count;
    if (weight > 0) add_number(heap.weight, weight);
}

Column column_of(const double* values) { return {values, sizeof(double), DType::float64}; }

Column from(Column column, std::ptrdiff_t row) {
    column.data = address(column, row);
    column.validity_offset += row;
    if (column.missing != nullptr) column.missing += row * column.missing_stride;
    return column;
}

}  // namespace

void merge(Heap& heap, const Heap& more) {
    heap.count += more.count;
    merge(heap.weight, more.weight);
}

// What a call needs while it lasts.
struct ValuesBetween::Pass {
    explicit Pass(const ValuesBetween& between)
        : kernels(*current_target().kernels),
          below(running_sums(between.sums_below)),
          all(running_sums(between.sums_of_all)) {}

    const Kernels& kernels;
    RunningSums below, all;
    OrderedBuffers buffers;
    BlockBuffers buffers_of_sums;
    double values[block_length];
    double inside[block_length + max_lanes];
    double weights_inside[block_length];
    unsigned char is_below[block_length];
    unsigned char is_present[block_length];
    alignas(64) double weights[block_length];
    alignas(64) double values_below[block_length];
    alignas(64) double weights_below[block_length];
    alignas(64) double zeros[block_length] = {};
};

ValuesBetween::ValuesBetween(OrderedQuantity of, double from_value, double to_value, std::optional<Term> term,
                             bool has_weights, std::size_t most_kept)
    : quantity(of),
      low(from_value),
      high(to_value),
      summed(term),
      weighted(has_weights),
      kept(most_kept, 0),
      sums_below(state_of(term, has_weights)),
      sums_of_all(state_of(term, has_weights)) {}

// The values in the stretch, of which those at its ends are counted.
void ValuesBetween::take(double* values, double* weights, std::size_t found) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < found; ++i) {
        const double weight = weighted ? weights[i] : 0;
        if (values[i] == low) {
            add(at_low, weight);
        } else if (values[i] == high) {
            add(at_high, weight);
        } else {
            add(inside, weight);
            values[count] = values[i];
            weights[count] = weight;
            ++count;
        }
    }
    thin_and_append(kept, {values, count}, {weights, weighted ? count : 0});
}

// A full block of finite numbers of which all count: errors are not even written to a buffer.
bool ValuesBetween::add_plain_block(Pass& pass, const Pairs& pairs, Rows rows) {
    if (quantity != OrderedQuantity::absolute_error || weighted || summed || rows.count != block_length) return false;
    if (may_be_large_integer(pairs.y_true.dtype) || may_be_large_integer(pairs.y_pred.dtype)) return false;
    const RowsKept own = rows_kept(pass.kernels, pairs, rows, pass.buffers.pairs);
    if (own.where != nullptr || own.has_nulls || own.count != rows.count) return false;
    std::vector<LargePair> large;
    const Block block = load_block(pass.kernels, pairs, rows, own, pass.buffers.pairs, large);
    std::uint64_t under = 0;
    const std::ptrdiff_t found = pass.kernels.absolute_differences_between(block, low, high, pass.inside, &under);
    if (found < 0) return false;
    present += static_cast<std::uint64_t>(rows.count);
    below += under;
    if (found > 0) take(pass.inside, pass.weights_inside, static_cast<std::size_t>(found));
    return true;
}

void ValuesBetween::add_block(Pass& pass, const Pairs& pairs, Rows rows) {
    if (add_plain_block(pass, pairs, rows)) return;
    const OrderedBlock block = put_block(pass.kernels, quantity, pairs, rows, pass.buffers, pass.values);
    has_rounded_truths |= block.has_rounded_truths;
    if (weighted) {
        add_weighted(pass, pairs, rows);
    } else {
        present += block.present;
        const std::ptrdiff_t found =
            pass.kernels.values_between(pass.values, rows.count, low, high, pass.inside, &below);
        if (found > 0) take(pass.inside, pass.weights_inside, static_cast<std::size_t>(found));
    }
    if (weighted || summed) sum_block(pass, pairs, rows, block.has_rounded_truths);
}

void ValuesBetween::add_weighted(Pass& pass, const Pairs& pairs, Rows rows) {
    load_weights(pass.kernels, pairs.weights, rows, pass.weights);
    std::size_t found = 0;
    for (std::ptrdiff_t i = 0; i < rows.count; ++i) {
        const double value = pass.values[i];
        if (!(value == value && pass.weights[i] > 0)) pass.weights[i] = 0;
        const bool has_value = pass.weights[i] > 0;
        const bool is_under = has_value && value < low;
        pass.weights_below[i] = is_under ? pass.weights[i] : 0;
        pass.inside[found] = value;
        pass.weights_inside[found] = pass.weights[i];
        present += has_value;
        below += is_under;
        found += has_value && value >= low && value <= high;
    }
    if (found > 0) take(pass.inside, pass.weights_inside, found);
}

// Of values as truths against predictions of zero; of rounded truths as the column has them.
void ValuesBetween::sum_block(Pass& pass, const Pairs& pairs, Rows rows, bool are_rounded) {
    const Rows all{0, rows.count};
    Pairs own{are_rounded ? from(pairs.y_true, rows.first) : column_of(pass.values), column_of(pass.zeros)};
    if (weighted) {
        own.weights = column_of(pass.weights);
        squarely::add_rows(pass.all, pass.kernels, own, all, pass.buffers_of_sums);
        own.weights = column_of(pass.weights_below);
        squarely::add_rows(pass.below, pass.kernels, own, all, pass.buffers_of_sums);
        return;
    }
    for (std::ptrdiff_t i = 0; i < rows.count; ++i) {
        const double value = pass.values[i];
        pass.is_below[i] = value < low;
        pass.is_present[i] = value == value;
        pass.values_below[i] = value < low ? value : 0;
    }
    own.where_stride = 1;
    if (summed == Term::truth) {
        own.where = are_rounded ? pass.is_present : nullptr;
        squarely::add_rows(pass.all, pass.kernels, own, all, pass.buffers_of_sums);
    }
    own.where = are_rounded ? pass.is_below : nullptr;
    if (!are_rounded) own.y_true = column_of(pass.values_below);
    squarely::add_rows(pass.below, pass.kernels, own, all, pass.buffers_of_sums);
}

void ValuesBetween::add_rows(const Pairs& pairs, std::ptrdiff_t rows) {
    const FloatingPointEnvironment environment;
    Pass pass(*this);
    for (std::ptrdiff_t first = 0; first < rows; first += block_length) {
        if (first % (blocks_between_looks * block_length) == 0) look_at_call();
        add_block(pass, pairs, {first, std::min<std::ptrdiff_t>(block_length, rows - first)});
    }
    if (!weighted && !summed) return;
    finish(pass.below, pass.kernels, sums_below, 0);
    finish(pass.all, pass.kernels, sums_of_all, 0);
}

void ValuesBetween::merge(const ValuesBetween& more) {
    present += more.present;
    below += more.below;
    squarely::merge(at_low, more.at_low);
    squarely::merge(at_high, more.at_high);
    squarely::merge(inside, more.inside);
    squarely::merge(kept, more.kept);
    squarely::merge(sums_below, more.sums_below);
    squarely::merge(sums_of_all, more.sums_of_all);
    has_rounded_truths |= more.has_rounded_truths;
}

}  // namespace squarely
