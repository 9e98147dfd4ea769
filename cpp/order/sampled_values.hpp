// Some of the rows: they say where among all of them a rank most likely lies.
#pragma once

#include "order/order_statistics.hpp"
#include "order/thinned_values.hpp"

namespace squarely {

struct SampledValues {
    OrderedQuantity quantity;
    ThinnedValues kept;
    bool has_rounded_truths = false;  // among those that were looked at
};

// Values of rows that have one, with their weights where they have some that are not zero. Looks only at the rows that
// are chosen, so that it costs next to nothing where one of many is.
void add_rows(SampledValues& sampled, const Pairs& pairs, std::ptrdiff_t rows);

void merge(SampledValues& sampled, const SampledValues& more);

}  // namespace squarely
