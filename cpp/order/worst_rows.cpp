// Columns -> blocks -> the few rows of each whose loss is above what the worst so far have.
#include "order/worst_rows.hpp"

#include "blocks/block.hpp"
#include "blocks/misfits.hpp"
#include "blocks/stretches.hpp"
#include "machine/floating_point.hpp"
#include "machine/long_call.hpp"
#include "machine/targets.hpp"
#include "machine/threads.hpp"
#include "numbers/big_number.hpp"
#include "sums/exact_terms.hpp"
#include "sums/pair.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace squarely {
namespace {

constexpr LargestOfRows unknown = {std::numeric_limits<double>::infinity(), false};
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double slack = 1 + 0x1p-30;       // more than the roundings of a product of three
constexpr double least_of_filter = 1e-280;  // products below may have lost what they are to underflow

bool is_of_difference(const RowLoss& loss) {
    return !loss.is_pinball_loss && (loss.term.term == Term::squared_error || loss.term.term == Term::absolute_error);
}

bool is_squared(const RowLoss& loss) { return is_of_difference(loss) && loss.term.term == Term::squared_error; }

using Limit = WorstRowsSeen::Limit;

bool comes_before(const ExtremeValue& order, std::ptrdiff_t row, const Limit& limit) {
    return order > limit.order || (order == limit.order && row < limit.row);
}

bool comes_before(const WorstRow& a, const WorstRow& b) { return comes_before(a.order, a.row, {b.order, b.row}); }

ExtremeValue value_of(const BigNumber& number) {
    const double value = nearest(number);
    if (!std::isfinite(value)) return {value, 0};
    return {value, nearest(number - big_number(value))};
}

// Products span three times the range of doubles, from 2^-3222 to 2^3074: of those beyond it the rest is what is above
// or below, scaled into it.
ExtremeValue order_of(const BigNumber& product) {
    ExtremeValue value = value_of(product);
    if (!std::isfinite(value.nearest)) {
        value.rest = nearest(scaled(product, -2050));
    } else if (std::fabs(value.nearest) < least_of_filter) {
        value.rest = nearest(scaled(product - big_number(value.nearest), value.nearest == 0 ? 2098 : 2000));
    }
    return value;
}

ExtremeValue size_of_difference(const BigNumber& y_true, const BigNumber& y_pred) {
    const BigNumber size = absolute(y_true - y_pred);
    const ExtremeValue value = value_of(size);
    // Beyond the largest double: half of it tells which is larger.
    return std::isfinite(value.nearest) ? value : ExtremeValue{value.nearest, nearest(scaled(size, -1))};
}

// Losses of a block: high + low, or NaN where there is none.
struct Losses {
    alignas(64) double high[block_length];
    alignas(64) double low[block_length];
    double others[2][block_length];  // words that kernels may write, of terms that are not asked for here
};

struct Buffers {
    BlockBuffers pairs;
    BlockBuffers finite;
    unsigned char kept[block_length];
    alignas(64) double weights[block_length];
    Losses losses;
};

// A block as it was read. Rows that do not count are pairs of zeros, and values that are missing NaN.
struct ReadBlock {
    Rows rows;
    Block block;
    const unsigned char* where;
    std::vector<LargePair> large;
};

void put(Losses& losses, std::ptrdiff_t row, const ExtremeValue& value) {
    losses.high[row] = value.nearest;
    losses.low[row] = value.rest;
}

// |y_true - y_pred|, exactly: what rounding takes from a difference is a double.
void put_differences(const ReadBlock& read, Losses& losses) {
    const double* const y_true = read.block.y_true;
    const double* const y_pred = read.block.y_pred;
    for (std::ptrdiff_t i = 0; i < read.rows.count; ++i) {
        const double high = y_true[i] - y_pred[i];
        const double back = high - y_true[i];
        const double low = (y_true[i] - (high - back)) - (y_pred[i] + back);
        losses.high[i] = std::fabs(high);
        losses.low[i] = high < 0 ? -low : low;
    }
    for (std::ptrdiff_t i = 0; i < read.rows.count; ++i) {
        if (std::isfinite(losses.high[i]) && std::isfinite(losses.low[i])) continue;
        if (are_finite(y_true[i], y_pred[i])) {
            put(losses, i, size_of_difference(big_number(y_true[i]), big_number(y_pred[i])));
        } else {
            put(losses, i, {nan, 0});
        }
    }
    for (const LargePair& pair : read.large) {
        put(losses, pair.row, size_of_difference(big_number(pair.y_true), big_number(pair.y_pred)));
    }
}

// In place of large integers their difference and zero, which is all that such losses see.
void put_nearest_differences(const ReadBlock& read, BlockBuffers& finite) {
    for (const LargePair& pair : read.large) {
        finite.y_true[pair.row] = nearest_difference(pair.y_true, pair.y_pred);
        finite.y_pred[pair.row] = 0;
    }
}

// What no word of the kernel holds.
void put_exact_terms(const ReadBlock& read, const Summand& term, const Block& finite, const Misfits& out_of_range,
                     Losses& losses) {
    const auto put_exact = [&](std::ptrdiff_t row, const BigNumber& y_true, const BigNumber& y_pred) {
        const auto exact = exact_term(term, y_true, y_pred);
        if (exact) put(losses, row, value_of(*exact));
    };
    for_each(out_of_range, finite.length, [&](std::ptrdiff_t row) {
        put_exact(row, big_number(finite.y_true[row]), big_number(finite.y_pred[row]));
    });
    if (facts_of(term.term).is_of_difference) return;
    for (const LargePair& pair : read.large) put_exact(pair.row, big_number(pair.y_true), big_number(pair.y_pred));
}

// The nearest double first, and then what it leaves.
void put_sums(Losses& losses, std::ptrdiff_t count) {
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        const double sum = losses.high[i] + losses.low[i];
        const double back = sum - losses.high[i];
        const double rest = (losses.high[i] - (sum - back)) + (losses.low[i] - back);
        put(losses, i, {sum, rest});
    }
}

