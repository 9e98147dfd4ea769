// How many threads there are. threads.cpp is the one file that knows OpenMP.
#pragma once

#include <functional>

namespace squarely {

// Threads a large job started now would use: what was asked for, else the cores this process may use.
int num_threads();

// 0 returns to the default. Throws std::invalid_argument for a negative number.
void set_num_threads(int count);

// Calls job(0) .. job(count - 1), each once, on at most num_threads() threads. Without OpenMP, in a forked child and
// inside another parallel region they run one after the other. job must not throw.
void parallel_for(int count, const std::function<void(int)>& job);

bool built_with_openmp();

}  // namespace squarely
