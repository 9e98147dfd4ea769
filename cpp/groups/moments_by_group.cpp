#include "groups/moments_by_group.hpp"

#include "blocks/stretches.hpp"
#include "groups/gathered_pairs.hpp"
#include "machine/floating_point.hpp"
#include "machine/long_call.hpp"
#include "machine/targets.hpp"
#include "machine/threads.hpp"
#include "sums/pair.hpp"
#include "sums/window.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

namespace squarely {
namespace {

constexpr std::size_t most_tables = 3;           // of a quantity: numbers of very different sizes have several
constexpr std::size_t pairs_until_table = 4096;  // so many wait, before another table is worth its memory
constexpr std::size_t groups_out_of_cache = 16384;
constexpr std::ptrdiff_t rows_fetched_ahead = 64 + 8;

bool is_of(const Quantity& quantity, Term term) {
    return term == quantity.square || term == quantity.linear || term == quantity.size;
}

bool has_extreme(const State& state) {
    return std::any_of(state.sums.begin(), state.sums.end(), [](const Sums& sums) { return !sums.extreme.empty(); });
}

bool needs(const State& kind, const Quantity& quantity) {
    return std::any_of(kind.sums.begin(), kind.sums.end(),
                       [&](const Sums& sums) { return is_of(quantity, sums.summand.term); });
}

bool needs_squares_alone(const State& kind, const Quantity& quantity) {
    return std::none_of(kind.sums.begin(), kind.sums.end(), [&](const Sums& sums) {
        return sums.summand.term == quantity.linear || sums.summand.term == quantity.size;
    });
}

// The pairs of a quantity that no table has taken yet.
struct WaitingPairs {
    std::vector<double> y_true, y_pred;
    std::vector<std::uint32_t> groups;
};

// One quantity, as a thread sums it.
struct TablesOfQuantity {
    const Quantity* quantity;
    int quarters;
    std::vector<GroupTable> tables;
    std::vector<WaitingPairs> waiting;  // for the table of the same index, or for a new one
};

struct ExtremesByGroup {
    std::vector<double> largest_error, least_truth, greatest_truth;  // empty where nobody asks
};

struct Thread {
    std::vector<TablesOfQuantity> quantities;
    ExtremesByGroup extremes;
};

// What threads share.
struct Sum {
    State& state;
    std::mutex mutex;
    std::size_t groups;
};

void wait_for_table(WaitingPairs& waiting, const Block& block, const std::uint32_t* groups,
                    const std::uint64_t* misfits, std::ptrdiff_t rows) {
    for (std::ptrdiff_t word = 0; 64 * word < rows; ++word) {
        for (std::uint64_t left = misfits[word]; left != 0; left &= left - 1) {
            const std::ptrdiff_t i = 64 * word + std::countr_zero(left);
            waiting.y_true.push_back(block.y_true[i]);
            waiting.y_pred.push_back(block.y_pred[i]);
            waiting.groups.push_back(groups[i]);
        }
    }
}

bool any(const std::uint64_t* misfits, std::ptrdiff_t rows) {
    return std::any_of(misfits, misfits + (rows + 63) / 64, [](std::uint64_t word) { return word != 0; });
}

// The numbers of a quantity as a block of pairs: beside one that is alone stand zeros.
Block block_of(const Quantity& quantity, const Block& block, const double* zeros) {
    if (quantity.of_truth && quantity.of_prediction) return block;
    return {quantity.of_truth ? block.y_true : block.y_pred, zeros, block.length, {}};
}

void empty_full_rows(GroupTable& table, const GroupedRows& rows, const Quantity& quantity, Sum& sum, bool counts) {
    const std::lock_guard lock(sum.mutex);
    const QuantitySums sums = sums_of_quantity(sum.state, quantity);
    for (int i = 0; i < rows.full_count; ++i) {
        const std::uint64_t pairs = empty_row(table, rows.full[i], quantity, sums);
        if (counts) sum.state.counts.add_pairs(rows.full[i], pairs);
    }
}

alignas(64) constexpr double zeros[block_length] = {};

// The sums of a thread.
class Adder {
  public:
    Adder(const Kernels& kernels, Sum& sum, Thread& thread) : kernels_(kernels), sum_(sum), thread_(thread) {}

