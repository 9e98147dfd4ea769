#include "machine/zeroed_memory.hpp"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace squarely {
namespace {

constexpr std::size_t line = 64;

constexpr std::size_t up_to(std::size_t bytes, std::size_t unit) { return (bytes + unit - 1) / unit * unit; }

void* allocated(std::size_t bytes) {
    void* const memory = std::aligned_alloc(line, up_to(bytes, line));
    if (memory == nullptr) throw std::bad_alloc();
    std::memset(memory, 0, bytes);
    return memory;
}

#if defined(MADV_HUGEPAGE)
constexpr std::size_t large_page = std::size_t{2} << 20;
constexpr std::size_t least_mapped = 2 * large_page;

// More is mapped than needed, and what lies before the first whole page is given back, so that memory can be freed by
// its own address.
void* mapped(std::size_t bytes) {
    const std::size_t whole = up_to(bytes, large_page);
    void* const mapping = mmap(nullptr, whole + large_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) throw std::bad_alloc();
    const auto address = reinterpret_cast<std::uintptr_t>(mapping);
    const std::size_t before = up_to(address, large_page) - address;
    char* const memory = static_cast<char*>(mapping) + before;
    if (before > 0) munmap(mapping, before);
    munmap(memory + whole, large_page - before);
    madvise(memory, whole, MADV_HUGEPAGE);  // where it fails, pages are small
    return memory;
}
#endif

}  // namespace

void* large_table(std::size_t bytes) {
#if defined(MADV_HUGEPAGE)
    if (bytes >= least_mapped) return mapped(bytes);
#endif
    return allocated(bytes);
}

void* sparse_table(std::size_t bytes) {
#if defined(MADV_HUGEPAGE)
    const std::size_t whole = up_to(bytes, large_page);
    void* const memory = mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    madvise(memory, whole, MADV_NOHUGEPAGE);
    return memory;
#else
    void* const memory = std::calloc(1, bytes);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
#endif
}

void free_large_table(void* memory, std::size_t bytes) {
#if defined(MADV_HUGEPAGE)
    if (bytes >= least_mapped) {
        munmap(memory, up_to(bytes, large_page));
        return;
    }
#endif
    (void)bytes;
    std::free(memory);
}

}  // namespace squarely
