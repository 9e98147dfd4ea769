#include "sums/running_counts.hpp"

#include "sums/pair.hpp"

#include <algorithm>
#include <bit>
#include <new>
#include <utility>

namespace squarely {
namespace {

// Fewer are sorted sooner than tables are made and read: those of pairs are a dozen megabytes, those of residuals alone
// 32 kilobytes.
constexpr std::size_t rows_for_tables = std::size_t{1} << 17;
constexpr std::size_t residuals_for_tables = 4096;

// While chunks are short: as many notes as stay near.
constexpr std::size_t rows_to_count = 4096;

// Those of an output are a dozen megabytes. Rows of more outputs at once are sorted, some at a time.
constexpr std::size_t most_outputs_with_tables = 4;
constexpr std::size_t rows_to_sort_at_once = std::size_t{1} << 19;
constexpr std::size_t fewest_rows_to_sort = 16384;

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
};

std::uint32_t size_of(double number) {
    return static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(number) >> (52 - most_size_bits));
}

// Of integers that no double holds the residual is the exact difference, rounded once.
void find_sizes(SizesOfBlock& sizes, bool with_both_sides, const Kernels& kernels, const Block& block,
                std::span<const LargePair> large) {
    kernels.find_sizes(block, with_both_sides ? sizes.truths : nullptr, sizes.predictions, sizes.residuals);
    for (const LargePair& pair : large) {
        sizes.residuals[pair.row] = size_of(nearest_difference(pair.y_true, pair.y_pred));
    }
}

std::size_t rows_that_are_many(bool with_both_sides, bool has_tables, std::size_t outputs_at_once) {
    if (!has_tables) return std::max(fewest_rows_to_sort, rows_to_sort_at_once / outputs_at_once);
    return with_both_sides ? rows_for_tables : residuals_for_tables;
}

}  // namespace

bool has_counts_by_size(const State& state) {
    return std::any_of(state.sums.begin(), state.sums.end(),
                       [](const Sums& sums) { return is_by_size(sums.summand.term); });
}

RunningCounts::RunningCounts(const State& state, std::size_t outputs_at_once)
    : terms_(terms_by_size(state)),
      sorted_(terms_.size()),
      with_both_sides_(terms_.empty() || terms_.back() != Term::residuals_by_size),
      has_tables_(outputs_at_once <= most_outputs_with_tables),
      many_(rows_that_are_many(with_both_sides_, has_tables_, outputs_at_once)) {}

void RunningCounts::add_block(const Kernels& kernels, const Block& block, const unsigned char* kept,
                              std::span<const LargePair> large) {
    SizesOfBlock sizes;
    find_sizes(sizes, with_both_sides_, kernels, block, large);
    const auto rows = static_cast<std::size_t>(block.length);
    const SizesOfRows all{with_both_sides_ ? sizes.truths : nullptr, sizes.predictions, sizes.residuals, rows};
    if (stays_open_ || tables_ == nullptr) {
        note(all, kept);
        if (!stays_open_ && noted_.rows() >= many_) count_notes(kernels);
        return;
    }
    tables_->add(kernels, all);
    if (kept != nullptr) tables_->take_zeros(rows - static_cast<std::size_t>(kernels.count_where(kept, block.length)));
}

void RunningCounts::note(const SizesOfRows& sizes, const unsigned char* kept) {
    noted_.make_room(sizes.rows, with_both_sides_);
    if (kept == nullptr) return noted_.add(sizes);
    for (std::size_t i = 0; i < sizes.rows; ++i) {
        if (kept[i] != 0) noted_.add(sizes, i);
    }
}

void RunningCounts::count_notes(const Kernels& kernels) {
    const SizesOfRows noted = noted_.view();
    if (has_tables_) {
        if (tables_ == nullptr) tables_ = std::make_unique<SizeTables>(terms_, noted);
        tables_->add(kernels, noted);
    } else {
        std::vector<SizeCounts> sorted;
        for (const Term term : terms_) sorted.push_back(counts_of_rows(facts_of(term).by_size, noted));
        merge_each(sorted_, sorted);
    }
    noted_.resize(0);
}

void RunningCounts::move_on(const Kernels& kernels) {
    if (noted_.rows() < (tables_ == nullptr ? many_ : rows_to_count)) return;
    try {
        count_notes(kernels);
    } catch (const std::bad_alloc&) {
    }
}

void RunningCounts::add_to(State& state, std::size_t output) const {
    std::vector<SizeCounts> counts = sorted_;
    for (std::size_t i = 0; i < terms_.size(); ++i) {
        merge(counts[i], counts_of_rows(facts_of(terms_[i]).by_size, noted_.view()));
        if (tables_ != nullptr) merge(counts[i], tables_->counts_of(terms_[i]));
    }
    std::size_t next = 0;
    for (Sums& sums : state.sums) {
        if (is_by_size(sums.summand.term)) merge(sums.by_size[output], std::move(counts[next++]));
    }
}

}  // namespace squarely
