// Tables that count pairs by size: of one output, for one thread.
//
// A count has a cell for every size in a window of binades, which data choose (tables/size_window.hpp): no cell is
// looked for. What is outside is kept as it is, and sorted some time. Where much is, the window moves.
#pragma once

#include "kernels/kernels.hpp"
#include "machine/zeroed_memory.hpp"
#include "states/size_counts.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace squarely {

// Sizes where there is room for more.
struct NotedSizes {
    std::vector<std::uint32_t> truths;
    std::vector<std::uint32_t> predictions;
    std::vector<std::uint32_t> residuals;

    std::size_t rows() const { return residuals.size(); }
    SizesOfRows view() const;
    void make_room(std::size_t rows, bool with_both_sides);
    void add(const SizesOfRows& sizes, std::size_t row);  // where there is room
    void add(const SizesOfRows& sizes);
    void resize(std::size_t rows);  // to fewer
};

// What a term counts of them.
SizeCounts counts_of_rows(const BySize& by, const SizesOfRows& sizes);

class SizeTables {
  public:
    // With a window for rows such as these.
    SizeTables(std::span<const Term> terms, const SizesOfRows& some);

    // Where it throws, nothing is counted.
    void add(const Kernels& kernels, const SizesOfRows& sizes);

    // Rows that were added in which everything is zero, and which do not count.
    void take_zeros(std::size_t rows) { zeros_ += rows; }

    SizeCounts counts_of(Term term) const;

  private:
    // Cells of 16 bits, so that those of usual data lie in the nearest caches, and where each began anew.
    struct Table {
        ZeroedMemory memory;
        std::vector<std::uint32_t> passed;

        std::uint16_t* cells() const { return static_cast<std::uint16_t*>(memory.get()); }
        void count(const std::uint32_t* cells_of_rows, std::size_t rows);  // where there is room in passed
    };

    bool with_both_sides() const { return truths_.memory != nullptr; }
    void make_room(std::size_t rows);
    void leave_over(const SizesOfRows& sizes, const CellsOfRows& cells);
    void settle();
    SizeCounts unsettled_counts_of(Term term) const;
    std::vector<std::uint32_t> planes_in_use() const;
    SizePlace place_of_row(std::uint32_t row, const BySize& by) const;
    SizePlace place_of_column(std::uint32_t plane, std::uint32_t column, const BySize& by) const;
    SizeCounts residuals_in_table() const;
    SizeCounts cells_in_table(const Table& table, const BySize& by) const;
    SizeCounts passed_in_table(const Table& table, const BySize& by) const;

    std::vector<Term> terms_;
    std::vector<SizeCounts> settled_;  // by term
    SizeWindow window_;
    std::vector<std::uint32_t> residuals_;  // by slot
    std::uint64_t rows_in_tables_ = 0;
    std::uint64_t zeros_ = 0;
    Table truths_;
    Table predictions_;
    NotedSizes left_over_;
};

}  // namespace squarely
