// The rows of a window, copied as they came: taken in behind the last, let go of in front.
#pragma once

#include "blocks/block.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

namespace squarely {

// Elements of one side, row by row: one column an output, or one for all of them, as weights may be. None where there
// are no weights.
struct HeldSide {
    DType dtype = DType::float64;
    bool swapped = false;
    std::size_t columns = 0;
    std::unique_ptr<char[]> elements;
};

// Truth, predictions and weights of neighbouring rows of the same kind.
struct HeldPiece {
    HeldSide y_true, y_pred, weights;
    std::size_t outputs = 0;
    std::uint64_t first = 0;  // the number of its first row
    std::ptrdiff_t room = 0;
    std::ptrdiff_t count = 0;
};

// The last rows of a chunk, in a piece of their own.
HeldPiece held_piece(std::span<const Pairs> outputs, std::ptrdiff_t rows, std::ptrdiff_t last);

// A piece from a row on, one for each output.
std::vector<Pairs> pairs_from(const HeldPiece& piece, std::ptrdiff_t row);

class HeldRows {
  public:
    HeldRows() = default;
    HeldRows(HeldRows&&) = default;  // moved, not copied
    HeldRows& operator=(HeldRows&&) = default;

    // Both take all of it, or throw and take nothing. Rows that come one by one lie together, so many at most: alone
    // each would take a hundred bytes a number, and none is let go of before all that lies with it.
    void append(std::span<const Pairs> outputs, Rows rows, std::ptrdiff_t rows_together);
    void append(HeldPiece&& piece);

    // May let go of all rows before this one.
    void release(std::uint64_t first);

    // Numbers of rows, from the first that was ever taken in.
    std::uint64_t end() const { return end_; }

    // Calls visit(outputs, rows) with rows from and to, all of them held, piece by piece.
    template <class Visit>
    void for_each(std::uint64_t from, std::uint64_t to, Visit visit) const;

    std::size_t bytes() const;

  private:
    HeldPiece next_piece(std::span<const Pairs> outputs, std::ptrdiff_t rows, std::ptrdiff_t rows_together) const;

    std::deque<HeldPiece> pieces_;
    std::uint64_t end_ = 0;
};

inline std::uint64_t end_of(const HeldPiece& piece) { return piece.first + static_cast<std::uint64_t>(piece.count); }

template <class Visit>
void HeldRows::for_each(std::uint64_t from, std::uint64_t to, Visit visit) const {
    auto piece =
        std::partition_point(pieces_.begin(), pieces_.end(), [&](const auto& one) { return end_of(one) <= from; });
    for (; from < to; ++piece) {
        const std::uint64_t end = std::min(to, end_of(*piece));
        const std::vector<Pairs> outputs = pairs_from(*piece, static_cast<std::ptrdiff_t>(from - piece->first));
        visit(std::span<const Pairs>(outputs), static_cast<std::ptrdiff_t>(end - from));
        from = end;
    }
}

}  // namespace squarely
