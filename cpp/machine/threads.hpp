// How many threads there are. threads.cpp is the one file that knows OpenMP.
#pragma once

#include <cstddef>
#include <functional>

namespace squarely {

// Threads a large job started now would use: what was asked for, else the cores this process may use.
int num_threads();

// 0 returns to the default. More than four times the cores are not used: libgomp ends the process when it cannot make
// a thread. Throws std::invalid_argument for a negative number.
void set_num_threads(int count);

// Whether calls of the calling thread are to do without others, as where many such calls run side by side. Returns what
// it was before.
bool use_one_thread_here(bool one);

// Calls job(0) .. job(count - 1), each once, on at most num_threads() threads. Without OpenMP, in a forked child and
// inside another parallel region they run one after the other. Throws what a job threw, after the others are done, or
// what ended the call (machine/long_call.hpp).
void parallel_for(std::ptrdiff_t count, const std::function<void(std::ptrdiff_t)>& job);

bool built_with_openmp();

}  // namespace squarely
