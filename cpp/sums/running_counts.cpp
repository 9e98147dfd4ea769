#include "sums/running_counts.hpp"

#include "sums/pair.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <new>
#include <utility>

namespace squarely {
namespace {

// Fewer are sorted sooner than tables are made and read.
constexpr std::size_t rows_for_tables = 4096;

constexpr std::size_t most_cells = std::size_t{1} << 22;
constexpr std::size_t least_cells = std::size_t{1} << 16;

std::vector<Term> terms_by_size(const State& state) {
    std::vector<Term> terms;
    for (const Sums& sums : state.sums) {
        if (is_by_size(sums.summand.term)) terms.push_back(sums.summand.term);
    }
    return terms;
}

struct SizesOfBlock {
    alignas(64) std::uint32_t truths[block_length];
    alignas(64) std::uint32_t predictions[block_length];
    alignas(64) std::uint32_t residuals[block_length];
    double least_residual = std::numeric_limits<double>::infinity();  // that is not zero, without its sign
    double greatest_residual = 0;
};

std::uint32_t size_of(double number) {
    return static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(number) >> (52 - most_size_bits));
}

// Of integers that no double holds the residual is the exact difference, rounded once.
void find_sizes(SizesOfBlock& sizes, bool with_both_sides, const Kernels& kernels, const Block& block,
                std::span<const LargePair> large) {
    kernels.find_sizes(block, with_both_sides ? sizes.truths : nullptr, sizes.predictions, sizes.residuals,
                       &sizes.least_residual, &sizes.greatest_residual);
    for (const LargePair& pair : large) {
        const double residual = nearest_difference(pair.y_true, pair.y_pred);
        const double magnitude = std::fabs(residual);
        sizes.residuals[pair.row] = size_of(residual);
        if (magnitude > 0) sizes.least_residual = std::min(sizes.least_residual, magnitude);
        sizes.greatest_residual = std::max(sizes.greatest_residual, magnitude);
    }
}

}  // namespace

bool has_counts_by_size(const State& state) {
    return std::any_of(state.sums.begin(), state.sums.end(),
                       [](const Sums& sums) { return is_by_size(sums.summand.term); });
}

RunningCounts::RunningCounts(const State& state, std::size_t outputs_at_once)
    : terms_(terms_by_size(state)),
      most_cells_(std::max(least_cells, most_cells / std::bit_ceil(outputs_at_once))),
      with_both_sides_(terms_.empty() || terms_.back() != Term::residuals_by_size) {}

void RunningCounts::add_block(const Kernels& kernels, const Block& block, const unsigned char* kept,
                              std::span<const LargePair> large) {
    SizesOfBlock sizes;
    find_sizes(sizes, with_both_sides_, kernels, block, large);
    const auto rows = static_cast<std::size_t>(block.length);
    const SizesOfRows all{with_both_sides_ ? sizes.truths : nullptr, sizes.predictions, sizes.residuals, rows};
    if (stays_open_ || tables_ == nullptr) {
        note(all, kept);
        if (!stays_open_ && noted_.rows() >= rows_for_tables) count_notes();
        return;
    }
    if (sizes.greatest_residual > 0) {
        tables_->widen(std::max<std::uint32_t>(1, size_of(sizes.least_residual)));
        tables_->widen(size_of(sizes.greatest_residual));
    }
    tables_->add(all);
    if (kept != nullptr) tables_->take_zeros(rows - static_cast<std::size_t>(kernels.count_where(kept, block.length)));
}

void RunningCounts::note(const SizesOfRows& sizes, const unsigned char* kept) {
    noted_.make_room(sizes.rows, with_both_sides_);
    for (std::size_t i = 0; i < sizes.rows; ++i) {
        if (kept == nullptr || kept[i] != 0) noted_.add(sizes, i);
    }
}

void RunningCounts::count_notes() {
    if (tables_ == nullptr) tables_ = std::make_unique<SizeTables>(terms_, most_cells_);
    for (const std::uint32_t size : noted_.residuals) tables_->widen(size);
    tables_->add(noted_.view());
    noted_.resize(0);
}

void RunningCounts::move_on() {
    if (noted_.rows() < rows_for_tables) return;
    try {
        count_notes();
    } catch (const std::bad_alloc&) {
    }
}

void RunningCounts::add_to(State& state, std::size_t output) const {
    std::vector<SizeCounts> counts;
    for (const Term term : terms_) {
        counts.push_back(counts_of_rows(facts_of(term).by_size, noted_.view()));
        if (tables_ != nullptr) merge(counts.back(), tables_->counts_of(term));
    }
    std::size_t next = 0;
    for (Sums& sums : state.sums) {
        if (is_by_size(sums.summand.term)) merge(sums.by_size[output], std::move(counts[next++]));
    }
}

}  // namespace squarely