    // Before the first pairs: what tables are made for, the most of a sample.
    void expect(const Block& sample) {
        for (TablesOfQuantity& own : thread_.quantities) {
            own.tables.push_back(table_for(block_of(*own.quantity, sample, zeros), own.quarters));
        }
    }

    // Adds differences, which all states of groups have, and whose rows count the pairs. Sets the bits of pairs that do
    // not fit. What follows the groups may be read up to groups_end.
    void add_differences(const Block& block, const std::uint32_t* groups, std::ptrdiff_t rows,
                         const std::uint32_t* groups_end, std::uint64_t* misfits) {
        add_fitting(thread_.quantities.front(), 0, block, groups, rows, groups_end, misfits);
    }

    // Those of them that are two finite numbers.
    void add_misfits(const Block& block, const std::uint32_t* groups, std::ptrdiff_t rows,
                     const std::uint64_t* misfits) {
        wait(thread_.quantities.front(), 0, block, groups, rows, misfits);
    }

    // The other quantities, of pairs of finite numbers.
    void add_others(const Block& block, const std::uint32_t* groups, std::ptrdiff_t rows,
                    const std::uint32_t* groups_end) {
        for (std::size_t i = 1; i < thread_.quantities.size(); ++i) {
            TablesOfQuantity& own = thread_.quantities[i];
            add(own, 0, block_of(*own.quantity, block, zeros), groups, rows, groups_end);
        }
    }

    void finish() {
        for (TablesOfQuantity& own : thread_.quantities) {
            for (std::size_t i = 0; i < own.waiting.size(); ++i) take_waiting(own, i, true);
        }
    }

  private:
    GroupTable table_for(const Block& numbers, int quarters) const {
        const int exponent = std::clamp(best_window(numbers).exponent, smallest_window, largest_window);
        return GroupTable(exponent, quarters, sum_.groups);
    }

    void add(TablesOfQuantity& own, std::size_t index, const Block& numbers, const std::uint32_t* groups,
             std::ptrdiff_t rows, const std::uint32_t* groups_end) {
        std::uint64_t misfits[block_length / 64];
        add_fitting(own, index, numbers, groups, rows, groups_end, misfits);
        if (any(misfits, rows)) wait(own, index, numbers, groups, rows, misfits);
    }

    void add_fitting(TablesOfQuantity& own, std::size_t index, const Block& numbers, const std::uint32_t* groups,
                     std::ptrdiff_t rows, const std::uint32_t* groups_end, std::uint64_t* misfits) {
        GroupTable& table = own.tables[index];
        const bool fetches = sum_.groups > groups_out_of_cache;
        rows_.groups = groups;
        rows_.count = rows;
        rows_.to_fetch = fetches ? groups_end - groups - rows_fetched_ahead : 0;
        rows_.table = table.rows;
        kernels_.add_grouped_rows[own.quarters - 1](numbers, table.window, rows_, misfits);
        const bool counts = index == 0 && &own == &thread_.quantities.front();
        if (rows_.full_count > 0) empty_full_rows(table, rows_, *own.quantity, sum_, counts);
    }

    void wait(TablesOfQuantity& own, std::size_t index, const Block& numbers, const std::uint32_t* groups,
              std::ptrdiff_t rows, const std::uint64_t* misfits) {
        if (own.waiting.size() <= index) own.waiting.resize(index + 1);
        wait_for_table(own.waiting[index], numbers, groups, misfits, rows);
        if (own.waiting[index].groups.size() >= pairs_until_table) take_waiting(own, index, false);
    }

    // Those that a table has refused go to the next one, which is made when many wait.
    void take_waiting(TablesOfQuantity& own, std::size_t index, bool is_last) {
        WaitingPairs pairs = std::exchange(own.waiting[index], {});
        const std::size_t count = pairs.groups.size();
        if (count == 0) return;
        const bool has_next = own.tables.size() > index + 1;
        if (!has_next && (is_last || index + 1 == most_tables || !make_table(own, pairs)))
            return add_exactly(own, pairs);
        const std::size_t padded = (count + block_multiple - 1) / block_multiple * block_multiple;
        pairs.y_true.resize(padded);
        pairs.y_pred.resize(padded);
        for (std::size_t first = 0; first < count; first += block_length) {
            const auto rows = static_cast<std::ptrdiff_t>(std::min<std::size_t>(block_length, count - first));
            const auto length = static_cast<std::ptrdiff_t>(std::min<std::size_t>(block_length, padded - first));
            add(own, index + 1, {pairs.y_true.data() + first, pairs.y_pred.data() + first, length, {}},
                pairs.groups.data() + first, rows, pairs.groups.data() + count);
        }
    }