void put_terms(const Kernels& kernels, const ReadBlock& read, const Summand& term, const Block& finite,
               Losses& losses) {
    const TermKernel& kernel = kernels.terms[static_cast<int>(term.term)];
    double* const words[] = {losses.high, losses.low, losses.others[0], losses.others[1]};
    Misfits out_of_range{};
    const bool all = kernel.values(finite, term.parameter, words, out_of_range.data());
    if (facts_of(term.term).words == 1) {
        std::fill(losses.low, losses.low + read.rows.count, 0.0);
    } else {
        put_sums(losses, read.rows.count);
    }
    if (all) out_of_range.fill(0);
    put_exact_terms(read, term, finite, out_of_range, losses);
}

// Any other loss, of pairs of finite numbers. The largest of them, within a rounding.
double put_losses(const Kernels& kernels, const ReadBlock& read, const RowLoss& loss, Buffers& buffers) {
    LeftOut ignored{};
    BlockBuffers& finite = buffers.finite;
    kernels.keep_finite(read.block, read.where, finite.y_true, finite.y_pred, buffers.kept, ignored);
    if (loss.is_pinball_loss || facts_of(loss.term.term).is_of_difference) put_nearest_differences(read, finite);
    const Block block{finite.y_true, finite.y_pred, read.block.length, {0, 0, 0, 0}};
    Losses& losses = buffers.losses;
    if (loss.is_pinball_loss) {
        kernels.losses[static_cast<int>(Loss::pinball_loss)][0](block, loss.term.parameter, 1.0, losses.high);
        std::fill(losses.low, losses.low + read.rows.count, 0.0);
    } else {
        put_terms(kernels, read, loss.term, block, losses);
    }
    double least = 0;
    double largest = 0;
    kernels.find_extremes(losses.high, read.block.length, buffers.kept, &least, &largest);
    return largest;
}

struct PairOfNumbers {
    BinaryNumber y_true;
    BinaryNumber y_pred;
};

PairOfNumbers pair_at(const ReadBlock& read, std::ptrdiff_t row) {
    for (const LargePair& pair : read.large) {
        if (pair.row == row) return {pair.y_true, pair.y_pred};
    }
    return {number_of(read.block.y_true[row]), number_of(read.block.y_pred[row])};
}

// The worst rows of a stretch.
class Search {
  public:
    Search(const Pairs& pairs, const RowLoss& loss, std::size_t count, const std::optional<Limit>& limit)
        : pairs_(pairs),
          are_viewed_(is_of_difference(loss) && !are_weighted(pairs) && pairs.y_true.dtype == DType::float64 &&
                      is_contiguous_and_whole(pairs)),
          loss_(loss),
          count_(count),
          limit_(limit) {
        found_.reserve(std::min<std::size_t>(count, block_length) + 1);
    }

    // Whether some row may be among the worst. Of most blocks that is all there is to do.
    bool may_reach_limit(const LargestOfRows& largest) const {
        if (!limit_ || !is_of_difference(loss_)) return true;
        if (!are_weighted(pairs_)) return !is_below_limit(largest.value);
        return largest.is_of_squares != is_squared(loss_) || limit_->order.nearest < least_of_filter ||
               !is_below_limit(largest.value * slack);
    }

