// Random numbers that are the same everywhere: those of a seed and of the number of a case.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace fuzz {

class Random {
  public:
    Random(std::uint64_t seed, std::uint64_t number) : state_(seed * 0x9e3779b97f4a7c15 ^ number * 0xd1342543de82ef95) {
        (void)bits();
    }

    // SplitMix64
    std::uint64_t bits() {
        std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15;
        mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
        return mixed ^ mixed >> 31;
    }

    std::uint64_t below(std::uint64_t end) { return bits() % end; }
    int between(int first, int last) {
        return first + static_cast<int>(below(static_cast<std::uint64_t>(last - first) + 1));
    }
    bool one_in(std::uint64_t count) { return below(count) == 0; }

    template <class T, std::size_t count>
    const T& of(const T (&choices)[count]) {
        return choices[below(count)];
    }

    template <class T>
    const T& of(const std::vector<T>& choices) {
        return choices[below(choices.size())];
    }

  private:
    std::uint64_t state_;
};

}  // namespace fuzz