    // Where many of those that wait are of one size.
    bool make_table(TablesOfQuantity& own, const WaitingPairs& pairs) const {
        const Block sample{pairs.y_true.data(), pairs.y_pred.data(), block_length, {}};
        const BestWindow best = best_window(sample);
        if (best.pairs < block_length / 4 || !is_window(best.exponent)) return false;
        try {
            own.tables.emplace_back(best.exponent, own.quarters, sum_.groups);
        } catch (const std::bad_alloc&) {
            return false;  // the way without a table needs none
        }
        return true;
    }

    void add_exactly(const TablesOfQuantity& own, const WaitingPairs& pairs) {
        const std::lock_guard lock(sum_.mutex);
        const QuantitySums sums = sums_of_quantity(sum_.state, *own.quantity);
        const bool is_prediction = !own.quantity->of_truth;
        for (std::size_t i = 0; i < pairs.groups.size(); ++i) {
            const BinaryNumber first = number_of(pairs.y_true[i]);
            const BinaryNumber second = number_of(pairs.y_pred[i]);
            // A prediction alone stands in the place of the truth.
            add_pair(is_prediction ? GroupedPair{second, first, pairs.groups[i]}
                                   : GroupedPair{first, second, pairs.groups[i]},
                     *own.quantity, sums);
        }
    }

