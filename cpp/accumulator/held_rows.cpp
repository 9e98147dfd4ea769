#include "accumulator/held_rows.hpp"

#include "machine/long_call.hpp"

#include <cstring>

namespace squarely {
namespace {

constexpr std::ptrdiff_t first_room = 16;  // rows of the first piece of a kind; the next have twice as many
constexpr std::ptrdiff_t rows_in_cache = 64;
constexpr std::ptrdiff_t rows_between_looks = 1024 * rows_in_cache;

std::size_t row_size(const HeldSide& side) { return side.columns * static_cast<std::size_t>(element_size(side.dtype)); }

bool is_of_kind(const HeldSide& side, const HeldSide& other) {
    return side.dtype == other.dtype && side.swapped == other.swapped && side.columns == other.columns;
}

bool are_of_one_kind(const HeldPiece& piece, const HeldPiece& other) {
    return piece.outputs == other.outputs && is_of_kind(piece.y_true, other.y_true) &&
           is_of_kind(piece.y_pred, other.y_pred) && is_of_kind(piece.weights, other.weights);
}

HeldSide side_like(const Column& column, std::size_t columns) {
    return {column.dtype, column.swapped, columns, nullptr};
}

// One column may be that of every output.
std::size_t columns_of_weights(std::span<const Pairs> outputs) {
    const Column& first = outputs[0].weights;
    const bool are_one = std::all_of(outputs.begin(), outputs.end(), [&](const Pairs& pairs) {
        return pairs.weights.data == first.data && pairs.weights.stride == first.stride;
    });
    return are_one ? 1 : outputs.size();
}

HeldPiece piece_without_room(std::span<const Pairs> outputs) {
    HeldPiece piece;
    piece.outputs = outputs.size();
    piece.y_true = side_like(outputs[0].y_true, outputs.size());
    piece.y_pred = side_like(outputs[0].y_pred, outputs.size());
    if (are_weighted(outputs[0])) piece.weights = side_like(outputs[0].weights, columns_of_weights(outputs));
    return piece;
}

void give_room(HeldPiece& piece, std::ptrdiff_t rows) {
    for (HeldSide* side : {&piece.y_true, &piece.y_pred, &piece.weights}) {
        const std::size_t size = static_cast<std::size_t>(rows) * row_size(*side);
        if (size > 0) side->elements.reset(new char[size]);
    }
    piece.room = rows;
}

template <std::size_t size>
void copy_elements(const char* from, std::ptrdiff_t stride, std::ptrdiff_t count, char* to, std::size_t step) {
    for (std::ptrdiff_t i = 0; i < count; ++i)
        std::memcpy(to + static_cast<std::size_t>(i) * step, from + i * stride, size);
}

void copy_column(const Column& column, Rows rows, char* to, std::size_t step) {
    const char* from = address(column, rows.first);
    switch (element_size(column.dtype)) {
        case 1: return copy_elements<1>(from, column.stride, rows.count, to, step);
        case 2: return copy_elements<2>(from, column.stride, rows.count, to, step);
        case 4: return copy_elements<4>(from, column.stride, rows.count, to, step);
        default: return copy_elements<8>(from, column.stride, rows.count, to, step);
    }
}

void copy_side(HeldSide& side, std::span<const Pairs> outputs, Column Pairs::* column, Rows rows, std::ptrdiff_t row) {
    const auto size = static_cast<std::size_t>(element_size(side.dtype));
    for (std::size_t i = 0; i < side.columns; ++i) {
        char* to = side.elements.get() + static_cast<std::size_t>(row) * row_size(side) + i * size;
        copy_column(outputs[i].*column, rows, to, row_size(side));
    }
}

// Behind the rows of a piece that has the room.
void copy_rows(HeldPiece& piece, std::span<const Pairs> outputs, Rows rows) {
    for (std::ptrdiff_t done = 0; done < rows.count; done += rows_in_cache) {
        if (done > 0 && done % rows_between_looks == 0) look_at_call();
        const Rows some{rows.first + done, std::min(rows_in_cache, rows.count - done)};
        copy_side(piece.y_true, outputs, &Pairs::y_true, some, piece.count);
        copy_side(piece.y_pred, outputs, &Pairs::y_pred, some, piece.count);
        copy_side(piece.weights, outputs, &Pairs::weights, some, piece.count);
        piece.count += some.count;
    }
}

Column column_at(const HeldSide& side, std::ptrdiff_t row, std::size_t output) {
    const std::size_t place = side.columns == 1 ? 0 : output;
    const std::size_t offset =
        static_cast<std::size_t>(row) * row_size(side) + place * static_cast<std::size_t>(element_size(side.dtype));
    return {side.elements.get() + offset, static_cast<std::ptrdiff_t>(row_size(side)), side.dtype, side.swapped};
}

}  // namespace

HeldPiece held_piece(std::span<const Pairs> outputs, std::ptrdiff_t rows, std::ptrdiff_t last) {
    HeldPiece piece = piece_without_room(outputs);
    give_room(piece, last);
    copy_rows(piece, outputs, {rows - last, last});
    return piece;
}

std::vector<Pairs> pairs_from(const HeldPiece& piece, std::ptrdiff_t row) {
    std::vector<Pairs> outputs(piece.outputs);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        outputs[i].y_true = column_at(piece.y_true, row, i);
        outputs[i].y_pred = column_at(piece.y_pred, row, i);
        if (piece.weights.columns > 0) outputs[i].weights = column_at(piece.weights, row, i);
    }
    return outputs;
}

HeldPiece HeldRows::next_piece(std::span<const Pairs> outputs, std::ptrdiff_t rows,
                               std::ptrdiff_t rows_together) const {
    HeldPiece piece = piece_without_room(outputs);
    const bool goes_on = !pieces_.empty() && are_of_one_kind(pieces_.back(), piece);
    const std::ptrdiff_t room = goes_on ? 2 * pieces_.back().room : first_room;
    give_room(piece, std::max(rows, std::min(room, rows_together)));
    return piece;
}

void HeldRows::append(std::span<const Pairs> outputs, Rows rows, std::ptrdiff_t rows_together) {
    std::ptrdiff_t into_last = 0;
    if (!pieces_.empty() && are_of_one_kind(pieces_.back(), piece_without_room(outputs))) {
        into_last = std::min(rows.count, pieces_.back().room - pieces_.back().count);
    }
    const Rows rest{rows.first + into_last, rows.count - into_last};
    if (rest.count > 0) {
        HeldPiece next = next_piece(outputs, rest.count, rows_together);
        next.first = end_ + static_cast<std::uint64_t>(into_last);
        copy_rows(next, outputs, rest);
        pieces_.push_back(std::move(next));
    }
    if (into_last > 0) copy_rows(pieces_[pieces_.size() - (rest.count > 0 ? 2 : 1)], outputs, {rows.first, into_last});
    end_ += static_cast<std::uint64_t>(rows.count);
}

void HeldRows::append(HeldPiece&& piece) {
    const auto rows = static_cast<std::uint64_t>(piece.count);
    piece.first = end_;
    pieces_.push_back(std::move(piece));
    end_ += rows;
}

void HeldRows::release(std::uint64_t first) {
    while (!pieces_.empty() && end_of(pieces_.front()) <= first) pieces_.pop_front();
}

std::size_t HeldRows::bytes() const {
    std::size_t all = 0;
    for (const HeldPiece& piece : pieces_) {
        const std::size_t row = row_size(piece.y_true) + row_size(piece.y_pred) + row_size(piece.weights);
        all += static_cast<std::size_t>(piece.room) * row;
    }
    return all;
}

}  // namespace squarely
