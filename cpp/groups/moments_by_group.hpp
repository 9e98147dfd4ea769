// Polynomials of truth and prediction, and the largest and least values, of every group: the short way of sums without
// weights, which adds a pair to its group in a few nanoseconds.
#pragma once

#include "blocks/block.hpp"
#include "groups/grouped_quantities.hpp"

#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace squarely {

// Whether a state sums nothing else.
bool sums_grouped_moments_alone(const State& state);

// A state of one output a group, of rows whose groups are below so many. Where there are several parts, each has as
// many rows, of the same groups.
State moments_by_group(const State& kind, std::span<const Pairs> parts, std::ptrdiff_t rows,
                       std::span<const std::uint32_t> groups, std::size_t count);

// What pairs that have not been added yet will count, beside pairs of two numbers. None where some are of integers that
// no double holds: each of these asks for memory.
std::optional<PairCounts> counts_of(const Pairs& pairs, std::ptrdiff_t rows);

// The rows of a stream of short chunks, kept from one to the next: to make rows for a million groups, and to empty
// them, costs more than the pairs of a chunk. They are summed by one thread.
class OpenMoments {
  public:
    // Of a state that sums_grouped_moments_alone, of one output a group.
    explicit OpenMoments(const State& state);
    OpenMoments(const OpenMoments& other);
    OpenMoments(OpenMoments&& other) noexcept;
    OpenMoments& operator=(OpenMoments other) noexcept;
    ~OpenMoments();

    // Of parts which each have so many rows, of the same groups, which are below count: so many outputs the state has
    // from now on. Rows that are full go into the state. Where memory runs out, nothing is changed.
    void add(State& state, std::span<const Pairs> parts, std::ptrdiff_t rows, std::span<const std::uint32_t> groups,
             std::size_t count, const PairCounts& counts);

    // Moves everything into the state; then these rows are of no use any more. Where memory runs out, some of it stays
    // here until the next time.
    void close(State& state);

  private:
    struct Own;

    std::unique_ptr<Own> own_;
};

}  // namespace squarely
