// Where pairs are in tables of counts by size: plain data, which kernels see, too.
//
// Of each number tables have the sizes of 31 binades in a row, of both signs, and zero; which binades, data say. The
// slot of a size is its sign, then how far it is above the binade before these, in which zero is the first slot, alone.
#pragma once

#include "tables/terms.hpp"

#include <cstddef>
#include <cstdint>

namespace squarely {

constexpr int window_binade_bits = 5;
constexpr int slot_bits = 1 + window_binade_bits + most_size_bits;
constexpr std::uint32_t slot_sign = std::uint32_t{1} << (slot_bits - 1);
constexpr std::uint32_t slots_of_a_binade = std::uint32_t{1} << most_size_bits;

// A row for each size of a truth or a prediction by six bits, and planes of rows, each of the eight sizes by three bits
// that residuals of one binade have: those of usual data lie side by side then. 16 bytes of 64 kilobytes are one row of
// a plane.
constexpr int column_bits = most_size_bits_of_two[1];
constexpr int row_bits = slot_bits - (most_size_bits - most_size_bits_of_two[0]);
constexpr int plane_bits = 1 + window_binade_bits;
constexpr std::uint32_t cells_of_a_plane = std::uint32_t{1} << (row_bits + column_bits);
constexpr std::uint32_t cells_in_window = cells_of_a_plane << plane_bits;

// The size before the least one that has a slot: that of the binade below.
struct SizeWindow {
    std::uint32_t truths;
    std::uint32_t predictions;
    std::uint32_t residuals;
};

// The signs and the leading bits of doubles, as kernels make them (kernels/sizes.hpp), of so many rows. Without truths
// and predictions where residuals alone are wanted.
struct SizesOfRows {
    const std::uint32_t* truths;
    const std::uint32_t* predictions;
    const std::uint32_t* residuals;
    std::size_t rows;
};

constexpr std::size_t rows_of_cells = 512;

// The slots of residuals, and where pairs are in the tables of truths and of predictions. What is outside the window of
// any of its numbers is behind the last slot and the last cell.
struct CellsOfRows {
    alignas(64) std::uint32_t residuals[rows_of_cells];
    alignas(64) std::uint32_t truths[rows_of_cells];
    alignas(64) std::uint32_t predictions[rows_of_cells];
};

constexpr std::uint32_t slot_outside = std::uint32_t{1} << slot_bits;
constexpr std::uint32_t cell_outside = cells_in_window;

}  // namespace squarely
