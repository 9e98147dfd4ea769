#include "sums/certified_sums.hpp"

#include "blocks/block.hpp"
#include "blocks/weights.hpp"
#include "machine/floating_point.hpp"
#include "machine/long_call.hpp"
#include "machine/targets.hpp"
#include "sums/certified_ends.hpp"
#include "sums/exact_squares.hpp"
#include "sums/sliced_squares.hpp"
#include "sums/window.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <vector>

namespace squarely {
namespace {

constexpr int largest_unit = 700;  // of percentages, which are not scaled: larger ones leave their range

// Of weights: their products with differences and squares stay among the doubles that lose nothing.
constexpr int smallest_of_weights = -200;
constexpr int largest_of_weights = 200;
constexpr double any_weight = 0.0;
constexpr double positive = 0x1p-1074;

// Sums of blocks, in units that fit the largest number there was.
struct Running {
    explicit Running(int index)
        : set(certified_sets[index]),
          kernel(current_target().kernels->certified[index]),
          present_kernel(current_target().kernels->certified_present[index]),
          weight_exponent(set.weighted ? smallest_of_weights : 0) {}

    CertifiedSet set;
    Kernels::Certified kernel;
    Kernels::Certified present_kernel;
    int error_exponent = smallest_exponent;
    int truth_exponent = smallest_exponent;
    int percentage_exponent = smallest_exponent;
    int weight_exponent;
    int scale = 0;  // the kernel gets blocks times 2^scale
    CertifiedStarts starts{};
    CertifiedSums sums;
    std::ptrdiff_t rows = 0;  // padding included
    double largest_of_rows = 0;
    bool chosen = false;
    int blocks_with_missing = 0;
    std::ptrdiff_t length = block_length;  // of the next block where rows are viewed: doubled while all goes well
};

// What products with weights are larger by: what they are multiplied with has room to grow for both. Larger weights
// than that are not summed.
int exponent_of_factors(const Running& running) {
    return running.set.weighted ? std::min(running.weight_exponent, largest_of_weights) - above_block : 0;
}

void flush(Running& running, const Kernels& kernels, CertifiedEnds& ends) {
    if (running.rows == 0) return;
    const int weights = exponent_of_factors(running);
    const Lanes lanes{0, kernels.lanes};
    const auto add_values = [&](const CertifiedLanes& sum, int exponent, std::optional<Ends>& own) {
        add_ends(sum, lanes, exponent + weights + value_unit, running.scale, running.rows, own);
    };
    const auto add_squares = [&](const CertifiedLanes& sum, int exponent, std::optional<Ends>& own) {
        add_ends(sum, lanes, 2 * exponent + weights + square_unit, 2 * running.scale, running.rows, own);
    };
    const CertifiedSums& sums = running.sums;
    const CertifiedSet& set = running.set;
    const int errors = running.error_exponent + running.scale;
    const int truths = running.truth_exponent + running.scale;
    if (set.squared_error) add_squares(sums.squared_error, errors, ends.squared_error);
    if (set.absolute_error) add_values(sums.absolute_error, errors, ends.absolute_error);
    if (set.error) {
        add_negated_ends(sums.error, lanes, errors + weights + value_unit, running.scale, running.rows, ends.error);
    }
    if (set.truth) {
        add_squares(sums.squared_truth, truths, ends.squared_truth);
        add_values(sums.truth, truths, ends.truth);
    }
    if (set.percentage_error) add_values(sums.percentage_error, running.percentage_exponent, ends.percentage_error);
    if (set.weighted) add_values(sums.weight, above_block, ends.weight);
    if (set.largest_error) {
        for (const double largest : sums.largest_error) {
            ends.largest_error = std::max(ends.largest_error, largest * power_of_two(-running.scale));
        }
    }
    running.rows = 0;
}

int scale_for_exponent(int exponent) {
    const bool fits = smallest_unscaled <= exponent && exponent <= largest_unscaled;
    return fits ? 0 : std::clamp(-exponent, -1000, 1000);
}

// Its terms are numbers of their own, whatever the scale of truth and prediction.
double largest_percentage(const Kernels& kernels, const Block& block) {
    constexpr auto term = static_cast<int>(Term::absolute_percentage_error);
    double values[block_length];
    double* const words[] = {values};
    Misfits out_of_range;
    kernels.terms[term].values(block, 0, words, out_of_range.data());
    return kernels.largest_value(values, block.length);
}

// Units only grow.
void choose_units(Running& running, const Kernels& kernels, const Block& block, const double* weights,
                  CertifiedEnds& ends) {
    flush(running, kernels, ends);
    const CertifiedSet& set = running.set;
    const double truth = set.truth ? kernels.largest_value(block.y_true, block.length) : 0.0;
    const double percentage = set.percentage_error ? largest_percentage(kernels, block) : 0.0;
    int& of_errors = running.error_exponent;
    int& of_truths = running.truth_exponent;
    int& of_percentages = running.percentage_exponent;
    of_errors = std::max(of_errors, exponent_above(kernels.largest_difference(block)));
    of_truths = std::max(of_truths, exponent_above(truth));
    of_percentages = std::clamp(exponent_above(percentage), std::max(of_percentages, smallest_unscaled), largest_unit);
    const double weight = set.weighted ? kernels.largest_value(weights, block.length) : 0.0;
    int& of_weights = running.weight_exponent;
    if (set.weighted) of_weights = std::max(of_weights, exponent_above(weight));
    const int scale = running.scale = scale_for_exponent(std::max(of_errors, of_truths));
    of_errors = std::max(of_errors, smallest_unscaled - scale);
    of_truths = std::max(of_truths, smallest_unscaled - scale);
    const int factors = exponent_of_factors(running);
    const auto of_squares = [&](int exponent) {
        return rounding_constant(2 * (exponent + scale) + factors + square_unit);
    };
    const auto of_values = [&](int exponent) { return rounding_constant(exponent + scale + factors + value_unit); };
    running.starts = {of_squares(of_errors),
                      of_values(of_errors),
                      of_squares(of_truths),
                      of_values(of_truths),
                      rounding_constant(of_percentages + factors + value_unit),
                      rounding_constant(factors + above_block + value_unit),
                      running.starts.least_weight};
    running.sums = {};
    running.chosen = true;
}

double largest_of_block(const Running& running) {
    const bool is_told = running.set.weighted ? running.set.largest_product : running.set.largest_error;
    if (!is_told || running.scale != 0) return std::numeric_limits<double>::infinity();
    const auto& lanes = running.sums.largest_of_block;
    return *std::max_element(std::begin(lanes), std::end(lanes));
}

bool add_to_kernel(Running& running, const Kernels& kernels, const Block& block, const double* weights) {
    bool is_added = false;
    if (running.weight_exponent > largest_of_weights) return false;
    if (running.scale == 0) {
        is_added = running.kernel(block, weights, running.starts, running.sums, nullptr);
    } else if (!running.set.percentage_error && !running.set.weighted) {
        ScaledBlock copy;
        const Block seen = scaled(kernels, block, running.scale, copy);
        is_added =
            !any_of(copy.lost, block.length) && running.kernel(seen, nullptr, running.starts, running.sums, nullptr);
    }
    running.rows += is_added ? block.length : 0;
    if (is_added) running.largest_of_rows = largest_of_block(running);
    return is_added;
}

void flush_if_full(Running& running, const Kernels& kernels, CertifiedEnds& ends) {
    if (running.rows < most_rows) return;
    flush(running, kernels, ends);
    running.sums = {};
}

// Enough to try, where a few rows tell the size of others. Percentages do not.
Block begin_of(const Block& block, const CertifiedSet& set) {
    const auto most = std::min<std::ptrdiff_t>(block.length, set.percentage_error ? block_length : block_multiple);
    return {block.y_true, block.y_pred, most, block.ahead};
}

// False where there are infinities, or numbers too different for it.
bool add_finite(Running& running, const Kernels& kernels, const Block& block, const double* weights,
                CertifiedEnds& ends) {
    if (!running.chosen) choose_units(running, kernels, begin_of(block, running.set), weights, ends);
    if (add_to_kernel(running, kernels, block, weights)) return true;
    if (!kernels.all_finite(without_prefetch(block))) return false;
    if (running.starts.least_weight > 0 && kernels.has_zero(weights, block.length)) return false;
    choose_units(running, kernels, block, weights, ends);
    return add_to_kernel(running, kernels, block, weights);
}

bool add_present(Running& running, const Block& block, std::uint64_t* missing) {
    if (running.present_kernel == nullptr || !running.chosen || running.scale != 0) return false;
    const bool is_added = running.present_kernel(block, nullptr, running.starts, running.sums, missing);
    running.rows += is_added ? block.length : 0;
    if (is_added) running.largest_of_rows = largest_of_block(running);
    return is_added;
}

bool add_block(Running& running, const Kernels& kernels, const Block& block, BlockBuffers& buffers,
               CertifiedEnds& ends) {
    if (running.blocks_with_missing == 0) {
        if (add_finite(running, kernels, block, nullptr, ends)) return true;
        running.blocks_with_missing = blocks_after_missing;
    }
    --running.blocks_with_missing;
    std::uint64_t missing[2] = {};
    const bool is_added = add_present(running, block, missing);
    if (!is_added) kernels.copy_present(block, buffers.y_true, buffers.y_pred, missing);
    ends.counts.missing_true += missing[0];
    ends.counts.missing_pred += missing[1];
    ends.counts.pairs -= missing[0] + missing[1];
    if (missing[0] + missing[1] > 0) running.blocks_with_missing = blocks_after_missing;
    return is_added ||
           add_finite(running, kernels, {buffers.y_true, buffers.y_pred, block.length, block.ahead}, nullptr, ends);
}

// Rows that do not count get a weight of zero. False where a pair that counts is not finite.
bool keep_weighted(const Kernels& kernels, const Block& block, const RowsKept& kept, BlockBuffers& buffers,
                   double* weights, PairCounts& counts) {
    unsigned char rows[block_length];
    LeftOut left_out{};
    kernels.keep_finite(block, kept.where, buffers.y_true, buffers.y_pred, rows, left_out);
    kernels.keep_rows(weights, block.length, rows);
    add(counts, left_out);
    return counts.infinite == 0 && counts.undefined == 0;
}

// A loop of positive weights first, and one of what is left where there are others, or rows that do not count.
bool add_weighted_rows(Running& running, const Kernels& kernels, const Pairs& pairs, Rows rows, BlockBuffers& buffers,
                       CertifiedEnds& ends) {
    alignas(64) double own[block_length];
    const double* weights = weights_of(kernels, pairs, rows, own);
    RowsKept kept = rows_kept(kernels, pairs, rows, buffers);
    const Block block = with_nulls(kernels, load_block(kernels, pairs, rows, kept, buffers, nullptr), kept, buffers);
    const bool is_whole = kept.where == nullptr && !kept.has_nulls && rows.count == block.length;
    if (is_whole && running.blocks_with_missing == 0) {
        running.starts.least_weight = positive;
        if (add_finite(running, kernels, block, weights, ends)) {
            ends.counts.pairs += static_cast<std::uint64_t>(rows.count);
            return true;
        }
        running.blocks_with_missing = blocks_after_missing;
    }
    running.blocks_with_missing -= running.blocks_with_missing > 0 ? 1 : 0;
    const std::uint64_t pairs_before = ends.counts.pairs;
    kept = with_weight(kernels, kept, weights, rows, buffers);
    ends.counts.masked += static_cast<std::uint64_t>(rows.count - kept.count);
    ends.counts.pairs += static_cast<std::uint64_t>(kept.count);
    if (kept.count == 0) return true;
    if (weights != own) std::copy(weights, weights + block.length, own);
    if (!keep_weighted(kernels, block, kept, buffers, own, ends.counts)) return false;
    if (ends.counts.pairs - pairs_before < static_cast<std::uint64_t>(rows.count)) {
        running.blocks_with_missing = blocks_after_missing;
    }
    running.starts.least_weight = any_weight;
    return add_finite(running, kernels, {buffers.y_true, buffers.y_pred, block.length, block.ahead}, own, ends);
}

bool add_rows(Running& running, const Kernels& kernels, const Pairs& pairs, Rows rows, BlockBuffers& buffers,
              CertifiedEnds& ends) {
    if (running.set.weighted) return add_weighted_rows(running, kernels, pairs, rows, buffers, ends);
    const RowsKept kept = rows_kept(kernels, pairs, rows, buffers);
    ends.counts.masked += static_cast<std::uint64_t>(rows.count - kept.count);
    ends.counts.pairs += static_cast<std::uint64_t>(kept.count);
    if (kept.count == 0) return true;
    // Not copied where nothing is to be done: members that were just stored one by one are loaded late together.
    Block block = load_block(kernels, pairs, rows, kept, buffers, nullptr);
    if (kept.has_nulls) block = with_nulls(kernels, block, kept, buffers);
    if (kept.where != nullptr) block = with_where(kernels, block, kept, buffers);
    return add_block(running, kernels, block, buffers, ends);
}

// Whether all rows are read as they lie: then as many are a block as a lane has room for.
bool are_viewed(const Pairs& pairs) {
    return pairs.y_true.dtype == DType::float64 && is_contiguous_and_whole(pairs) &&
           (!are_weighted(pairs) || is_viewed(pairs.weights));
}

bool add_long_block(Running& running, const Kernels& kernels, const Pairs& pairs, Rows rows, BlockBuffers& buffers,
                    CertifiedEnds& ends) {
    const Block block = load_block(kernels, pairs, rows, {nullptr, rows.count, false}, buffers, nullptr);
    const double* weights = nullptr;
    if (running.set.weighted) {
        weights = static_cast<const double*>(pairs.weights.data) + rows.first;
        running.starts.least_weight = positive;
    }
    if (!running.chosen) choose_units(running, kernels, begin_of(block, running.set), weights, ends);
    if (running.scale != 0 || !add_to_kernel(running, kernels, block, weights)) return false;
    ends.counts.pairs += static_cast<std::uint64_t>(rows.count);
    return true;
}

// What can be viewed as it lies first, and then less than that, which is copied.
std::ptrdiff_t length_of_block(std::ptrdiff_t longest, std::ptrdiff_t rows_left) {
    const std::ptrdiff_t length = std::min(longest, rows_left);
    return length < block_multiple ? length : length / block_multiple * block_multiple;
}

template <class LookAt>
bool add_piece(Running& running, const Kernels& kernels, const Pairs& pairs, const Stretch& piece,
               BlockBuffers& buffers, CertifiedEnds& ends, LookAt look_at) {
    // Where memory takes the time, long blocks of several sums take more of it.
    const bool is_near = piece.last - piece.first < smallest_stretch;
    const std::ptrdiff_t longest = is_near && are_viewed(pairs) ? most_steps * kernels.lanes : block_length;
    for (std::ptrdiff_t first = piece.first; first < piece.last;) {
        const std::ptrdiff_t most = running.blocks_with_missing > 0 ? block_length : std::min(longest, running.length);
        const Rows rows{first, length_of_block(most, piece.last - first)};
        running.largest_of_rows = 0;  // where none of them counts
        if (rows.count <= block_length) {
            if (!add_rows(running, kernels, pairs, rows, buffers, ends)) return false;
        } else if (!add_long_block(running, kernels, pairs, rows, buffers, ends)) {
            running.length = block_length;
            continue;
        }
        running.length = std::min(longest, 2 * running.length);
        flush_if_full(running, kernels, ends);
        look_at(rows, LargestOfRows{running.largest_of_rows, running.set.squared_error});
        first += rows.count;
    }
    return true;
}

void merge(std::optional<Ends>& ends, const std::optional<Ends>& other) {
    if (!other) return;
    if (!ends) ends.emplace();
    merge(ends->low, other->low);
    merge(ends->high, other->high);
}

bool is_certain_of_sign(const std::optional<Ends>& ends) {
    return ends && is_negative(ends->low) == is_negative(ends->high);
}

constexpr TermCounts no_counts;  // every term is a finite number

struct Direction {
    Term term;
    std::optional<Ends> CertifiedEnds::* ends;
    bool is_worse_if_larger;  // without its sign
};

constexpr Direction directions[] = {
    {Term::squared_error, &CertifiedEnds::squared_error, true},
    {Term::absolute_error, &CertifiedEnds::absolute_error, true},
    {Term::error, &CertifiedEnds::error, false},
    {Term::squared_truth, &CertifiedEnds::squared_truth, false},
    {Term::truth, &CertifiedEnds::truth, true},
    {Term::absolute_percentage_error, &CertifiedEnds::percentage_error, true},
    {Term::sample_weight, &CertifiedEnds::weight, false},
};

const Direction* direction_of(Term term) {
    const auto* found = std::find_if(std::begin(directions), std::end(directions),
                                     [&](const Direction& direction) { return direction.term == term; });
    return found == std::end(directions) ? nullptr : found;
}

const ExactSum& at(const CertifiedEnds& ends, const Direction& direction, bool is_worst) {
    const Ends& own = *(ends.*direction.ends);
    return (direction.is_worse_if_larger == is_worst) != is_negative(own.low) ? own.high : own.low;
}

}  // namespace

OutputSums sums_at(const CertifiedEnds& ends, const SummandList& summands, Corner corner) {
    OutputSums sums(Summation::exact, ends.weight.has_value(), ends.counts);
    // Made where they stay: members that were just stored one by one are loaded late together.
    const auto next = [&](const Summand& summand) -> SumOfOutput& {
        SumOfOutput& own = sums.sums[sums.number++];
        own.summand = summand;
        own.rounded = nullptr;
        own.counted = &no_counts;
        return own;
    };
    for (const Summand& summand : summands) {
        SumOfOutput& own = next(summand);
        if (summand.term == Term::largest_error) {
            own.extreme = ExtremeValue{ends.largest_error};
            own.counted = nullptr;
        } else {
            own.exact.emplace(at(ends, *direction_of(summand.term), corner.is_worst));
        }
    }
    if (ends.weight) next({Term::sample_weight}).exact.emplace(corner.is_heavy ? ends.weight->high : ends.weight->low);
    return sums;
}

namespace {

// What a set must have for a term. False where none has it.
bool want(CertifiedSet& wanted, Term term) {
    switch (term) {
        case Term::squared_error: return wanted.squared_error = true;
        case Term::absolute_error: return wanted.absolute_error = true;
        case Term::error: return wanted.error = true;
        case Term::truth:
        case Term::squared_truth: return wanted.truth = true;
        case Term::largest_error: return wanted.largest_error = true;
        case Term::absolute_percentage_error: return wanted.percentage_error = true;
        default: return false;
    }
}

std::optional<int> first_with(const CertifiedSet& wanted) {
    const auto* found = std::find_if(std::begin(certified_sets), std::end(certified_sets),
                                     [&](const CertifiedSet& set) { return has_all(set, wanted); });
    if (found == std::end(certified_sets)) return std::nullopt;
    return static_cast<int>(found - certified_sets);
}

// Of more predictions of a truth whose own sums are known.
int set_beside(int set) {
    CertifiedSet wanted = certified_sets[set];
    wanted.truth = false;
    return *first_with(wanted);
}

constexpr std::ptrdiff_t smallest_float32 = 16 * block_length;  // a trial is worth it

// Squares of contiguous float32 are summed as they lie in half of the time, unless their sizes differ too much: tried
// with a first, a middle and a last block.
bool fit_narrow_squares(const Kernels& kernels, const Pairs& pairs, std::ptrdiff_t rows) {
    ExactSquares trial;
    BlockBuffers buffers;
    for (const std::ptrdiff_t first : {std::ptrdiff_t{0}, (rows - block_length) / 2, rows - block_length}) {
        add_rows(trial, kernels, pairs, {first, block_length}, buffers);
    }
    return trial.narrow.chosen && trial.blocks_without_narrow == 0 && trial.blocks_by_parts == 0;
}

}  // namespace

bool has_all(const CertifiedSet& set, const CertifiedSet& wanted) {
    return set.weighted == wanted.weighted && set.squared_error >= wanted.squared_error &&
           set.absolute_error >= wanted.absolute_error && set.error >= wanted.error && set.truth >= wanted.truth &&
           set.largest_error >= wanted.largest_error && set.percentage_error >= wanted.percentage_error &&
           set.largest_product >= wanted.largest_product;
}

std::optional<int> certified_set(std::span<const Summand> summands, bool weighted, bool with_largest) {
    CertifiedSet wanted{
        .largest_error = with_largest && !weighted, .weighted = weighted, .largest_product = with_largest && weighted};
    for (const Summand& summand : summands) {
        if (!want(wanted, summand.term)) return std::nullopt;
    }
    // Alone these have shorter ways than a loop of everything.
    if (!wanted.squared_error && !wanted.absolute_error && !wanted.error && !wanted.truth) return std::nullopt;
    return first_with(wanted);
}

bool may_be_certified(const Pairs& pairs, std::ptrdiff_t rows, int set) {
    const Kernels& kernels = *current_target().kernels;
    if (kernels.certified[set] == nullptr) return false;
    if (pairs.y_true.dtype != pairs.y_pred.dtype) return false;
    if (pairs.y_true.dtype == DType::float64) return true;
    if (pairs.y_true.dtype != DType::float32) return false;
    const bool are_squares_alone = set == 0;  // without weights
    return !are_squares_alone || (rows >= smallest_float32 && !fit_narrow_squares(kernels, pairs, rows));
}

bool add_stretch(std::span<CertifiedEnds> ends, std::span<const Pairs> pairs, const Stretch& stretch, int set,
                 Onlooker* onlooker) {
    const Kernels& kernels = *current_target().kernels;
    const FloatingPointEnvironment environment;
    BlockBuffers buffers;
    Running first(set);
    std::vector<Running> others;
    while (others.size() + 1 < pairs.size()) others.emplace_back(set_beside(set));
    const auto running = [&](std::size_t i) -> Running& { return i == 0 ? first : others[i - 1]; };
    // Shorter pieces would keep the truth nearer, but start so many more streams from memory, which takes as long.
    for (std::ptrdiff_t row = stretch.first; row < stretch.last; row += smallest_stretch) {
        if (begins_a_piece(stretch, row)) look_at_call();
        const Stretch piece{row, std::min(stretch.last, row + smallest_stretch)};
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            const auto look_at = [&](const Rows& rows, const LargestOfRows& largest) {
                if (onlooker != nullptr) onlooker->look_at(i, rows, largest);
            };
            if (!add_piece(running(i), kernels, pairs[i], piece, buffers, ends[i], look_at)) return false;
        }
    }
    for (std::size_t i = 0; i < pairs.size(); ++i) flush(running(i), kernels, ends[i]);
    if (onlooker != nullptr) onlooker->finish();
    return true;
}

