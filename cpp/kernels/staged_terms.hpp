// Terms with a logarithm, a block at a time. A logarithm is one long chain of operations that wait for each other, and
// a processor has room for about as many as there are in one: in stages of a block, many short chains are under way at
// once.
#pragma once

#include "kernels/terms.hpp"

namespace squarely {
namespace {

template <class Kernel>
concept InStages = requires(const Kernel& term, Bits& unusual) { term.argument(Vector{}, Vector{}, unusual); };

// What is known of every pair between two stages. It stays in the first cache beside truth and prediction. Columns are
// as long as a page of memory: were one a little less than pages ahead of another, loads from it would wait for stores
// to the other, whose addresses end in the same bits.
struct Stages {
    alignas(64) double argument[block_length];
    alignas(64) double exponent[block_length];
    alignas(64) double fraction[block_length];
    alignas(64) double low[block_length];
    alignas(64) double value[block_length];  // and what it is made from
};

// Spread over all stages, because few lines can be under way at once.
SQUARELY_INLINE void prefetch_in_stage(std::ptrdiff_t i, Ahead& ahead) {
    constexpr int stages = 4;
    if (i % (8 * stages) == 0) prefetch_next(ahead);
}

// Returns what is unusual, as in terms.hpp.
template <class Kernel>
[[gnu::noinline]] Bits values_in_stages(const Kernel& term, const Block& block, Stages& stages) {
    Bits unusual{};
    Ahead ahead = block.ahead;
    for (std::ptrdiff_t i = 0; i < block.length; i += lanes) {
        prefetch_in_stage(i, ahead);
        store(stages.argument + i,
              term.argument(load<Vector>(block.y_true + i), load<Vector>(block.y_pred + i), unusual));
    }
    for (std::ptrdiff_t i = 0; i < block.length; i += lanes) {
        prefetch_in_stage(i, ahead);
        const ReducedSum number = term.number(load<Vector>(block.y_true + i), load<Vector>(block.y_pred + i),
                                              load<Vector>(stages.argument + i), unusual);
        store(stages.exponent + i, number.sum.exponent);
        store(stages.fraction + i, number.sum.fraction);
        store(stages.low + i, number.low);
        store(stages.value + i, atanh_argument(number.sum.fraction));
    }
    for (std::ptrdiff_t i = 0; i < block.length; i += lanes) {
        prefetch_in_stage(i, ahead);
        store(stages.value + i, cubic_of(load<Vector>(stages.fraction + i), load<Vector>(stages.value + i)));
    }
    for (std::ptrdiff_t i = 0; i < block.length; i += lanes) {
        prefetch_in_stage(i, ahead);
        const Reduced sum{load<Vector>(stages.exponent + i), load<Vector>(stages.fraction + i)};
        const StagedLogarithm logarithm{{sum, load<Vector>(stages.low + i)}, load<Vector>(stages.value + i)};
        store(stages.value + i, term.summand(load<Vector>(block.y_true + i), load<Vector>(block.y_pred + i),
                                             load<Vector>(stages.argument + i), logarithm));
    }
    return unusual;
}

}  // namespace
}  // namespace squarely