    const Kernels& kernels_;
    Sum& sum_;
    Thread& thread_;
    GroupedRows rows_;
};

// Pairs that do not count, or are not two finite numbers, or are of integers no double holds, are made pairs of zeros,
// which add nothing; and what they are is counted, or added exactly.
struct LeftOutPairs {
    std::vector<std::pair<std::uint32_t, PairCounts>> counts;
    std::vector<GroupedPair> large;
    bool any = false;
    bool left_out[block_length];  // where there are any
};

void leave_out(LeftOutPairs& left_out, std::ptrdiff_t row) {
    if (!left_out.any) std::fill_n(left_out.left_out, block_length, false);
    left_out.any = true;
    left_out.left_out[row] = true;
}

void leave_out(LeftOutPairs& left_out, std::ptrdiff_t row, std::uint32_t group, const PairCounts& counts) {
    leave_out(left_out, row);
    left_out.counts.emplace_back(group, counts);
}

PairCounts counts_of_masked() {
    PairCounts counts;
    counts.masked = 1;
    --counts.pairs;  // a row of a table counts it as one
    return counts;
}

// Known before the numbers are looked at.
void find_left_out(const RowsKept& kept, std::ptrdiff_t rows, const std::uint32_t* groups,
                   const std::vector<LargePair>& large, LeftOutPairs& left_out) {
    for (std::ptrdiff_t i = 0; kept.where != nullptr && i < rows; ++i) {
        if (kept.where[i] == 0) leave_out(left_out, i, groups[i], counts_of_masked());
    }
    for (const LargePair& pair : large) {
        leave_out(left_out, pair.row);
        left_out.large.push_back({pair.y_true, pair.y_pred, groups[pair.row]});
    }
}

// Those of the misfits that are not two finite numbers, which then are no misfits any more.
void find_left_out(const Block& block, const std::uint32_t* groups, std::ptrdiff_t rows, std::uint64_t* misfits,
                   LeftOutPairs& left_out) {
    for (std::ptrdiff_t word = 0; 64 * word < rows; ++word) {
        for (std::uint64_t left = misfits[word]; left != 0; left &= left - 1) {
            const std::ptrdiff_t i = 64 * word + std::countr_zero(left);
            if (are_finite(block.y_true[i], block.y_pred[i])) continue;
            PairCounts counts;
            leave_out(counts, block.y_true[i], block.y_pred[i]);
            leave_out(left_out, i, groups[i], counts);
            misfits[word] &= ~(left & -left);
        }
    }
}

void blank_out(const LeftOutPairs& left_out, Block& block, std::ptrdiff_t rows, BlockBuffers& buffers) {
    if (block.y_true != buffers.y_true) std::copy(block.y_true, block.y_true + block.length, buffers.y_true);
    if (block.y_pred != buffers.y_pred) std::copy(block.y_pred, block.y_pred + block.length, buffers.y_pred);
    for (std::ptrdiff_t i = 0; i < rows; ++i) {
        if (left_out.left_out[i]) buffers.y_true[i] = buffers.y_pred[i] = 0;
    }
    block = {buffers.y_true, buffers.y_pred, block.length, {}};
}

std::vector<ExtremeValue>* find_extremes(State& state, Term term) {
    for (Sums& sums : state.sums) {
        if (sums.summand == Summand{term}) return &sums.extreme;
    }
    return nullptr;
}

struct GroupRange {
    std::size_t first;
    std::size_t last;
};

void raise_to(std::vector<ExtremeValue>* extremes, std::size_t group, const ExtremeValue& value) {
    if (extremes != nullptr) (*extremes)[group] = std::max((*extremes)[group], value);
}

void lower_to(std::vector<ExtremeValue>* extremes, std::size_t group, const ExtremeValue& value) {
    if (extremes != nullptr) (*extremes)[group] = std::min((*extremes)[group], value);
}

void add_large(State& state, const GroupedPair& pair) {
    for (const Quantity& quantity : quantities) add_pair(pair, quantity, sums_of_quantity(state, quantity));
    raise_to(find_extremes(state, Term::largest_error), pair.group,
             {std::fabs(nearest_difference(pair.y_true, pair.y_pred))});
    raise_to(find_extremes(state, Term::greatest_truth), pair.group, extreme_value(pair.y_true));
    lower_to(find_extremes(state, Term::least_truth), pair.group, extreme_value(pair.y_true));
}

void add_left_out(LeftOutPairs& left_out, Sum& sum) {
    const std::lock_guard lock(sum.mutex);
    for (const auto& [group, counts] : left_out.counts) sum.state.counts.add(group, counts);
    for (const GroupedPair& pair : left_out.large) add_large(sum.state, pair);
}

void add_extremes(ExtremesByGroup& extremes, const Block& block, const std::uint32_t* groups, std::ptrdiff_t rows,
                  const LeftOutPairs& left_out) {
    for (std::ptrdiff_t i = 0; i < rows; ++i) {
        if (left_out.any && left_out.left_out[i]) continue;
        const std::uint32_t group = groups[i];
        if (!extremes.largest_error.empty()) {
            double& largest = extremes.largest_error[group];
            largest = std::max(largest, std::fabs(block.y_true[i] - block.y_pred[i]));
        }
        if (!extremes.least_truth.empty()) {
            double& least = extremes.least_truth[group];
            double& greatest = extremes.greatest_truth[group];
            least = std::min(least, block.y_true[i]);
            greatest = std::max(greatest, block.y_true[i]);
        }
    }
}

struct Rest {
    const Pairs& pairs;
    const std::uint32_t* groups;
    std::ptrdiff_t first;
    std::ptrdiff_t last;
    bool may_end = true;  // before its last row, where the call is to end
};

// Some pairs from everywhere, because neighbours are alike in sorted data.
void expect_numbers(Adder& adder, const Kernels& kernels, const Rest& rows) {
    std::vector<std::uint32_t> sample;
    const std::ptrdiff_t count = rows.last - rows.first;
    const std::ptrdiff_t step = std::max<std::ptrdiff_t>(1, count / block_length);
    for (std::ptrdiff_t i = 0; i < count && sample.size() < block_length; i += step) {
        sample.push_back(static_cast<std::uint32_t>(i));
    }
    GatheredPairs gathered;
    gather(rows.pairs, rows.first, sample, gathered);
    BlockBuffers buffers;
    std::vector<LargePair> large;
    const Rows own{0, static_cast<std::ptrdiff_t>(sample.size())};
    const RowsKept kept = rows_kept(kernels, gathered.pairs, own, buffers);
    adder.expect(with_nulls(kernels, load_block(kernels, gathered.pairs, own, kept, buffers, large), kept, buffers));
}

void add_block(Adder& adder, const Kernels& kernels, Sum& sum, Thread& thread, const Rest& rest,
               BlockBuffers& buffers) {
    const Rows rows{rest.first, std::min<std::ptrdiff_t>(block_length, rest.last - rest.first)};
    const RowsKept kept = rows_kept(kernels, rest.pairs, rows, buffers);
    std::vector<LargePair> large;
    Block block = with_nulls(kernels, load_block(kernels, rest.pairs, rows, kept, buffers, large), kept, buffers);
    const std::uint32_t* const groups = rest.groups + rows.first;
    LeftOutPairs left_out;
    if (kept.where != nullptr || !large.empty()) {
        find_left_out(kept, rows.count, groups, large, left_out);
        if (left_out.any) blank_out(left_out, block, rows.count, buffers);
    }
    const std::uint32_t* const groups_end = rest.groups + rest.last;
    std::uint64_t misfits[block_length / 64];
    adder.add_differences(block, groups, rows.count, groups_end, misfits);
    block = without_prefetch(block);
    if (any(misfits, rows.count)) {
        find_left_out(block, groups, rows.count, misfits, left_out);
        adder.add_misfits(block, groups, rows.count, misfits);
        if (left_out.any) blank_out(left_out, block, rows.count, buffers);
    }
    if (left_out.any) add_left_out(left_out, sum);
    adder.add_others(block, groups, rows.count, groups_end);
    if (has_extreme(sum.state)) add_extremes(thread.extremes, block, groups, rows.count, left_out);
}

void add_rows(Adder& adder, const Kernels& kernels, Sum& sum, Thread& thread, const Rest& rows) {
    BlockBuffers buffers;
    const Stretch stretch{rows.first, rows.last};
    for (std::ptrdiff_t first = rows.first; first < rows.last; first += block_length) {
        if (rows.may_end && begins_a_piece(stretch, first)) look_at_call();
        add_block(adder, kernels, sum, thread, {rows.pairs, rows.groups, first, rows.last}, buffers);
    }
}

Thread thread_for(const State& kind, std::size_t groups) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    Thread thread;
    for (const Quantity& quantity : quantities) {
        // Rows count the pairs, which the first quantity does.
        if (!needs(kind, quantity) && &quantity != &quantities[0]) continue;
        thread.quantities.push_back({&quantity, needs_squares_alone(kind, quantity) ? 1 : 2, {}, {}});
    }
    if (find(kind, {Term::largest_error}) != nullptr) thread.extremes.largest_error.resize(groups);
    if (find(kind, {Term::least_truth}) != nullptr || find(kind, {Term::greatest_truth}) != nullptr) {
        thread.extremes.least_truth.resize(groups, infinity);
        thread.extremes.greatest_truth.resize(groups, -infinity);
    }
    return thread;
}

// Of two zeros plus zero, because either may have come first.
void add_extremes_of(Sum& sum, const ExtremesByGroup& extremes, GroupRange groups) {
    std::vector<ExtremeValue>* const largest = find_extremes(sum.state, Term::largest_error);
    std::vector<ExtremeValue>* const least_truth = find_extremes(sum.state, Term::least_truth);
    std::vector<ExtremeValue>* const greatest_truth = find_extremes(sum.state, Term::greatest_truth);
    for (std::size_t group = groups.first; group < groups.last; ++group) {
        if (!extremes.largest_error.empty()) raise_to(largest, group, {extremes.largest_error[group]});
        if (extremes.least_truth.empty()) continue;
        lower_to(least_truth, group, {extremes.least_truth[group] + 0.0});
        raise_to(greatest_truth, group, {extremes.greatest_truth[group] + 0.0});
    }
}

void empty_rows(Sum& sum, TablesOfQuantity& own, bool is_first, GroupRange groups) {
    const QuantitySums sums = sums_of_quantity(sum.state, *own.quantity);
    for (GroupTable& table : own.tables) {
        const bool counts = is_first && &table == &own.tables.front();
        for (std::size_t group = groups.first; group < groups.last; ++group) {
            const std::uint64_t pairs = empty_row(table, group, *own.quantity, sums);
            if (counts) sum.state.counts.add_pairs(group, pairs);
        }
    }
}

void empty_all(Sum& sum, std::span<Thread> threads) {
    constexpr std::size_t groups_in_job = 4096;
    const std::size_t jobs = (sum.groups + groups_in_job - 1) / groups_in_job;
    parallel_for(static_cast<std::ptrdiff_t>(jobs), [&](std::ptrdiff_t job) {
        const std::size_t first = static_cast<std::size_t>(job) * groups_in_job;
        const GroupRange groups{first, std::min(sum.groups, first + groups_in_job)};
        for (Thread& thread : threads) {
            for (TablesOfQuantity& own : thread.quantities) {
                empty_rows(sum, own, &own == &thread.quantities.front(), groups);
            }
            add_extremes_of(sum, thread.extremes, groups);
        }
    });
}

// A thread has tables of its own: as many groups as rows are no work for two.
std::ptrdiff_t threads_for(std::ptrdiff_t rows, std::size_t groups) {
    const std::ptrdiff_t least = std::max<std::ptrdiff_t>(smallest_stretch, 2 * static_cast<std::ptrdiff_t>(groups));
    return std::clamp<std::ptrdiff_t>(rows / least, 1, num_threads());
}

struct GroupsAsked {
    const State& kind;
    std::size_t count;
};

// All parts have the same groups.
State moments_of(const GroupsAsked& asked, std::span<const Pairs> parts, std::ptrdiff_t rows,
                 std::span<const std::uint32_t> groups) {
    const Kernels& kernels = *current_target().kernels;
    State state = empty_like(asked.kind, asked.count);
    Sum sum{state, {}, asked.count};
    const std::ptrdiff_t number = threads_for(rows, asked.count);
    std::vector<Thread> threads;
    for (std::ptrdiff_t i = 0; i < number; ++i) threads.push_back(thread_for(asked.kind, asked.count));
    parallel_for(number, [&](std::ptrdiff_t index) {
        const FloatingPointEnvironment environment;
        Thread& thread = threads[static_cast<std::size_t>(index)];
        Adder adder(kernels, sum, thread);
        const std::ptrdiff_t first = rows * index / number;
        const std::ptrdiff_t last = rows * (index + 1) / number;
        expect_numbers(adder, kernels, {parts[0], groups.data(), first, last});
        for (const Pairs& part : parts) add_rows(adder, kernels, sum, thread, {part, groups.data(), first, last});
        adder.finish();
    });
    empty_all(sum, threads);
    return state;
}

// From one output to the next, the same everywhere. Null where it is not.
std::optional<std::ptrdiff_t> step_between(std::span<const Pairs> outputs, Column Pairs::* side) {
    const auto* const first = static_cast<const char*>((outputs[0].*side).data);
    const std::ptrdiff_t step = static_cast<const char*>((outputs[1].*side).data) - first;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        const Column& column = outputs[i].*side;
        const bool is_alike = column.dtype == (outputs[0].*side).dtype &&
                              column.swapped == (outputs[0].*side).swapped &&
                              column.stride == (outputs[0].*side).stride && !may_have_nulls(column);
        if (!is_alike || static_cast<const char*>(column.data) - first != static_cast<std::ptrdiff_t>(i) * step) {
            return std::nullopt;
        }
    }
    return step;
}

