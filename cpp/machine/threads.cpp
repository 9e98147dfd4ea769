#include "machine/threads.hpp"

#include "machine/long_call.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#if defined(_OPENMP)
#include <omp.h>
#endif
#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

namespace squarely {
namespace {

std::atomic<bool> forked{false};

thread_local bool one_thread_here = false;

// libgomp's threads do not survive a fork, and its next parallel region waits for them for ever.
// A child runs on one thread: the same bits, later.
[[maybe_unused]] void after_fork_in_child() { forked = true; }

[[maybe_unused]] const bool fork_is_watched = [] {
#if defined(__unix__) || defined(__APPLE__)
    return pthread_atfork(nullptr, nullptr, after_fork_in_child) == 0;
#else
    return false;
#endif
}();

// Cores' worth of time a container may use, from either version of cgroups; 0 where there is no limit.
[[maybe_unused]] int container_quota() {
    std::string quota;
    double period = 0;
    if (std::ifstream file("/sys/fs/cgroup/cpu.max"); !(file >> quota >> period)) {
        std::ifstream("/sys/fs/cgroup/cpu/cpu.cfs_quota_us") >> quota;
        std::ifstream("/sys/fs/cgroup/cpu/cpu.cfs_period_us") >> period;
    }
    const double allowed = std::strtod(quota.c_str(), nullptr);  // "max" and "-1" mean no limit
    return allowed > 0 && period > 0 ? std::max(1, static_cast<int>(allowed / period)) : 0;
}

int checked(int count) {
    if (count < 0)
        throw std::invalid_argument("The number of threads must be 0 (the default) or more, got " +
                                    std::to_string(count) + ".");
    return count;
}

int count_at_start() {
    const char* text = std::getenv("SQUARELY_NUM_THREADS");
    if (text == nullptr || *text == '\0') return 0;
    char* end = nullptr;
    const long count = std::strtol(text, &end, 10);
    if (*end != '\0' || count < 0 || count > 65536) {
        throw std::invalid_argument("SQUARELY_NUM_THREADS must be a whole number from 0 (the default) to 65536, got '" +
                                    std::string(text) + "'.");
    }
    return static_cast<int>(count);
}

std::atomic<int>& asked_for() {
    static std::atomic<int> count{count_at_start()};
    return count;
}

void run_in_order(std::ptrdiff_t count, const std::function<void(std::ptrdiff_t)>& job) {
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        look_at_call();
        job(i);
    }
}

}  // namespace

void set_num_threads(int count) { asked_for() = checked(count); }

bool use_one_thread_here(bool one) { return std::exchange(one_thread_here, one); }

#if defined(_OPENMP)

namespace {

struct Failure {
    std::mutex mutex;
    std::exception_ptr first;
};

// An exception must not leave a thread of OpenMP.
template <class Job>
void keep_failure(Failure& failure, Job job) {
    try {
        job();
    } catch (const CallEnded&) {  // whoever ended it has a failure that says why
    } catch (...) {
        const std::lock_guard lock(failure.mutex);
        if (!failure.first) failure.first = std::current_exception();
    }
}

// How many more threads can be made now, up to so many: they are, and end again.
int threads_to_be_had(int most) {
    std::vector<std::thread> made;
    std::mutex gate;
    std::unique_lock closed(gate);
    try {
        made.reserve(static_cast<std::size_t>(most));
        for (int i = 0; i < most; ++i) made.emplace_back([&] { const std::lock_guard open(gate); });
    } catch (const std::system_error&) {  // a limit of threads, processes or memory
    } catch (const std::bad_alloc&) {
    }
    closed.unlock();
    for (std::thread& one : made) one.join();
    return static_cast<int>(made.size());
}

// libgomp ends the process where it cannot make a thread, so that a larger team than there was is tried out first.
int team_to_be_had(int threads) {
    thread_local int largest = 1;  // libgomp has a team for each thread that calls
    if (threads <= largest) return threads;
    const int had = largest + threads_to_be_had(threads - largest);
    if (had == threads) largest = threads;
    return had;
}

// The thread that made a call has nothing left to do. Of a short call the others will be done at once.
void listen_until(LongCall& call, const std::atomic<int>& done, int all) {
    while (call.has_been_asked() && done < all) {
        std::this_thread::sleep_for(std::chrono::microseconds(200));
        call.look();
    }
}

}  // namespace

int num_threads() {
    const int asked = asked_for();
    if (forked || one_thread_here || omp_in_parallel() != 0) return 1;
    static const int quota = container_quota();
    const int cores = omp_get_num_procs();           // follows the affinity mask
    const int openmp_limit = omp_get_max_threads();  // follows OMP_NUM_THREADS and threadpoolctl
    if (asked > 0) return std::min(asked, openmp_limit < cores ? openmp_limit : 4 * cores);
    const int usable = quota > 0 ? std::min(cores, quota) : cores;
    return std::max(1, std::min(usable, openmp_limit));
}

void parallel_for(std::ptrdiff_t count, const std::function<void(std::ptrdiff_t)>& job) {
    const auto wanted = static_cast<int>(std::min<std::ptrdiff_t>(count, num_threads()));
    const int threads = wanted <= 1 ? 1 : team_to_be_had(wanted);
    if (threads <= 1) return run_in_order(count, job);
    Failure failure;
    LongCall* call = long_call_here();
    std::atomic<int> done{0};
#pragma omp parallel num_threads(threads)
    {
        const WorkFor work(call);
#pragma omp for schedule(dynamic, 1) nowait
        for (std::ptrdiff_t i = 0; i < count; ++i) {
            if (call != nullptr && call->has_ended()) continue;  // to throw in each of many takes its time
            keep_failure(failure, [&] {
                look_at_call();
                job(i);
            });
        }
        ++done;
#pragma omp master
        if (call != nullptr) keep_failure(failure, [&] { listen_until(*call, done, omp_get_num_threads()); });
    }
    if (failure.first) std::rethrow_exception(failure.first);
}

bool built_with_openmp() { return true; }

#else

int num_threads() {
    (void)asked_for();  // refuses a wrong environment variable here too
    return 1;
}

void parallel_for(std::ptrdiff_t count, const std::function<void(std::ptrdiff_t)>& job) { run_in_order(count, job); }

bool built_with_openmp() { return false; }

#endif

}  // namespace squarely
