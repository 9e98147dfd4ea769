// The rows with the largest losses. Which they are depends on the rows alone, neither on threads nor on how rows are
// cut: of equal losses the first counts.
#pragma once

#include "blocks/column.hpp"
#include "numbers/binary_number.hpp"
#include "states/state.hpp"
#include "sums/certified_sums.hpp"

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace squarely {

// The loss of one pair.
struct RowLoss {
    Summand term;
    bool is_pinball_loss = false;  // in place of the term, whose parameter is the level
};

struct WorstRow {
    // What rows are ordered by. Without weights, of squared and absolute errors |y_true - y_pred|, exactly: the nearest
    // double and the rest; of others the loss. With weights the product of both, to 106 bits.
    ExtremeValue order;
    std::ptrdiff_t row;
    BinaryNumber y_true;
    BinaryNumber y_pred;
    double weight;  // one where there are none
    double loss;    // of squared and absolute errors |y_true - y_pred|
};

// At most so many rows, the worst first. Rows that do not count, are missing, have no weight, or whose loss is no
// finite number are not among them, nor those that come behind at_least in order.
std::vector<WorstRow> worst_rows(const Pairs& pairs, std::ptrdiff_t rows, const RowLoss& loss, std::size_t count,
                                 const std::optional<ExtremeValue>& at_least);

// The same of predictions that are looked at while they are summed.
class WorstRowsSeen : public Onlookers {
  public:
    // What a row must come before.
    struct Limit {
        ExtremeValue order;
        std::ptrdiff_t row;
    };

    WorstRowsSeen(const RowLoss& loss, std::size_t count, std::size_t predictions);

    bool need_largest() const override;
    std::unique_ptr<Onlooker> of_stretch(std::span<const Pairs> predictions) override;
    const std::vector<WorstRow>& rows_of(std::size_t prediction) const { return seen_[prediction].rows; }

    const RowLoss& loss() const { return loss_; }
    std::size_t count() const { return count_; }
    void set_limit(std::size_t prediction, const Limit& limit) { seen_[prediction].limit = limit; }
    std::optional<Limit> limit_of(std::size_t prediction);
    void join(std::size_t prediction, const std::vector<WorstRow>& found);

  private:
    struct Seen {
        std::vector<WorstRow> rows;  // of all stretches that are done, in order
        std::optional<Limit> limit;
    };

    RowLoss loss_;
    std::size_t count_;
    std::mutex mutex_;
    std::vector<Seen> seen_;
};

}  // namespace squarely
