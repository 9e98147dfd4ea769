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

void add_left_out(LeftOutPairs& left_out, SharedSums& sum) {
    const std::lock_guard lock(sum.mutex);
    for (const auto& [group, counts] : left_out.counts) sum.state.counts.add(group, counts);
    for (const GroupedPair& pair : left_out.large) {
        for (const Quantity& quantity : quantities) add_pair(pair, quantity, sums_of_quantity(sum.state, quantity));
        add_extremes(sum.state, pair);
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
void expect_numbers(RowAdder& adder, const Kernels& kernels, const Rest& rows) {
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

void add_block(RowAdder& adder, const Kernels& kernels, SharedSums& sum, Thread& thread, const Rest& rest,
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
    if (is_any_set(misfits, rows.count)) {
        find_left_out(block, groups, rows.count, misfits, left_out);
        adder.add_misfits(block, groups, rows.count, misfits);
        if (left_out.any) blank_out(left_out, block, rows.count, buffers);
    }
    if (left_out.any) add_left_out(left_out, sum);
    adder.add_others(block, groups, rows.count, groups_end);
    if (has_extreme(sum.state)) add_extremes(thread.extremes, block, groups, rows.count, left_out);
}

void add_rows(RowAdder& adder, const Kernels& kernels, SharedSums& sum, Thread& thread, const Rest& rows) {
    BlockBuffers buffers;
    const Stretch stretch{rows.first, rows.last};
    for (std::ptrdiff_t first = rows.first; first < rows.last; first += block_length) {
        if (rows.may_end && begins_a_piece(stretch, first)) look_at_call();
        add_block(adder, kernels, sum, thread, {rows.pairs, rows.groups, first, rows.last}, buffers);
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

void grow(Thread& thread, std::size_t groups) {
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

void OpenMoments::make_room(std::size_t groups) {
    if (groups <= own_->room) return;
    const std::size_t room = groups + groups / 2;  // groups come a few at a time
    grow(own_->thread, room);
    own_->room = room;  // not before: where memory runs out, there is none
}

void OpenMoments::add(State& state, const Pairs& pairs, std::ptrdiff_t rows, std::span<const std::uint32_t> groups) {
    const FloatingPointEnvironment environment;
    SharedSums sum{state, {}, own_->room};
    RowAdder adder(*own_->kernels, sum, own_->thread.quantities);
    const Rest all{pairs, groups.data(), 0, rows, false};
    if (own_->thread.quantities.back().tables.empty()) expect_numbers(adder, *own_->kernels, all);
    add_rows(adder, *own_->kernels, sum, own_->thread, all);
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

}  // namespace squarely
