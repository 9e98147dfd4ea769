// Memory that runs out at every place where it is asked for: a call says so, and its states are what they were.
#include "byte_form.hpp"
#include "calls.hpp"
#include "options.hpp"

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <new>
#include <utility>

namespace {

// What the calling thread may still ask for, before it gets nothing once; negative: as often as it likes.
thread_local long left = -1;

void* allocated(std::size_t size, std::size_t alignment) {
    if (left >= 0 && left-- == 0) return nullptr;
    void* memory = nullptr;
    return posix_memalign(&memory, alignment, size) == 0 ? memory : nullptr;
}

void* allocated_or_thrown(std::size_t size, std::size_t alignment) {
    void* memory = allocated(size, alignment);
    return memory == nullptr ? throw std::bad_alloc() : memory;
}

}  // namespace

// Of tables.
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept { return allocated(size, alignment); }

void* operator new(std::size_t size) { return allocated_or_thrown(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
    return allocated_or_thrown(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace {

using namespace fuzz;

struct Outcome {
    std::uint64_t refused = 0;
    std::uint64_t wrong = 0;
};

// Asks again with one allocation more, until there was enough. What was refused may not have been needed: then the call
// ends as with all of them.
void walk(const std::function<squarely_status()>& call, const std::function<bool()>& is_unchanged, Outcome& outcome) {
    squarely_status other = SQUARELY_NO_MEMORY;
    for (long allowed = 0;; ++allowed) {
        left = allowed;
        const squarely_status status = call();
        const bool was_enough = left >= 0;
        left = -1;
        outcome.wrong += was_enough && other != SQUARELY_NO_MEMORY && other != status;
        if (was_enough) return;
        ++outcome.refused;
        if (status == SQUARELY_OK) return;
        if (status != SQUARELY_NO_MEMORY) other = status;
        outcome.wrong += !is_unchanged();
    }
}

template <class Make>
squarely_status made_and_freed(Make make) {
    squarely_state* state = nullptr;
    const squarely_status status = make(&state);
    squarely_state_free(state);
    return status;
}

// A row to each of some states.
void walk_states(const squarely_state_options& options, const RowsOfGroups& given, Outcome& outcome) {
    std::vector<State> states(given.count);
    squarely_error error;
    for (State& state : states) {
        squarely_state* created = nullptr;
        expect(squarely_state_create(&options, &created, &error), error, "create");
        state.reset(created);
    }
    std::vector<squarely_state*> of_rows;
    for (const std::uint32_t number : given.numbers) of_rows.push_back(states[number].get());
    const squarely_pairs pairs = given.rows.pairs();
    const squarely_column* weights = given.rows.weights ? &given.rows.weights->column : nullptr;
    const auto all_bytes = [&] {
        std::vector<unsigned char> all;
        for (const State& state : states) {
            const std::vector<unsigned char> own = bytes_of(state.get());
            all.insert(all.end(), own.begin(), own.end());
        }
        return all;
    };
    for (int again = 0; again < 2; ++again) {
        const std::vector<unsigned char> before = all_bytes();
        walk([&] { return squarely_states_update(of_rows.data(), &pairs, weights, given.rows.count, nullptr); },
             [&] { return all_bytes() == before; }, outcome);
    }
}

Groups made_groups(const squarely_state_options& options) {
    squarely_groups* groups = nullptr;
    squarely_error error;
    expect(squarely_groups_create(&options, &groups, &error), error, "create groups");
    return Groups(groups);
}

// Of groups that have seen the rows once.
void walk_groups(const squarely_state_options& options, const RowsOfGroups& given, Outcome& outcome) {
    const Groups groups = made_groups(options);
    squarely_error error;
    std::vector<unsigned char> before = bytes_of(groups.get());
    const auto walk_on = [&](const std::function<squarely_status()>& call) {
        before = bytes_of(groups.get());
        walk(call, [&] { return bytes_of(groups.get()) == before; }, outcome);
    };
    walk_on([&] { return update(groups.get(), given); });
    walk_on([&] { return update(groups.get(), given); });
    RowsOfGroups more = given;
    more.count += 70;
    walk_on([&] { return update(groups.get(), more); });
    squarely_groups* copy = nullptr;
    expect(squarely_groups_copy(groups.get(), &copy, &error), error, "copy groups");
    const Groups other(copy);
    walk_on([&] { return squarely_groups_merge(groups.get(), other.get(), nullptr, given.count + 90, nullptr); });
    walk_on([&] { return squarely_groups_subtract(groups.get(), other.get(), nullptr, nullptr); });
    std::vector<double> values(squarely_groups_count(groups.get()));
    walk_on([&] {
        return squarely_groups_values(groups.get(), options.metrics[0].name, nullptr, 0, values.data(), nullptr);
    });
    walk_on([&] {
        return made_and_freed([&](auto* one) { return squarely_groups_state(groups.get(), 0, one, nullptr); });
    });
    walk_on(
        [&] { return made_and_freed([&](auto* all) { return squarely_groups_overall(groups.get(), all, nullptr); }); });
}

// Of groups that have just seen the rows some times, and hold them in rows of their own until somebody looks. Half of
// the times nobody does, before the next chunk comes.
void walk_short_chunks(const squarely_state_options& options, const RowsOfGroups& given, int times, Outcome& outcome) {
    RowsOfGroups more = given;
    more.count += 3;
    Groups groups;
    const auto make = [&] {
        groups = made_groups(options);
        for (int i = 0; i <= times; ++i) (void)update(groups.get(), given);
    };
    make();
    const std::vector<unsigned char> before = bytes_of(groups.get());
    make();
    (void)update(groups.get(), more);
    const std::vector<unsigned char> after = bytes_of(groups.get());
    bool is_looked_at = false;
    walk(
        [&] {
            const long allowed = std::exchange(left, -1);
            make();
            left = allowed;
            const squarely_status status = update(groups.get(), more);
            const long rest = std::exchange(left, -1);
            if (status == SQUARELY_OK) outcome.wrong += bytes_of(groups.get()) != after;
            left = rest;
            return status;
        },
        [&] {
            is_looked_at = !is_looked_at;
            if (is_looked_at) return bytes_of(groups.get()) == before;
            (void)update(groups.get(), more);
            return bytes_of(groups.get()) == after;
        },
        outcome);
    // What is open has to be closed by whoever looks, and nothing of it may be lost.
    make();
    std::vector<double> values(given.count);
    for (long allowed = 0;; ++allowed) {
        left = allowed;
        const squarely_status status =
            squarely_groups_values(groups.get(), options.metrics[0].name, nullptr, 0, values.data(), nullptr);
        left = -1;
        if (status != SQUARELY_NO_MEMORY) break;
        ++outcome.refused;
    }
    outcome.wrong += bytes_of(groups.get()) != before;
}

// A state of several outputs, of which a part takes the other before there is no memory for the rest.
void walk_outputs(squarely_state_options options, const Rows& rows, Outcome& outcome) {
    options.outputs = 3;
    const squarely_pairs one = rows.pairs();
    const squarely_pairs pairs[] = {one, {one.y_pred, one.y_true, one.where, one.where_stride}, one};
    const squarely_column* weights = rows.weights ? &rows.weights->column : nullptr;
    const auto made_of = [&](int count) {
        squarely_state* state = nullptr;
        squarely_error error;
        expect(squarely_state_create(&options, &state, &error), error, "create");
        (void)squarely_state_update(state, pairs, 3, weights, count, nullptr);
        return State(state);
    };
    const State all = made_of(rows.count);
    const State first = made_of(1);
    const std::vector<unsigned char> before = bytes_of(first.get());
    State state;
    const auto is_unchanged = [&] { return bytes_of(state.get()) == before; };
    const auto walk_on = [&](auto call) {
        walk(
            [&] {
                const long allowed = std::exchange(left, -1);
                state = copied(first.get());
                left = allowed;
                return call();
            },
            is_unchanged, outcome);
    };
    walk_on([&] { return squarely_state_merge(state.get(), all.get(), nullptr); });
    walk_on([&] { return squarely_state_update(state.get(), pairs, 3, weights, rows.count, nullptr); });
}

Outcome outcome_of(Random& random, squarely_summation summation) {
    Rows rows = draw_rows(random);
    if (random.one_in(2)) rows.weights.reset();
    std::vector<squarely_metric> metrics{{"mean_squared_error", nullptr}};
    if (random.one_in(2)) metrics.insert(metrics.end(), {{"r2_score", nullptr}, {"mean_absolute_error", nullptr}});
    if (random.one_in(3)) metrics.push_back({"max_error", nullptr});
    squarely_state_options options{};
    options.struct_size = sizeof options;
    options.outputs = 1;
    options.metrics = metrics.data();
    options.metric_count = metrics.size();
    options.summation = summation;
    options.nan_policy = SQUARELY_NAN_PROPAGATE;
    options.weighted = rows.weights ? 1 : 0;
    Outcome outcome;
    walk([&] { return made_and_freed([&](auto* state) { return squarely_state_create(&options, state, nullptr); }); },
         [] { return true; }, outcome);
    RowsOfGroups given{rows, {}, static_cast<std::size_t>(random.between(1, 40))};
    for (int row = 0; row < rows.count; ++row) {
        given.numbers.push_back(static_cast<std::uint32_t>(random.below(given.count)));
    }
    walk_states(options, given, outcome);
    walk_groups(options, given, outcome);
    if (random.one_in(2)) walk_short_chunks(options, given, random.between(1, 4), outcome);
    walk_outputs(options, rows, outcome);
    squarely_state* created = nullptr;
    squarely_error error;
    expect(squarely_state_create(&options, &created, &error), error, "create");
    const State state(created);
    (void)update(state.get(), rows, 0, rows.count);
    (void)update(state.get(), rows, 0, std::min(rows.count, 70));  // of which sums stay open
    const State other = copied(state.get());
    std::vector<unsigned char> before = bytes_of(state.get());
    const auto is_unchanged = [&] { return bytes_of(state.get()) == before; };
    const auto walk_on = [&](const std::function<squarely_status()>& call) {
        before = bytes_of(state.get());
        walk(call, is_unchanged, outcome);
    };
    double value = 0;
    char digest[65];
    std::size_t size = 0;
    std::vector<unsigned char> buffer(before.size() + 64);
    for (const int count : {rows.count, std::min(rows.count, 70)}) {
        walk_on([&] { return update(state.get(), rows, 0, count); });
    }
    walk_on([&] { return squarely_state_merge(state.get(), other.get(), nullptr); });
    walk_on([&] { return squarely_state_subtract(state.get(), other.get(), nullptr); });
    walk_on(
        [&] { return made_and_freed([&](auto* copy) { return squarely_state_copy(state.get(), copy, nullptr); }); });
    walk_on([&] { return squarely_state_to_bytes(state.get(), buffer.data(), buffer.size(), &size, nullptr); });
    walk_on([&] {
        return made_and_freed(
            [&](auto* copy) { return squarely_state_from_bytes(before.data(), before.size(), copy, nullptr); });
    });
    walk_on([&] { return squarely_state_digest(state.get(), digest, nullptr); });
    for (const squarely_metric& metric : metrics) {
        walk_on([&] { return squarely_state_value(state.get(), metric.name, nullptr, 0, &value, nullptr); });
        walk_on([&] { return scored(metric.name, rows, SQUARELY_NAN_PROPAGATE).status; });
    }
    return outcome;
}

}  // namespace

int main(int count, char** arguments) {
    const Options options = options_of(count, arguments, 200);
    Cases cases(options);
    squarely_set_num_threads(1, nullptr);
    std::uint64_t refused = 0;
    for (std::uint64_t number = 0; cases.next(number);) {
        Random random(options.seed, number);
        const Outcome outcome = outcome_of(random, static_cast<squarely_summation>(number % 3));
        refused += outcome.refused;
        if (outcome.wrong == 0) continue;
        std::printf("FAILED %" PRIu64 " times\n  again: scarce_memory --seed %" PRIu64 " --first %" PRIu64
                    " --cases 1\n",
                    outcome.wrong, options.seed, number);
        return 1;
    }
    std::printf("scarce_memory: seed %" PRIu64 ", %" PRIu64 " cases, %" PRIu64 " times too little\n", options.seed,
                cases.done(), refused);
    return 0;
}
