// The rows with the largest losses. Which they are depends on the rows alone, neither on threads nor on how rows are
// cut: of equal losses the first counts.
#pragma once

#include "blocks/column.hpp"
#include "numbers/binary_number.hpp"
#include "states/state.hpp"

#include <cstddef>
#include <optional>
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

}  // namespace squarely
