#include "order/values_between.hpp"

#include "blocks/block.hpp"
#include "machine/floating_point.hpp"
#include "machine/long_call.hpp"
#include "machine/targets.hpp"
#include "numbers/add_words.hpp"
#include "numbers/big_number.hpp"
#include "order/ordered_block.hpp"
#include "sums/running_sums.hpp"

#include <algorithm>
#include <limits>
#include <vector>

namespace squarely {
namespace {

constexpr std::ptrdiff_t blocks_between_looks = 128;
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

void add(Heap& heap, double weight) {
    ++heap.count;
    if (weight > 0) add_number(heap.weight, weight);
}

ExactSum sum_of_term(const State& state, Term term) {
    const Sums* sums = find(state, {term});
    ExactSum sum;
    if (sums != nullptr) add(sum, big_number(limbs_of(sums->exact[0])));
    return sum;
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

WeighedSum::WeighedSum(std::optional<Term> summed, bool weighted)
    : state(make_state(1, Summation::exact,
                       summed     ? std::vector<Summand>{{*summed}}
                       : weighted ? std::vector<Summand>{{Term::truth}}
                                  : std::vector<Summand>{},
                       summed && weighted)),
      is_of_weights(weighted && !summed) {}

ExactSum WeighedSum::weight() const { return sum_of_term(state, is_of_weights ? Term::truth : Term::sample_weight); }

ExactSum WeighedSum::sum() const {
    return is_of_weights || state.sums.empty() ? ExactSum{} : sum_of_term(state, state.sums[0].summand.term);
}

namespace {

// Numbers side by side until a block is full: between zeros, sums of them would take several times as long.
class Gathered {
  public:
    explicit Gathered(const WeighedSum& sum) : running(running_sums(sum.state)), is_of_weights_(sum.is_of_weights) {}

    void take(const Kernels& kernels, const double* values, const double* weights, const unsigned char* is_taken,
              std::ptrdiff_t rows) {
        const double* const summed = is_of_weights_ ? weights : values;
        // Without a branch, which would be as good as random: what is not taken is written over.
        std::size_t count = count_;
        for (std::ptrdiff_t i = 0; i < rows; ++i) {
            values_[count] = summed[i];
            count += is_taken[i];
        }
        if (running.weighted) {
            count = count_;
            for (std::ptrdiff_t i = 0; i < rows; ++i) {
                weights_[count] = weights[i];
                count += is_taken[i];
            }
        }
        count_ = count;
        if (count_ >= block_length) add_full_block(kernels);
    }

    void finish(const Kernels& kernels, WeighedSum& sum) {
        if (count_ > 0) add(kernels, static_cast<std::ptrdiff_t>(count_));
        squarely::finish(running, kernels, sum.state, 0);
    }

    void add_rows(const Kernels& kernels, const Pairs& pairs, std::ptrdiff_t rows) {
        squarely::add_rows(running, kernels, pairs, {0, rows}, buffers_);
    }

    RunningSums running;

  private:
    void add_full_block(const Kernels& kernels) {
        add(kernels, block_length);
        count_ -= block_length;
        std::copy_n(values_ + block_length, count_, values_);
        std::copy_n(weights_ + block_length, count_, weights_);
    }

    void add(const Kernels& kernels, std::ptrdiff_t rows) {
        Pairs pairs{column_of(values_), column_of(zeros_)};
        if (running.weighted) pairs.weights = column_of(weights_);
        add_rows(kernels, pairs, rows);
    }

    bool is_of_weights_;
    std::size_t count_ = 0;
    BlockBuffers buffers_;
    alignas(64) double values_[2 * block_length];
    alignas(64) double weights_[2 * block_length];
    alignas(64) double zeros_[block_length] = {};
};

}  // namespace

// What a call needs while it lasts.
struct ValuesBetween::Pass {
    explicit Pass(const ValuesBetween& between)
        : kernels(*current_target().kernels), below(between.sums_below), all(between.sums_of_all) {}

    const Kernels& kernels;
    Gathered below, all;
    OrderedBuffers buffers;
    double values[block_length];
    double inside[block_length + max_lanes];
    double weights_inside[block_length];
    unsigned char is_taken[block_length];
    alignas(64) double weights[block_length];
};

ValuesBetween::ValuesBetween(OrderedQuantity of, double from_value, double to_value, std::optional<Term> term,
                             bool has_weights, std::size_t most_kept)
    : quantity(of),
      low(from_value),
      high(to_value),
      summed(term),
      weighted(has_weights),
      kept(most_kept, 0),
      sums_below(term, has_weights),
      sums_of_all(term, has_weights) {}

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
    std::uint64_t there = 0, under = 0;
    for (std::ptrdiff_t i = 0; i < rows.count; ++i) {
        const double value = pass.values[i];
        const double weight = value == value ? pass.weights[i] : 0;
        pass.weights[i] = weight;
        pass.inside[found] = value;
        pass.weights_inside[found] = weight;
        there += weight > 0;
        under += (weight > 0) & (value < low);
        found += static_cast<std::size_t>((weight > 0) & (value >= low) & (value <= high));
    }
    present += there;
    below += under;
    if (found > 0) take(pass.inside, pass.weights_inside, found);
}

// Rounded truths are summed as the column has them, whatever that takes.
void ValuesBetween::sum_block(Pass& pass, const Pairs& pairs, Rows rows, bool are_rounded) {
    const bool sums_all = weighted || summed == Term::truth;
    Pairs own{from(pairs.y_true, rows.first), column_of(pass.buffers.pairs.y_pred)};
    if (are_rounded && summed) std::fill_n(pass.buffers.pairs.y_pred, block_length, 0.0);
    if (weighted) own.weights = column_of(pass.weights);
    own.where = pass.is_taken;
    own.where_stride = 1;
    for (const bool is_of_all : {true, false}) {
        if (is_of_all && !sums_all) continue;
        Gathered& sum = is_of_all ? pass.all : pass.below;
        const double end = is_of_all ? std::numeric_limits<double>::infinity() : low;
        for (std::ptrdiff_t i = 0; i < rows.count; ++i) {
            const double value = weighted && !(pass.weights[i] > 0) ? nan : pass.values[i];
            pass.is_taken[i] = static_cast<unsigned char>((value < end) | (is_of_all & (value == end)));
        }
        if (are_rounded && summed) {
            sum.add_rows(pass.kernels, own, rows.count);
        } else {
            sum.take(pass.kernels, pass.values, pass.weights, pass.is_taken, rows.count);
        }
    }
}

void ValuesBetween::add_rows(const Pairs& pairs, std::ptrdiff_t rows) {
    const FloatingPointEnvironment environment;
    Pass pass(*this);
    for (std::ptrdiff_t first = 0; first < rows; first += block_length) {
        if (first % (blocks_between_looks * block_length) == 0) look_at_call();
        add_block(pass, pairs, {first, std::min<std::ptrdiff_t>(block_length, rows - first)});
    }
    if (!weighted && !summed) return;
    pass.below.finish(pass.kernels, sums_below);
    pass.all.finish(pass.kernels, sums_of_all);
}

void ValuesBetween::merge(const ValuesBetween& more) {
    present += more.present;
    below += more.below;
    squarely::merge(at_low, more.at_low);
    squarely::merge(at_high, more.at_high);
    squarely::merge(inside, more.inside);
    squarely::merge(kept, more.kept);
    squarely::merge(sums_below.state, more.sums_below.state);
    squarely::merge(sums_of_all.state, more.sums_of_all.state);
    has_rounded_truths |= more.has_rounded_truths;
}

}  // namespace squarely