// The pairs of all outputs, a row each. None where outputs are not neighbours, or some of their rows do not count.
std::vector<Pairs> rows_of_outputs(std::span<const Pairs> outputs, std::ptrdiff_t rows) {
    const auto is_masked = [](const Pairs& pairs) { return pairs.where != nullptr; };
    if (std::any_of(outputs.begin(), outputs.end(), is_masked)) return {};
    const auto true_step = step_between(outputs, &Pairs::y_true);
    const auto pred_step = step_between(outputs, &Pairs::y_pred);
    if (!true_step || !pred_step) return {};
    std::vector<Pairs> wide;
    for (std::ptrdiff_t row = 0; row < rows; ++row) {
        const auto row_of = [&](const Column& column, std::ptrdiff_t step) {
            return Column{address(column, row), step, column.dtype, column.swapped};
        };
        wide.push_back({row_of(outputs[0].y_true, *true_step), row_of(outputs[0].y_pred, *pred_step)});
    }
    return wide;
}

}  // namespace

// By more than asked for, because groups come a few at a time.
void make_room(Thread& thread, std::size_t groups) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    for (TablesOfQuantity& own : thread.quantities) {
        for (GroupTable& table : own.tables) make_room(table, groups);
    }
    const auto grow = [&](std::vector<double>& values, double first) {
        if (!values.empty()) values.resize(groups, first);
    };
    grow(thread.extremes.largest_error, 0);
    grow(thread.extremes.least_truth, infinity);
    grow(thread.extremes.greatest_truth, -infinity);
}

