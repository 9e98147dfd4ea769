#include "states/output_counts.hpp"

#include "kernels/kernels.hpp"
#include "tables/reasons.hpp"

#include <algorithm>

namespace squarely {
namespace {

bool are_pairs_alone(const PairCounts& counts) {
    PairCounts pairs;
    pairs.pairs = counts.pairs;
    return counts == pairs;
}

// Beyond it the proofs about the long integer end, and so do the counts of every caller's language.
constexpr std::uint64_t most_rows = INT64_MAX;

}  // namespace

std::uint64_t rows_of(const PairCounts& counts) {
    return counts.pairs + counts.missing_true + counts.missing_pred + counts.masked;
}

bool are_all_finite(const PairCounts& counts, std::ptrdiff_t rows) {
    return counts.pairs == static_cast<std::uint64_t>(rows) && counts.infinite == 0 && counts.undefined == 0;
}

void check_room(const PairCounts& counts, const PairCounts& more, std::size_t output) {
    if (rows_of(counts) <= most_rows - rows_of(more)) return;
    throw Refused(Reason::too_many_rows, output);
}

void add(PairCounts& counts, const PairCounts& more) {
    for (auto count : counts_of_every_output) counts.*count += more.*count;
    for (auto count : counts_of_infinite_pairs) counts.*count += more.*count;
}

PairCounts difference(const PairCounts& counts, const PairCounts& other) {
    PairCounts rest = counts;
    for (auto count : counts_of_every_output) rest.*count -= other.*count;
    for (auto count : counts_of_infinite_pairs) rest.*count -= other.*count;
    return rest;
}

void add(PairCounts& counts, const LeftOut& left_out) {
    counts.missing_true += left_out.missing_true;
    counts.missing_pred += left_out.missing_pred;
    counts.pairs -= left_out.missing_true + left_out.missing_pred;
    counts.undefined += left_out.undefined;
    counts.infinite += left_out.high_true + left_out.low_true + left_out.high_pred + left_out.low_pred;
    counts.high_true += left_out.high_true;
    counts.low_true += left_out.low_true;
    counts.high_pred += left_out.high_pred;
    counts.low_pred += left_out.low_pred;
}

void OutputCounts::set(std::size_t output, const PairCounts& counts) {
    if (all_.empty() && are_pairs_alone(counts)) {
        pairs_[output] = counts.pairs;
        return;
    }
    make_room(counts);
    all_[output] = counts;
}

void OutputCounts::make_room(const PairCounts& more) {
    if (are_pairs_alone(more) || !all_.empty()) return;
    all_ = std::vector<PairCounts>(begin(), end());
    pairs_ = {};
}

void OutputCounts::make_room(const OutputCounts& more) {
    const auto found = std::find_if_not(more.begin(), more.end(), are_pairs_alone);
    if (found != more.end()) make_room(*found);
}

void OutputCounts::add(std::size_t output, const PairCounts& more) {
    PairCounts counts = (*this)[output];
    squarely::add(counts, more);
    set(output, counts);
}

void OutputCounts::reserve(std::size_t outputs) {
    const auto grow = [outputs](auto& all) {
        if (outputs > all.capacity()) all.reserve(std::max(outputs, 2 * all.capacity()));
    };
    all_.empty() ? grow(pairs_) : grow(all_);
}

void OutputCounts::resize(std::size_t outputs) {
    if (all_.empty()) {
        pairs_.resize(outputs);
    } else {
        all_.resize(outputs);
    }
}

void OutputCounts::append(const OutputCounts& more) {
    const std::size_t first = size();
    resize(first + more.size());
    for (std::size_t i = 0; i < more.size(); ++i) set(first + i, more[i]);
}

OutputCounts OutputCounts::part(std::size_t first, std::size_t count) const {
    OutputCounts own(count);
    for (std::size_t i = 0; i < count; ++i) own.set(i, (*this)[first + i]);
    return own;
}

}  // namespace squarely