    // A few rows at a time where that is a look at the memory as it lies: mostly one of them is why.
    void look_at(const Kernels& kernels, Rows rows, Buffers& buffers) {
        const bool is_viewed = are_viewed_ && limit_ && rows.count % block_multiple == 0;
        if (is_viewed && !reach_limit(kernels, rows)) return;
        const std::ptrdiff_t step = is_viewed ? block_multiple : rows.count;
        for (std::ptrdiff_t first = rows.first; first < rows.first + rows.count; first += step) {
            if (!is_viewed || reach_limit(kernels, {first, step})) look_into(kernels, {first, step}, buffers);
        }
    }

    const std::vector<WorstRow>& found() const { return found_; }

  private:
    void look_into(const Kernels& kernels, Rows rows, Buffers& buffers) {
        const RowsKept kept = rows_kept(kernels, pairs_, rows, buffers.pairs);
        if (kept.count == 0) return;
        ReadBlock read{rows, {}, kept.where, {}};
        const Block loaded = load_block(kernels, pairs_, rows, kept, buffers.pairs, read.large);
        read.block = with_nulls(kernels, with_where(kernels, loaded, kept, buffers.pairs), kept, buffers.pairs);
        const double* weights = nullptr;
        if (are_weighted(pairs_)) {
            std::fill(buffers.weights, buffers.weights + read.block.length, 0.0);
            load_weights(kernels, pairs_.weights, rows, buffers.weights);
            weights = buffers.weights;
        }
        const double heaviest = weights == nullptr ? 1.0 : kernels.largest_value(weights, read.block.length);
        if (is_of_difference(loss_)) {
            const bool may_be_small = limit_ && read.large.empty();
            if (may_be_small && are_below_limit(kernels.largest_difference(read.block), heaviest)) return;
            put_differences(read, buffers.losses);
        } else {
            const double largest = put_losses(kernels, read, loss_, buffers);
            if (limit_ && are_below_limit(largest, heaviest)) return;
        }
        offer_all(read, buffers, weights);
    }

    bool reach_limit(const Kernels& kernels, Rows rows) const {
        const double* const y_true = static_cast<const double*>(pairs_.y_true.data) + rows.first;
        const double* const y_pred = static_cast<const double*>(pairs_.y_pred.data) + rows.first;
        return !(kernels.largest_difference({y_true, y_pred, rows.count, {}}) < limit_->order.nearest);
    }

    // All losses and weights of a block, by the largest of both.
    bool are_below_limit(double largest, double heaviest) const {
        return are_weighted(pairs_) ? is_product_below_limit(largest, heaviest) : is_below_limit(largest * slack);
    }

    bool is_below_limit(double value) const { return limit_ && value < limit_->order.nearest; }

    void offer_all(const ReadBlock& read, const Buffers& buffers, const double* weights) {
        const Losses& losses = buffers.losses;
        for (std::ptrdiff_t i = 0; i < read.rows.count; ++i) {
            const double high = losses.high[i];
            if (!counts(read, buffers, i, high)) continue;
            if (weights == nullptr) {
                if (!is_below_limit(high)) offer(read, i, {high, losses.low[i]}, 1.0, high);
            } else if (weights[i] != 0 && std::isfinite(weights[i]) && !is_product_below_limit(high, weights[i])) {
                const ExtremeValue order = weighed(read, i, losses, weights[i]);
                if (std::isfinite(order.nearest) || is_of_difference(loss_)) offer(read, i, order, weights[i], high);
            }
        }
    }

    // Differences beyond the largest double are losses, and others are not.
    bool counts(const ReadBlock& read, const Buffers& buffers, std::ptrdiff_t row, double loss) const {
        if (is_of_difference(loss_)) return !std::isnan(loss) && (read.where == nullptr || read.where[row] != 0);
        return buffers.kept[row] != 0 && std::isfinite(loss);
    }

    // For certain, though this rounds.
    bool is_product_below_limit(double high, double weight) const {
        if (!limit_ || limit_->order.nearest < least_of_filter) return false;
        const double product = high * weight * (is_squared(loss_) ? high : 1.0);
        return product * slack < limit_->order.nearest;
    }

    ExtremeValue weighed(const ReadBlock& read, std::ptrdiff_t row, const Losses& losses, double weight) const {
        if (!is_of_difference(loss_)) {
            return order_of((big_number(losses.high[row]) + big_number(losses.low[row])) * big_number(weight));
        }
        const PairOfNumbers pair = pair_at(read, row);
        const BigNumber size = absolute(big_number(pair.y_true) - big_number(pair.y_pred));
        return order_of((is_squared(loss_) ? size * size : size) * big_number(weight));
    }