void add_outputs(std::span<CertifiedEnds> ends, std::span<const Pairs> outputs, const Stretch& stretch, int set) {
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        ends[i].are_known = add_stretch({&ends[i], 1}, {&outputs[i], 1}, stretch, set);
    }
}

bool share_truth(std::span<CertifiedEnds> ends, int set) {
    if (!certified_sets[set].truth) return true;
    const CertifiedEnds& first = ends.front();
    return std::all_of(ends.begin() + 1, ends.end(), [&](CertifiedEnds& other) {
        if (!(other.counts == first.counts) || first.counts.missing_true + first.counts.missing_pred > 0) return false;
        other.squared_truth = first.squared_truth;
        other.truth = first.truth;
        return true;
    });
}

void merge(CertifiedEnds& ends, const CertifiedEnds& other) {
    add(ends.counts, other.counts);
    ends.are_known &= other.are_known;
    ends.largest_error = std::max(ends.largest_error, other.largest_error);
    for (const Direction& direction : directions) merge(ends.*direction.ends, other.*direction.ends);
}

// Whether the variance of the truth is above zero wherever the sums lie.
bool is_spread(const CertifiedEnds& ends) {
    const OutputSums worst = sums_at(ends, {{Term::squared_truth}, {Term::truth}}, {.is_worst = true});
    const BigNumber spread = spread_of_truth(worst);
    return !is_zero(spread) && !spread.negative;
}

bool are_certain(const CertifiedEnds& ends, int set) {
    const CertifiedSet& sums = certified_sets[set];
    if (!ends.are_known || ends.counts.pairs == 0 || (sums.error && !is_certain_of_sign(ends.error))) return false;
    if (sums.weighted && (is_negative(ends.weight->low) || is_zero(ends.weight->low))) return false;
    return !sums.truth || (is_certain_of_sign(ends.truth) && is_spread(ends));
}

}  // namespace squarely
