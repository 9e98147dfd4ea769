#include "groups/moments_by_group.hpp"

#include "blocks/stretches.hpp"
#include "groups/extremes_by_group.hpp"
#include "groups/gathered_pairs.hpp"
#include "groups/left_out_pairs.hpp"
#include "groups/row_adder.hpp"
#include "machine/floating_point.hpp"
#include "machine/long_call.hpp"
#include "machine/targets.hpp"
#include "machine/threads.hpp"
#include "sums/pair.hpp"

#include <algorithm>

namespace squarely {
namespace {

struct Thread {
    std::vector<TablesOfQuantity> quantities;
    ExtremesByGroup extremes;
};

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

void add_left_out(const LeftOutPairs& left_out, SharedSums& sum) {
    const std::lock_guard lock(sum.mutex);
    for (const auto& [group, counts] : left_out.counts) sum.state.counts.add(group, counts);
    for (const GroupedPair& pair : left_out.large) {
        for (const Quantity& quantity : quantities) add_pair(pair, quantity, sums_of_quantity(sum.state, quantity));
        add_extremes(sum.state, pair);
    }
}

void take_left_out_back(const LeftOutPairs& left_out, State& state) {
    for (const auto& [group, counts] : left_out.counts) state.counts.add(group, difference({}, counts));
}

struct RowsOfGroups {
    const Pairs& pairs;
    const std::uint32_t* groups;
    std::ptrdiff_t first;
    std::ptrdiff_t last;
};

// Some pairs from everywhere, because neighbours are alike in sorted data.
void expect_numbers(RowAdder& adder, const Kernels& kernels, const RowsOfGroups& rows) {
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

// What a walk over rows asks memory for, before the first of them.
struct Walk {
    BlockBuffers buffers;
    std::vector<LargePair> large;
    LeftOutPairs left_out;
};

// A block, and of the pairs that are left out what is known before its numbers are looked at.
struct LoadedBlock {
    Block numbers;
    const std::uint32_t* groups;
    std::ptrdiff_t rows;
};

LoadedBlock load(const Kernels& kernels, const RowsOfGroups& rest, Walk& walk) {
    const Rows rows{rest.first, std::min<std::ptrdiff_t>(block_length, rest.last - rest.first)};
    const RowsKept kept = rows_kept(kernels, rest.pairs, rows, walk.buffers);
    forget(walk.left_out);
    walk.large.clear();
    Block block = load_block(kernels, rest.pairs, rows, kept, walk.buffers, walk.large);
    block = with_nulls(kernels, block, kept, walk.buffers);
    const std::uint32_t* const groups = rest.groups + rows.first;
    if (kept.where != nullptr || !walk.large.empty()) {
        find_left_out(kept, rows.count, groups, walk.large, walk.left_out);
        if (walk.left_out.any) blank_out(walk.left_out, block, rows.count, walk.buffers);
    }
    return {block, groups, rows.count};
}

// The misfits that are no two finite numbers are left out, too.
void leave_out(LoadedBlock& block, std::uint64_t* misfits, Walk& walk) {
    block.numbers = without_prefetch(block.numbers);
    if (!is_any_set(misfits, block.rows)) return;
    find_left_out(block.numbers, block.groups, block.rows, misfits, walk.left_out);
    if (walk.left_out.any) blank_out(walk.left_out, block.numbers, block.rows, walk.buffers);
}

LoadedBlock add_block(RowAdder& adder, const Kernels& kernels, SharedSums& sum, const RowsOfGroups& rest, Walk& walk) {
    LoadedBlock block = load(kernels, rest, walk);
    const std::uint32_t* const groups_end = rest.groups + rest.last;
    std::uint64_t misfits[block_length / 64];
    adder.add_differences(block.numbers, block.groups, block.rows, groups_end, misfits);
    leave_out(block, misfits, walk);
    adder.add_others(block.numbers, block.groups, block.rows, groups_end);
    if (walk.left_out.any) add_left_out(walk.left_out, sum);
    adder.add_rest(block.numbers, block.groups, block.rows, misfits);
    return block;
}

// Without memory.
void take_block_back(RowAdder& adder, const Kernels& kernels, State& state, const RowsOfGroups& rest, Walk& walk) {
    LoadedBlock block = load(kernels, rest, walk);
    std::uint64_t misfits[block_length / 64];
    adder.take_back_differences(block.numbers, block.groups, block.rows, misfits);
    leave_out(block, misfits, walk);
    adder.take_back_others(block.numbers, block.groups, block.rows);
    if (walk.left_out.any) take_left_out_back(walk.left_out, state);
}

void add_extremes_of_block(ExtremesByGroup& extremes, const Kernels& kernels, const RowsOfGroups& rest, Walk& walk) {
    LoadedBlock block = load(kernels, rest, walk);
    std::uint64_t all[block_length / 64];
    std::fill(std::begin(all), std::end(all), ~std::uint64_t{0});
    if (block.rows % 64 != 0) all[block.rows / 64] = (std::uint64_t{1} << block.rows % 64) - 1;
    if (!kernels.all_finite(block.numbers)) leave_out(block, all, walk);
    add_extremes(extremes, block.numbers, block.groups, block.rows, walk.left_out);
}

// Calls visit(the rows from there on) for each block.
template <class Visit>
void for_each_block(const RowsOfGroups& rows, Visit visit) {
    for (std::ptrdiff_t first = rows.first; first < rows.last; first += block_length) {
        visit(RowsOfGroups{rows.pairs, rows.groups, first, rows.last});
    }
}

void add_rows(RowAdder& adder, const Kernels& kernels, SharedSums& sum, Thread& thread, const RowsOfGroups& rows) {
    Walk walk;
    const bool has_extremes = has_extreme(sum.state);
    for_each_block(rows, [&](const RowsOfGroups& rest) {
        if (begins_a_piece({rows.first, rows.last}, rest.first)) look_at_call();
        const LoadedBlock block = add_block(adder, kernels, sum, rest, walk);
        adder.move_on();
        if (has_extremes) add_extremes(thread.extremes, block.numbers, block.groups, block.rows, walk.left_out);
    });
}

// All pairs of a chunk, or none of them where memory runs out: what kernels have added of it is taken back then. Full
// rows that have been emptied meanwhile are below nothing by what they gave away, until they are emptied again.
void add_or_not(RowAdder& adder, const Kernels& kernels, SharedSums& sum, Thread& thread, std::span<const Pairs> parts,
                const std::uint32_t* groups, std::ptrdiff_t rows, Walk& walk) {
    std::size_t waited[quantity_count] = {};
    for (std::size_t i = 0; i < thread.quantities.size(); ++i) {
        waited[i] = thread.quantities[i].waiting[0].groups.size();
    }
    const std::ptrdiff_t blocks = (rows + block_length - 1) / block_length;
    const auto block_at = [&](std::ptrdiff_t index) {
        return RowsOfGroups{parts[static_cast<std::size_t>(index / blocks)], groups, index % blocks * block_length,
                            rows};
    };
    std::ptrdiff_t begun = 0;
    try {
        while (begun < blocks * std::ssize(parts)) add_block(adder, kernels, sum, block_at(begun++), walk);
    } catch (...) {
        while (begun-- > 0) take_block_back(adder, kernels, sum.state, block_at(begun), walk);
        for (std::size_t i = 0; i < thread.quantities.size(); ++i) {
            resize(thread.quantities[i].waiting[0], waited[i]);
        }
        throw;
    }
}

// Of groups that have seen nothing: what rows and sums of theirs have of pairs that were taken back.
void forget(Thread& thread, std::size_t first, std::size_t last) {
    for (TablesOfQuantity& own : thread.quantities) {
        for (GroupTable& table : own.tables) {
            const std::size_t words = static_cast<std::size_t>(words_in_quarter * table.quarters);
            std::fill(table.rows + first * words, table.rows + last * words, std::uint64_t{0});
        }
    }
}

Thread thread_for(const State& kind, std::size_t groups) {
    Thread thread;
    for (const Quantity& quantity : quantities) {
        // Rows count the pairs, which the first quantity does.
        if (!needs(kind, quantity) && &quantity != &quantities[0]) continue;
        thread.quantities.push_back({&quantity, needs_squares_alone(kind, quantity) ? 1 : 2, {}, {}});
    }
    thread.extremes = extremes_for(kind, groups);
    return thread;
}

void empty_rows(SharedSums& sum, TablesOfQuantity& own, bool is_first, GroupRange groups) {
    const QuantitySums sums = sums_of_quantity(sum.state, *own.quantity);
    for (GroupTable& table : own.tables) {
        const bool counts = is_first && &table == &own.tables.front();
        for (std::size_t group = groups.first; group < groups.last; ++group) {
            const std::uint64_t pairs = empty_row(table, group, *own.quantity, sums);
            if (counts) sum.state.counts.add_pairs(group, pairs);
        }
    }
}

void empty_all(SharedSums& sum, std::span<Thread> threads) {
    constexpr std::size_t groups_in_job = 4096;
    const std::size_t jobs = (sum.groups + groups_in_job - 1) / groups_in_job;
    parallel_for(static_cast<std::ptrdiff_t>(jobs), [&](std::ptrdiff_t job) {
        const std::size_t first = static_cast<std::size_t>(job) * groups_in_job;
        const GroupRange groups{first, std::min(sum.groups, first + groups_in_job)};
        for (Thread& thread : threads) {
            for (TablesOfQuantity& own : thread.quantities) {
                empty_rows(sum, own, &own == &thread.quantities.front(), groups);
            }
            add_extremes(sum.state, thread.extremes, groups);
        }
    });
}

void make_room(Thread& thread, std::size_t groups) {
    for (TablesOfQuantity& own : thread.quantities) {
        for (GroupTable& table : own.tables) make_room(table, groups);
    }
    make_room(thread.extremes, groups);
}

// A thread has tables of its own: as many groups as rows are no work for two.
std::ptrdiff_t threads_for(std::ptrdiff_t rows, std::size_t groups) {
    const std::ptrdiff_t least = std::max<std::ptrdiff_t>(smallest_stretch, 2 * static_cast<std::ptrdiff_t>(groups));
    return std::clamp<std::ptrdiff_t>(rows / least, 1, num_threads());
}

}  // namespace

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

void OpenMoments::add(State& state, std::span<const Pairs> parts, std::ptrdiff_t rows,
                      std::span<const std::uint32_t> groups, std::size_t count, const PairCounts& counts) {
    const FloatingPointEnvironment environment;
    const std::size_t before = state.counts.size();
    if (count > own_->room) {
        const std::size_t room = count + count / 2;  // groups come a few at a time
        make_room(own_->thread, room);
        own_->room = room;
    }
    SharedSums sum{state, {}, own_->room};
    RowAdder adder(*own_->kernels, sum, own_->thread.quantities);
    if (own_->thread.quantities.front().tables.empty()) {
        expect_numbers(adder, *own_->kernels, {parts[0], groups.data(), 0, rows});
    }
    Walk walk;
    resize_outputs(state, count);
    try {
        state.counts.make_room(counts);
        add_or_not(adder, *own_->kernels, sum, own_->thread, parts, groups.data(), rows, walk);
    } catch (...) {
        forget(own_->thread, before, count);
        resize_outputs(state, before);
        throw;
    }
    // Nothing is lost where memory runs out from here on.
    for (const Pairs& part : parts) {
        if (!has_extreme(state)) break;
        for_each_block({part, groups.data(), 0, rows}, [&](const RowsOfGroups& rest) {
            add_extremes_of_block(own_->thread.extremes, *own_->kernels, rest, walk);
        });
    }
    try {
        adder.move_on();
    } catch (const std::bad_alloc&) {  // pairs that wait are moved on another time
    }
}

void OpenMoments::close(State& state) {
    const FloatingPointEnvironment environment;
    SharedSums sum{state, {}, state.counts.size()};
    RowAdder(*own_->kernels, sum, own_->thread.quantities).finish();
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

State moments_by_group(const State& kind, std::span<const Pairs> parts, std::ptrdiff_t rows,
                       std::span<const std::uint32_t> groups, std::size_t count) {
    const Kernels& kernels = *current_target().kernels;
    State state = empty_like(kind, count);
    SharedSums sum{state, {}, count};
    const std::ptrdiff_t number = threads_for(rows, count);
    std::vector<Thread> threads;
    for (std::ptrdiff_t i = 0; i < number; ++i) threads.push_back(thread_for(kind, count));
    parallel_for(number, [&](std::ptrdiff_t index) {
        const FloatingPointEnvironment environment;
        Thread& thread = threads[static_cast<std::size_t>(index)];
        RowAdder adder(kernels, sum, thread.quantities);
        const std::ptrdiff_t first = rows * index / number;
        const std::ptrdiff_t last = rows * (index + 1) / number;
        expect_numbers(adder, kernels, {parts[0], groups.data(), first, last});
        for (const Pairs& part : parts) add_rows(adder, kernels, sum, thread, {part, groups.data(), first, last});
        adder.finish();
    });
    empty_all(sum, threads);
    return state;
}

std::optional<PairCounts> counts_of(const Pairs& pairs, std::ptrdiff_t rows) {
    const FloatingPointEnvironment environment;
    const Kernels& kernels = *current_target().kernels;
    BlockBuffers buffers;
    std::vector<LargePair> large;
    PairCounts all;
    for (std::ptrdiff_t first = 0; first < rows; first += block_length) {
        const Rows own{first, std::min<std::ptrdiff_t>(block_length, rows - first)};
        const RowsKept kept = rows_kept(kernels, pairs, own, buffers);
        all.masked += static_cast<std::uint64_t>(own.count - kept.count);
        Block block = load_block(kernels, pairs, own, kept, buffers, large);
        if (!large.empty()) return std::nullopt;
        block = with_nulls(kernels, with_where(kernels, block, kept, buffers), kept, buffers);
        if (kernels.all_finite(block)) continue;
        for (std::ptrdiff_t i = 0; i < own.count; ++i) {
            const bool counts = kept.where == nullptr || kept.where[i] != 0;
            if (counts) count(all, kind_of(block.y_true[i], block.y_pred[i]));
        }
    }
    return all;
}

}  // namespace squarely
