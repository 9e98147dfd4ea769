// Which kernels run: the best this machine has, or the one asked for by name.
#pragma once

#include "kernels/kernels.hpp"

#include <string>
#include <vector>

namespace squarely {

struct Target {
    const char* name;
    const Kernels* kernels;
    bool (*runs_here)();
};

struct TargetTable {
    const Target* targets;  // of this build, the best last
    int count;
};

// Written by CMake from kernels/targets.cmake. The Python extension finds it in the library beside it.
extern "C" __attribute__((visibility("default"))) const TargetTable SQUARELY_TARGETS_SYMBOL;

std::vector<std::string> targets_here();
const Target& current_target();

// Throws std::invalid_argument where the name is unknown or cannot run here. An empty name means the best.
void set_target(const std::string& name);

}  // namespace squarely
