#include "order/thinned_values.hpp"

namespace squarely {
namespace {

// One of two neighbours, and the last one as often, where it is not the only one.
void halve(ThinnedValues& kept) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < kept.values.size(); i += 2) {
        std::size_t chosen = i + kept.chance.below_power(1);
        if (chosen == kept.values.size()) {
            if (count > 0) break;
            chosen = i;
        }
        kept.values[count] = kept.values[chosen];
        if (!kept.weights.empty()) kept.weights[count] = kept.weights[chosen];
        ++count;
    }
    kept.values.resize(count);
    kept.weights.resize(kept.weights.empty() ? 0 : count);
    ++kept.halvings;
}

}  // namespace

void append(ThinnedValues& kept, std::span<const double> values, std::span<const double> weights) {
    kept.values.insert(kept.values.end(), values.begin(), values.end());
    kept.weights.insert(kept.weights.end(), weights.begin(), weights.end());
    while (kept.values.size() > kept.most) halve(kept);
}

void thin_and_append(ThinnedValues& kept, std::span<const double> values, std::span<const double> weights) {
    if (kept.halvings == 0) return append(kept, values, weights);
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (kept.chance.below_power(kept.halvings) != 0) continue;
        append(kept, values.subspan(i, 1), weights.empty() ? weights : weights.subspan(i, 1));
    }
}

void merge(ThinnedValues& kept, const ThinnedValues& more) {
    while (kept.halvings < more.halvings) halve(kept);
    if (kept.halvings == more.halvings) return append(kept, more.values, more.weights);
    ThinnedValues thinner = more;
    while (thinner.halvings < kept.halvings) halve(thinner);
    append(kept, thinner.values, thinner.weights);
}

}  // namespace squarely