struct OpenMoments::Own {
    Thread thread;
    std::size_t room;
    const Kernels* kernels = current_target().kernels;
};

OpenMoments::OpenMoments(const State& state)
    : own_(new Own{thread_for(state, state.counts.size()), state.counts.size()}) {}

OpenMoments::OpenMoments(const OpenMoments& other) : own_(new Own(*other.own_)) {}
OpenMoments::OpenMoments(OpenMoments&& other) noexcept = default;
OpenMoments::~OpenMoments() = default;

OpenMoments& OpenMoments::operator=(OpenMoments other) noexcept {
    own_ = std::move(other.own_);
    return *this;
}

void OpenMoments::add(State& state, const Pairs& pairs, std::ptrdiff_t rows, std::span<const std::uint32_t> groups) {
    const FloatingPointEnvironment environment;
    if (state.counts.size() > own_->room) {
        own_->room = state.counts.size() + state.counts.size() / 2;
        make_room(own_->thread, own_->room);
    }
    Sum sum{state, {}, own_->room};
    Adder adder(*own_->kernels, sum, own_->thread);
    const Rest all{pairs, groups.data(), 0, rows, false};
    if (own_->thread.quantities.front().tables.empty()) expect_numbers(adder, *own_->kernels, all);
    add_rows(adder, *own_->kernels, sum, own_->thread, all);
}

