// Load: a stretch of one column becomes float64 values in L1. The only kernel code that knows element types.
#pragma once

#include "lanes.hpp"

namespace squarely {
namespace {

template <class Element>
void load_column(const char* source, std::ptrdiff_t stride, std::ptrdiff_t count, double* block) {
    if (stride == static_cast<std::ptrdiff_t>(sizeof(Element))) {
        for (std::ptrdiff_t i = 0; i < count; ++i) {
            block[i] = static_cast<double>(load<Element>(source + i * static_cast<std::ptrdiff_t>(sizeof(Element))));
        }
        return;
    }
    for (std::ptrdiff_t i = 0; i < count; ++i) block[i] = static_cast<double>(load<Element>(source + i * stride));
}

}  // namespace
}  // namespace squarely
