// The words of a number of any length: in place where they are few, as those of formulas over ordinary sums are, so
// that a formula asks for no memory.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

namespace squarely {

class Limbs {
  public:
    Limbs() noexcept {}  // not defaulted: that would clear the words of every number
    Limbs(const Limbs& other) {
        resize(other.size_);
        std::copy_n(other.data(), size_, data());
    }
    Limbs(Limbs&& other) noexcept { *this = std::move(other); }
    Limbs& operator=(const Limbs& other) { return *this = Limbs(other); }
    Limbs& operator=(Limbs&& other) noexcept {
        size_ = std::exchange(other.size_, 0);
        elsewhere_ = std::move(other.elsewhere_);
        if (elsewhere_ == nullptr) std::copy_n(other.here_, size_, here_);
        return *this;
    }
    ~Limbs() = default;

    int size() const { return size_; }
    std::uint64_t* data() { return elsewhere_ == nullptr ? here_ : elsewhere_.get(); }
    const std::uint64_t* data() const { return elsewhere_ == nullptr ? here_ : elsewhere_.get(); }

    // To so many, whatever they are: to be written to.
    void resize(int size) {
        if (size > in_place) elsewhere_ = std::make_unique_for_overwrite<std::uint64_t[]>(static_cast<unsigned>(size));
        size_ = size;
    }

    // The highest that are zero are dropped.
    void trim() {
        const std::uint64_t* const limbs = data();
        int size = size_;
        while (size > 0 && limbs[size - 1] == 0) --size;
        size_ = size;
    }

  private:
    static constexpr int in_place = 32;

    int size_ = 0;
    std::unique_ptr<std::uint64_t[]> elsewhere_;
    std::uint64_t here_[in_place];
};

}  // namespace squarely