void OpenMoments::close(State& state) {
    const FloatingPointEnvironment environment;
    Sum sum{state, {}, state.counts.size()};
    Adder(*own_->kernels, sum, own_->thread).finish();
    empty_all(sum, {&own_->thread, 1});
}

bool sums_grouped_moments_alone(const State& state) {
    if (state.summation != Summation::exact || state.weighted) return false;
    return std::all_of(state.sums.begin(), state.sums.end(), [](const Sums& sums) {
        return !sums.extreme.empty() ||
               std::any_of(std::begin(quantities), std::end(quantities),
                           [&](const Quantity& quantity) { return is_of(quantity, sums.summand.term); });
    });
}

State moments_by_group(const State& kind, const Pairs& pairs, std::ptrdiff_t rows,
                       std::span<const std::uint32_t> groups, std::size_t count) {
    return moments_of({kind, count}, {&pairs, 1}, rows, groups);
}

PairCounts counts_of(const Pairs& pairs, std::ptrdiff_t rows) {
    const FloatingPointEnvironment environment;
    const Kernels& kernels = *current_target().kernels;
    BlockBuffers buffers;
    std::vector<LargePair> large;
    PairCounts all;
    for (std::ptrdiff_t first = 0; first < rows; first += block_length) {
        const Rows own{first, std::min<std::ptrdiff_t>(block_length, rows - first)};
        const RowsKept kept = rows_kept(kernels, pairs, own, buffers);
        Block block = load_block(kernels, pairs, own, kept, buffers, large);
        block = with_nulls(kernels, with_where(kernels, block, kept, buffers), kept, buffers);
        if (kernels.all_finite(block)) continue;
        for (std::ptrdiff_t i = 0; i < own.count; ++i) {
            const bool counts = kept.where == nullptr || kept.where[i] != 0;
            if (counts) count(all, kind_of(block.y_true[i], block.y_pred[i]));
        }
    }
    return all;
}

bool add_wide_rows(State& state, std::span<const Pairs> outputs, std::ptrdiff_t rows) {
    constexpr std::size_t least_outputs = 64;
    constexpr std::ptrdiff_t most_rows = 64;
    if (outputs.size() < least_outputs || rows > most_rows || !sums_grouped_moments_alone(state)) return false;
    const std::vector<Pairs> wide = rows_of_outputs(outputs, rows);
    if (wide.empty()) return false;
    std::vector<std::uint32_t> groups(outputs.size());
    std::iota(groups.begin(), groups.end(), 0U);
    merge_outputs(state, 0,
                  moments_of({state, outputs.size()}, wide, static_cast<std::ptrdiff_t>(outputs.size()), groups));
    return true;
}

}  // namespace squarely
