// Tables that count pairs by size: of one output, for one thread.
//
// Residuals have a count for every size there is. Pairs of sizes have a row for each size of the truth, or of the
// prediction, and a column for each of the residual, made when the size is first met; rows are by as many bits as
// counts of one number, whose counts are then those of a row. What finds no room is kept as it is, and sorted some
// time.
#pragma once

#include "machine/zeroed_memory.hpp"
#include "states/size_counts.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace squarely {

// The signs and the leading bits of doubles, as kernels make them (kernels/sizes.hpp), of so many rows. Without truths
// and predictions where residuals alone are wanted.
struct SizesOfRows {
    const std::uint32_t* truths;
    const std::uint32_t* predictions;
    const std::uint32_t* residuals;
    std::size_t rows;
};

// The same where there is room for more.
struct NotedSizes {
    std::vector<std::uint32_t> truths;
    std::vector<std::uint32_t> predictions;
    std::vector<std::uint32_t> residuals;

    std::size_t rows() const { return residuals.size(); }
    SizesOfRows view() const;
    void make_room(std::size_t rows, bool with_both_sides);
    void add(const SizesOfRows& sizes, std::size_t row);  // where there is room
    void resize(std::size_t rows);                        // to fewer
};

// What a term counts of them.
SizeCounts counts_of_rows(const BySize& by, const SizesOfRows& sizes);

class SizeTables {
  public:
    // With no more cells than that for each of truths and predictions.
    SizeTables(std::span<const Term> terms, std::size_t most_cells);

    // Where it throws, nothing is counted.
    void add(const SizesOfRows& sizes);

    // Rows that were added in which everything is zero, and which do not count.
    void take_zeros(std::size_t rows);

    // Before rows with residuals of this size are added, or of sizes between two, with either sign.
    void widen(std::uint32_t size);

    SizeCounts counts_of(Term term) const;

  private:
    struct Table {
        std::uint32_t* row_of_size = nullptr;  // marked: where the row begins; zero where there is none
        std::vector<std::uint32_t> sizes;      // of the rows
        std::size_t most_rows = 0;             // there are cells for
        ZeroedMemory memory;
        std::size_t first_cell = 0;  // in the memory

        std::uint32_t* cells() const { return static_cast<std::uint32_t*>(memory.get()) + first_cell; }
    };

    // Cells of some rows, found before they are counted, so that memory has time to bring them.
    static constexpr std::size_t rows_at_once = 32;
    struct Cells {
        const std::uint32_t* residuals = nullptr;
        std::size_t rows = 0;
        std::uint32_t truths[rows_at_once];
        std::uint32_t predictions[rows_at_once];
    };

    bool with_both_sides() const { return truths_.row_of_size != nullptr; }
    bool find_cells(const SizesOfRows& sizes, Cells& found, Cells& before);
    void find_some_cells(const SizesOfRows& sizes, Cells& found);
    void count_residuals(const SizesOfRows& sizes);
    void make_rows_and_columns(const SizesOfRows& sizes);
    bool add_row(Table& table, std::uint32_t size);
    bool add_column(std::uint32_t residual);
    bool make_room_for_columns();
    ZeroedMemory cells_of(Table& table, std::size_t rows, std::size_t columns);
    static void set_cells(Table& table, ZeroedMemory memory, std::size_t rows, std::size_t columns);
    void settle();
    SizeCounts residuals_in_table() const;
    SizeCounts rows_in_table(const Table& table, const SizeAxis& axis) const;
    SizeCounts cells_in_table(const Table& table, const BySize& by) const;

    std::vector<Term> terms_;
    std::vector<SizeCounts> settled_;  // by term
    std::size_t most_cells_;
    std::uint64_t rows_in_tables_ = 0;
    ZeroedMemory by_size_;
    std::uint32_t* residuals_;
    std::uint32_t* more_residuals_;
    std::uint32_t least_;  // of their sizes, without signs, and not zero
    std::uint32_t greatest_;
    Table truths_;
    Table predictions_;
    std::vector<std::uint32_t> column_of_size_;  // marked
    std::vector<std::uint32_t> sizes_of_columns_;
    std::size_t most_columns_ = 0;
    NotedSizes left_over_;
};

}  // namespace squarely
