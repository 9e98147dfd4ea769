// Which pairs an output has seen, and which were left out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <vector>

namespace squarely {

struct LeftOut;

// Counted, never added. Nothing is decided here: what a missing value (NaN, or null) means is the reader's policy.
struct PairCounts {
    std::uint64_t pairs = 0;         // pairs of two numbers; their terms are in the sums, or counted below
    std::uint64_t infinite = 0;      // of these: one side infinite, or both with opposite signs
    std::uint64_t undefined = 0;     // of these: infinity against the same infinity
    std::uint64_t missing_true = 0;  // pairs left out because the truth is NaN
    std::uint64_t missing_pred = 0;  // pairs left out because only the prediction is NaN
    std::uint64_t masked = 0;        // pairs left out because their row does not count
    std::uint64_t high_true = 0;     // of the infinite pairs: the truth is infinity,
    std::uint64_t low_true = 0;      // minus infinity,
    std::uint64_t high_pred = 0;     // or only the prediction is
    std::uint64_t low_pred = 0;

    bool operator==(const PairCounts&) const = default;
};

// In the order of the byte form, where the second ones stand only if there are infinite pairs.
constexpr std::uint64_t PairCounts::* counts_of_every_output[] = {&PairCounts::pairs,        &PairCounts::infinite,
                                                                  &PairCounts::undefined,    &PairCounts::missing_true,
                                                                  &PairCounts::missing_pred, &PairCounts::masked};
constexpr std::uint64_t PairCounts::* counts_of_infinite_pairs[] = {&PairCounts::high_true, &PairCounts::low_true,
                                                                    &PairCounts::high_pred, &PairCounts::low_pred};

void add(PairCounts& counts, const PairCounts& more);

PairCounts difference(const PairCounts& counts, const PairCounts& other);

// Throws Refused where the rows of both together are more than an output can have.
void check_room(const PairCounts& counts, const PairCounts& more, std::size_t output);

// Pairs that a kernel has left out, which are in counts.pairs already.
void add(PairCounts& counts, const LeftOut& left_out);

// All that were seen, whether they count or not.
std::uint64_t rows_of(const PairCounts& counts);

// Whether all of so many rows are pairs of two finite numbers.
bool are_all_finite(const PairCounts& counts, std::ptrdiff_t rows);

// Of all outputs. In most data there is nothing to count but pairs, and eight bytes an output hold these: a million
// groups have eighty otherwise, more than their sums. From the first other count on, all have all.
class OutputCounts {
  public:
    OutputCounts() = default;
    explicit OutputCounts(std::size_t outputs) : pairs_(outputs) {}

    std::size_t size() const { return all_.empty() ? pairs_.size() : all_.size(); }
    bool empty() const { return size() == 0; }
    PairCounts operator[](std::size_t output) const {
        if (!all_.empty()) return all_[output];
        PairCounts counts;
        counts.pairs = pairs_[output];
        return counts;
    }

    // From the first count of anything but pairs on, all have more memory. Where these have been made room for, set and
    // add ask for none.
    void make_room(const PairCounts& more);
    void make_room(const OutputCounts& more);
    void set(std::size_t output, const PairCounts& counts);
    void add(std::size_t output, const PairCounts& more);
    void add_pairs(std::size_t output, std::uint64_t pairs) {
        (all_.empty() ? pairs_[output] : all_[output].pairs) += pairs;
    }
    void reserve(std::size_t outputs);
    void resize(std::size_t outputs);
    void append(const OutputCounts& more);
    OutputCounts part(std::size_t first, std::size_t count) const;

    struct Iterator {
        using iterator_category = std::input_iterator_tag;
        using value_type = PairCounts;
        using difference_type = std::ptrdiff_t;
        using pointer = void;
        using reference = PairCounts;

        const OutputCounts* counts;
        std::size_t output;

        PairCounts operator*() const { return (*counts)[output]; }
        Iterator& operator++() {
            ++output;
            return *this;
        }
        Iterator operator++(int) { return {counts, output++}; }
        bool operator==(const Iterator& other) const { return output == other.output; }
    };
    Iterator begin() const { return {this, 0}; }
    Iterator end() const { return {this, size()}; }

  private:
    std::vector<std::uint64_t> pairs_;  // one of the two is empty
    std::vector<PairCounts> all_;
};

}  // namespace squarely
