// What a pass over pairs finds out about a stretch of numbers: how many values are below it, and those in it.
#pragma once

#include "blocks/block.hpp"
#include "numbers/exact_sum.hpp"
#include "order/order_statistics.hpp"
#include "order/thinned_values.hpp"
#include "states/state.hpp"

#include <optional>

namespace squarely {

// How many values there are, and how much they weigh.
struct Heap {
    std::uint64_t count = 0;
    ExactSum weight;  // zero where there are no weights
};

void merge(Heap& heap, const Heap& more);

// Exact sums of numbers one by one, and where there are weights of these, too.
class WeighedSum {
  public:
    // Of a term of values as truths against predictions of zero; of nothing but weights where there is none.
    WeighedSum(std::optional<Term> summed, bool weighted);

    ExactSum weight() const;
    ExactSum sum() const;

    State state;  // of nothing where nothing is asked for
    bool is_of_weights;
};

class ValuesBetween {
  public:
    // What is summed of the values below, if anything. Truths are summed as they are, not as they are ordered, and all
    // of them, too.
    ValuesBetween(OrderedQuantity quantity, double low, double high, std::optional<Term> summed, bool weighted,
                  std::size_t most_kept);

    // Rows that do not count, have no value, or the weight zero, are not there.
    void add_rows(const Pairs& pairs, std::ptrdiff_t rows);

    // Of the same stretch.
    void merge(const ValuesBetween& more);

    const OrderedQuantity quantity;
    const double low, high;  // both in the stretch
    const std::optional<Term> summed;
    const bool weighted;

    std::uint64_t present = 0;
    std::uint64_t below = 0;
    Heap at_low, at_high;  // equal to the ends, which many may be: the first where both are one
    Heap inside;           // the others
    ThinnedValues kept;    // of these
    WeighedSum sums_below;
    WeighedSum sums_of_all;
    bool has_rounded_truths = false;

  private:
    struct Pass;

    bool add_plain_block(Pass& pass, const Pairs& pairs, Rows rows);
    void add_block(Pass& pass, const Pairs& pairs, Rows rows);
    void add_weighted(Pass& pass, const Pairs& pairs, Rows rows);
    void sum_block(Pass& pass, const Pairs& pairs, Rows rows, bool are_rounded);
    void take(double* values, double* weights, std::size_t found);
};

}  // namespace squarely
