#include "groups/zeroed_memory.hpp"

#include <cstdint>
#include <cstdlib>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace squarely {
namespace {

// A table of some megabytes is read at random, and its pages of four kilobytes are more than a processor remembers.
[[maybe_unused]] void ask_for_large_pages(void* memory, std::size_t bytes) {
#if defined(MADV_HUGEPAGE)
    constexpr std::size_t page = 4096;
    constexpr std::size_t worth_asking = std::size_t{4} << 20;
    if (bytes < worth_asking) return;
    const std::size_t before_a_page = (page - reinterpret_cast<std::uintptr_t>(memory) % page) % page;
    madvise(static_cast<char*>(memory) + before_a_page, bytes - before_a_page, MADV_HUGEPAGE);
#else
    (void)memory, (void)bytes;
#endif
}

}  // namespace

void FreeMemory::operator()(void* memory) const { std::free(memory); }

ZeroedMemory zeroed_memory(std::size_t bytes) {
    ZeroedMemory memory(std::calloc(bytes, 1));
    if (memory == nullptr) throw std::bad_alloc();
    ask_for_large_pages(memory.get(), bytes);
    return memory;
}

}  // namespace squarely
