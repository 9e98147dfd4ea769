// The element types of columns, by name, and the facts of their rows in element_types.def.
#pragma once

#include <cstddef>
#include <cstdint>

namespace squarely {

enum class DType : std::uint8_t {
#define SQUARELY_ELEMENT_TYPE(name, number, ...) name = number,
#include "tables/element_types.def"
#undef SQUARELY_ELEMENT_TYPE
};

struct ElementType {
    const char* name;  // in NumPy
    char kind;
    std::ptrdiff_t bytes;
    const char* arrow_format;  // empty where Arrow has no such type
};

constexpr ElementType element_types[] = {
#define SQUARELY_ELEMENT_TYPE(name, number, numpy, type, kind, bytes, arrow) {numpy, kind, bytes, arrow},
#include "tables/element_types.def"
#undef SQUARELY_ELEMENT_TYPE
};

constexpr int dtype_count = sizeof(element_types) / sizeof(ElementType);

static_assert(
    [] {
        constexpr int numbers[] = {
#define SQUARELY_ELEMENT_TYPE(name, number, ...) number,
#include "tables/element_types.def"
#undef SQUARELY_ELEMENT_TYPE
        };
        for (int i = 0; i < dtype_count; ++i) {
            if (numbers[i] != i) return false;
        }
        return true;
    }(),
    "The rows of element_types.def stand in the order of their numbers, without a gap.");

constexpr const ElementType& facts_of(DType dtype) { return element_types[static_cast<int>(dtype)]; }

constexpr std::ptrdiff_t element_size(DType dtype) { return facts_of(dtype).bytes; }

constexpr bool is_float(DType dtype) { return facts_of(dtype).kind == 'f'; }

// Whether there are values that no double holds.
constexpr bool may_be_large_integer(DType dtype) {
    const char kind = facts_of(dtype).kind;
    return (kind == 'i' || kind == 'u') && facts_of(dtype).bytes == 8;
}

}  // namespace squarely
