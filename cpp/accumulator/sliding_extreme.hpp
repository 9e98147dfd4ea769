// The largest of the values in a window. Only those that may still become it are kept: none that a later one reaches.
#pragma once

#include "states/state.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace squarely {

class SlidingExtreme {
  public:
    // For one more: where there is, a push does not throw.
    void make_room() {
        if (values_.size() == values_.capacity()) values_.reserve(2 * values_.size() + 1);
    }

    // Numbers ascend. What was pushed may be pushed again, all of it from a number on, and nothing changes.
    void push(std::uint64_t number, ExtremeValue value) {
        while (!is_empty() && values_.back().value <= value) values_.pop_back();
        if (is_empty()) values_.resize(begin_ = 0);
        values_.push_back({number, value});
    }

    // Lets go of all numbers before this one.
    void release(std::uint64_t first) {
        while (!is_empty() && values_[begin_].number < first) ++begin_;
        // No more is moved than was let go of before.
        if (begin_ > values_.size() - begin_) {
            values_.erase(values_.begin(), values_.begin() + static_cast<std::ptrdiff_t>(begin_));
            begin_ = 0;
        }
    }

    bool is_empty() const { return begin_ == values_.size(); }
    ExtremeValue largest() const { return values_[begin_].value; }

  private:
    struct Value {
        std::uint64_t number;
        ExtremeValue value;
    };

    std::vector<Value> values_;  // descending
    std::size_t begin_ = 0;      // those before have left
};

}  // namespace squarely
