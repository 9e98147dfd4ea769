// The largest and least values of a window: no subtraction tells them, so they are kept beside the sums, exactly.
#pragma once

#include "accumulator/configuration.hpp"
#include "accumulator/sliding_extreme.hpp"

#include <span>
#include <vector>

namespace squarely {

class WindowExtremes {
  public:
    explicit WindowExtremes(const Configuration& configuration);

    // By their numbers, which ascend. Where it throws, all of the rows are to be added again before anybody looks.
    void add_rows(std::span<const Pairs> outputs, std::ptrdiff_t rows, std::uint64_t first);

    // Where there is room for it this does not throw.
    void add_chunk(const State& sums, std::uint64_t number);
    void make_room(std::size_t outputs);

    // Lets go of all before this one.
    void release(std::uint64_t first);

    void put_into(State& state) const;

  private:
    void begin(std::size_t outputs);
    SlidingExtreme& queue_of(std::size_t term, std::size_t output) { return queues_[output * terms_.size() + term]; }
    const SlidingExtreme& queue_of(std::size_t term, std::size_t output) const {
        return queues_[output * terms_.size() + term];
    }

    std::vector<Term> terms_;
    std::vector<SlidingExtreme> queues_;  // output by output; the least values with their signs turned
};

}  // namespace squarely
