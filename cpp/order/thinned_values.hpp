// Values of which at most so many are kept: all, then by chance one of two, one of four ... They stay in the order in
// which they came, and one is chosen of neighbours, so that a trend among the rows is a trend among those kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace squarely {

// Numbers as if by chance (splitmix64), the same in every run.
class Chance {
  public:
    std::uint64_t below_power(int bits) { return bits == 0 ? 0 : next() >> (64 - bits); }

  private:
    std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15;
        std::uint64_t mixed = (state_ ^ (state_ >> 30)) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
        return mixed ^ (mixed >> 31);
    }

    std::uint64_t state_ = 0;
};

struct ThinnedValues {
    ThinnedValues(std::size_t at_most, int number_of_halvings) : most(at_most), halvings(number_of_halvings) {}

    std::size_t most;
    int halvings;  // one of 2^halvings is kept: all of them where it is zero
    std::vector<double> values;
    std::vector<double> weights;  // of each, or none at all
    Chance chance;
};

// Of those that are to be kept already.
void append(ThinnedValues& kept, std::span<const double> values, std::span<const double> weights);

// Chooses first.
void thin_and_append(ThinnedValues& kept, std::span<const double> values, std::span<const double> weights);

void merge(ThinnedValues& kept, const ThinnedValues& more);

}  // namespace squarely