    void offer(const ReadBlock& read, std::ptrdiff_t row, const ExtremeValue& order, double weight, double loss) {
        const std::ptrdiff_t place = read.rows.first + row;
        if (limit_ && !comes_before(order, place, *limit_)) return;
        const PairOfNumbers pair = pair_at(read, row);
        const auto before = [](const WorstRow& a, const WorstRow& b) { return comes_before(a, b); };
        found_.push_back({order, place, pair.y_true, pair.y_pred, weight, loss});
        std::push_heap(found_.begin(), found_.end(), before);
        if (found_.size() > count_) {
            std::pop_heap(found_.begin(), found_.end(), before);
            found_.pop_back();
        }
        if (found_.size() == count_) limit_ = Limit{found_.front().order, found_.front().row};
    }

    Pairs pairs_;
    bool are_viewed_;
    RowLoss loss_;
    std::size_t count_;
    std::optional<Limit> limit_;
    std::vector<WorstRow> found_;  // a heap, with the row that goes first at the front
};

class OnlookerOfStretch : public Onlooker {
  public:
    OnlookerOfStretch(WorstRowsSeen& seen, std::span<const Pairs> predictions)
        : seen_(seen), kernels_(*current_target().kernels) {
        searches_.reserve(predictions.size());
        for (std::size_t i = 0; i < predictions.size(); ++i) {
            searches_.emplace_back(predictions[i], seen.loss(), seen.count(), seen.limit_of(i));
        }
    }

    void look_at(std::size_t prediction, const Rows& rows, const LargestOfRows& largest) override {
        if (!searches_[prediction].may_reach_limit(largest)) return;
        for (std::ptrdiff_t first = 0; first < rows.count; first += block_length) {
            const std::ptrdiff_t count = std::min<std::ptrdiff_t>(block_length, rows.count - first);
            searches_[prediction].look_at(kernels_, {rows.first + first, count}, buffers_);
        }
    }

    void finish() override {
        for (std::size_t i = 0; i < searches_.size(); ++i) seen_.join(i, searches_[i].found());
    }

  private:
    WorstRowsSeen& seen_;
    const Kernels& kernels_;
    std::vector<Search> searches_;
    Buffers buffers_;
};

}  // namespace

WorstRowsSeen::WorstRowsSeen(const RowLoss& loss, std::size_t count, std::size_t predictions)
    : loss_(loss), count_(count), seen_(predictions) {}

bool WorstRowsSeen::need_largest() const { return is_of_difference(loss_); }

std::unique_ptr<Onlooker> WorstRowsSeen::of_stretch(std::span<const Pairs> predictions) {
    return std::make_unique<OnlookerOfStretch>(*this, predictions);
}

std::optional<WorstRowsSeen::Limit> WorstRowsSeen::limit_of(std::size_t prediction) {
    const std::lock_guard lock(mutex_);
    return seen_[prediction].limit;
}

void WorstRowsSeen::join(std::size_t prediction, const std::vector<WorstRow>& found) {
    const std::lock_guard lock(mutex_);
    Seen& seen = seen_[prediction];
    seen.rows.insert(seen.rows.end(), found.begin(), found.end());
    std::sort(seen.rows.begin(), seen.rows.end(),
              [](const WorstRow& a, const WorstRow& b) { return comes_before(a, b); });
    if (seen.rows.size() > count_) seen.rows.resize(count_);
    if (seen.rows.size() == count_) seen.limit = Limit{seen.rows.back().order, seen.rows.back().row};
}

std::vector<WorstRow> worst_rows(const Pairs& pairs, std::ptrdiff_t rows, const RowLoss& loss, std::size_t count,
                                 const std::optional<ExtremeValue>& at_least) {
    if (count == 0) return {};
    WorstRowsSeen seen(loss, count, 1);
    if (at_least) seen.set_limit(0, {*at_least, rows});
    parallel_for(number_of_stretches(rows), [&](std::ptrdiff_t index) {
        const FloatingPointEnvironment environment;
        const Stretch stretch = stretch_at(rows, index);
        const std::unique_ptr<Onlooker> onlooker = seen.of_stretch({&pairs, 1});
        for (std::ptrdiff_t first = stretch.first; first < stretch.last; first += smallest_stretch) {
            if (begins_a_piece(stretch, first)) look_at_call();
            onlooker->look_at(0, {first, std::min(smallest_stretch, stretch.last - first)}, unknown);
        }
        onlooker->finish();
    });
    return seen.rows_of(0);
}

}  // namespace squarely
