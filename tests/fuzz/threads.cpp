// Many threads over states of their own, and over one that all of them read: what is left has the bytes of one
// thread's.
#include "byte_form.hpp"
#include "calls.hpp"
#include "options.hpp"

#include <atomic>
#include <cinttypes>
#include <cstdio>
#include <mutex>
#include <thread>

namespace {

using namespace fuzz;

constexpr int thread_count = 4;

struct Shared {
    const Asked& asked;
    const std::vector<Rows>& chunks;
    const squarely_state* read_by_all;
    const Form& its_bytes;
    std::atomic<std::size_t> next = 0;
    std::mutex merging;
    squarely_state* whole;  // changed by who holds the lock
    std::atomic<int> faults = 0;
};

void work(Shared& shared, int number) {
    const State own = made(shared.asked);
    for (std::size_t i = shared.next++; i < shared.chunks.size(); i = shared.next++) {
        const Rows& rows = shared.chunks[i];
        if (update(own.get(), rows, 0, rows.count) != SQUARELY_OK) ++shared.faults;
        if (bytes_of(shared.read_by_all) != shared.its_bytes) ++shared.faults;
        (void)found_in(copied(shared.read_by_all).get(), "mean_squared_error");
        (void)scored("mean_absolute_error", rows, SQUARELY_NAN_PROPAGATE);
        if (number == 0) squarely_set_num_threads(static_cast<int>(i % 3), nullptr);
        if (number == 1) squarely_set_target("", nullptr);
    }
    const std::lock_guard<std::mutex> lock(shared.merging);
    if (squarely_state_merge(shared.whole, own.get(), nullptr) != SQUARELY_OK) ++shared.faults;
}

std::vector<Rows> draw_chunks(Random& random) {
    std::vector<Rows> chunks;
    while (chunks.size() < 40) {
        Rows rows = draw_rows(random);
        rows.weights.reset();
        chunks.push_back(std::move(rows));
    }
    return chunks;
}

// Long enough for threads of the library's own.
Rows draw_long(Random& random) {
    const int count = 300'000;
    const Layout layout{SQUARELY_FLOAT64, 8, false};
    Rows rows;
    rows.count = count;
    rows.y_true = column_of(random, layout, draw_elements(random, element_types[0], count, true));
    rows.y_pred = column_of(random, layout, draw_elements(random, element_types[0], count, true));
    return rows;
}

bool is_the_same(Random& random, bool is_long) {
    Asked asked;
    asked.policy = SQUARELY_NAN_PROPAGATE;
    for (const char* name : metric_names) asked.metrics.push_back({name, nullptr});
    std::vector<Rows> chunks = draw_chunks(random);
    if (is_long) chunks.insert(chunks.begin(), draw_long(random));
    const State expected = made(asked);
    const State read_by_all = made(asked);  // its sums are open until one of its readers closes them
    for (const Rows& rows : chunks) {
        (void)update(expected.get(), rows, 0, rows.count);
        (void)update(read_by_all.get(), rows, 0, rows.count);
    }
    const Form its_bytes = bytes_of(expected.get());
    const State whole = made(asked);
    Shared shared{asked, chunks, read_by_all.get(), its_bytes, 0, {}, whole.get(), 0};
    std::vector<std::thread> threads;
    for (int i = 0; i < thread_count; ++i) threads.emplace_back([&shared, i] { work(shared, i); });
    for (std::thread& thread : threads) thread.join();
    return shared.faults == 0 && bytes_of(whole.get()) == its_bytes;
}

}  // namespace

int main(int count, char** arguments) {
    const Options options = options_of(count, arguments, 20);
    Cases cases(options);
    for (std::uint64_t number = 0; cases.next(number);) {
        Random random(options.seed, number);
        if (is_the_same(random, number % 8 == 0)) continue;
        std::printf("FAILED\n  again: threads --seed %" PRIu64 " --first %" PRIu64 " --cases 1\n", options.seed,
                    number);
        return 1;
    }
    std::printf("threads: seed %" PRIu64 ", %" PRIu64 " cases of %d threads\n", options.seed, cases.done(),
                thread_count);
    return 0;
}
