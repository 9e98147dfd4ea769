// Counts by size of one output while rows are read. The sizes of few rows are noted, and sorted at the end; those of
// many are counted in tables.
#pragma once

#include "blocks/block.hpp"
#include "states/state.hpp"
#include "sums/size_tables.hpp"

#include <memory>
#include <span>
#include <vector>

namespace squarely {

bool has_counts_by_size(const State& state);

class RunningCounts {
  public:
    // What a state has by size. Where many outputs are counted at once, none has tables.
    explicit RunningCounts(const State& state, std::size_t outputs_at_once = 1);

    // Of a block of finite numbers. Rows whose byte of kept is zero are pairs of zeros, and do not count; all count
    // where it is null.
    void add_block(const Kernels& kernels, const Block& block, const unsigned char* kept,
                   std::span<const LargePair> large);

    // Where it throws, some may have been added: the state is one of this call alone.
    void add_to(State& state, std::size_t output) const;

    // As long as it stays open sizes are only noted, so that the last ones can be forgotten.
    void stay_open() { stays_open_ = true; }
    std::size_t noted() const { return noted_.rows(); }
    void forget_from(std::size_t row) { noted_.resize(row); }
    void move_on(const Kernels& kernels);  // many notes into tables; where memory runs out, another time

  private:
    void note(const SizesOfRows& sizes, const unsigned char* kept);
    void count_notes(const Kernels& kernels);

    std::vector<Term> terms_;
    std::vector<SizeCounts> sorted_;  // by term
    bool with_both_sides_;
    bool has_tables_;
    std::size_t many_;  // rows that are no longer only noted
    bool stays_open_ = false;
    NotedSizes noted_;
    std::unique_ptr<SizeTables> tables_;
};

}  // namespace squarely
