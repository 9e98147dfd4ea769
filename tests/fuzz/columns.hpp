// Columns as callers have them: any layout, and beside each the numbers it says.
#pragma once

#include "numbers.hpp"

#include <squarely/squarely.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace fuzz {

// A byte a row, at any distance.
struct Bytes {
    std::vector<unsigned char> memory;
    std::ptrdiff_t stride = 0;
    std::ptrdiff_t first = 0;

    const unsigned char* data() const { return memory.data() + first; }
    bool at(std::ptrdiff_t row) const { return memory[static_cast<std::size_t>(first + row * stride)] != 0; }
};

struct ColumnData {
    std::vector<unsigned char> memory;
    std::vector<unsigned char> bitmap;
    Bytes missing;
    squarely_column column{};
    std::vector<Number> numbers;  // NaN where there is no value
};

// Memory for rows elements of a size, at a distance that may be negative or zero, off by some bytes.
inline std::vector<unsigned char> make_room(Random& random, int rows, int size, std::ptrdiff_t stride,
                                            std::ptrdiff_t& first) {
    const std::ptrdiff_t offset = random.one_in(2) ? 0 : random.between(0, 63);
    const std::ptrdiff_t reach = (rows - 1) * (stride < 0 ? -stride : stride);
    first = offset + (stride < 0 ? reach : 0);
    std::vector<unsigned char> memory(static_cast<std::size_t>(offset + reach + size));
    // Whatever lies between must not be read as a number.
    for (unsigned char& byte : memory) byte = 0xff;
    return memory;
}

inline Bytes draw_flags(Random& random, int rows) {
    constexpr std::ptrdiff_t strides[] = {1, 1, 1, 2, 3, -1, -5, 0};
    const std::uint64_t frequency = 1 + random.below(20);
    Bytes flags;
    flags.stride = random.of(strides);
    flags.memory = make_room(random, rows, 1, flags.stride, flags.first);
    for (int row = 0; row < rows; ++row) {
        const bool is_set = flags.stride == 0 ? !random.one_in(8) : !random.one_in(frequency);
        flags.memory[static_cast<std::size_t>(flags.first + row * flags.stride)] =
            is_set ? static_cast<unsigned char>(1 + random.below(255)) : 0;
    }
    return flags;
}

inline void write_element(ColumnData& data, std::ptrdiff_t place, std::uint64_t bits, int size) {
    const bool is_highest_first = (data.column.swapped != 0) != (std::endian::native == std::endian::big);
    for (int byte = 0; byte < size; ++byte) {
        const int from = is_highest_first ? size - 1 - byte : byte;
        data.memory[static_cast<std::size_t>(place + byte)] = static_cast<unsigned char>(bits >> (8 * from));
    }
}

struct Layout {
    squarely_dtype dtype = SQUARELY_FLOAT64;
    std::ptrdiff_t stride = 8;
    bool swapped = false;
};

inline Layout draw_layout(Random& random) {
    constexpr squarely_dtype often[] = {SQUARELY_FLOAT64, SQUARELY_FLOAT64,  SQUARELY_FLOAT64, SQUARELY_FLOAT32,
                                        SQUARELY_FLOAT16, SQUARELY_BFLOAT16, SQUARELY_INT64,   SQUARELY_UINT64};
    constexpr int distances[] = {1, 1, 1, 1, 1, 1, 2, 3, -1, -2, 0};
    Layout layout;
    layout.dtype = random.one_in(4) ? static_cast<squarely_dtype>(random.below(dtype_count)) : random.of(often);
    layout.stride = random.of(distances) * element_types[layout.dtype].size;
    if (layout.stride > 0 && random.one_in(12)) layout.stride += random.between(1, 5);
    layout.swapped = random.one_in(8);
    return layout;
}

// Elements of these bits.
inline ColumnData column_of(Random& random, const Layout& layout, const std::vector<std::uint64_t>& bits) {
    const ElementType& type = element_types[layout.dtype];
    const int rows = static_cast<int>(bits.size());
    ColumnData data;
    std::ptrdiff_t first = 0;
    data.memory = make_room(random, rows, type.size, layout.stride, first);
    data.column.stride = layout.stride;
    data.column.dtype = layout.dtype;
    data.column.swapped = layout.swapped ? 1 : 0;
    for (int row = 0; row < rows; ++row) {
        const std::uint64_t one = layout.stride == 0 ? bits.front() : bits[static_cast<std::size_t>(row)];
        write_element(data, first + row * layout.stride, one, type.size);
        data.numbers.push_back(number_of(type, one));
    }
    data.column.data = data.memory.data() + first;
    return data;
}

// Some rows have no value, as Arrow or as pandas would say it.
inline void draw_missing(Random& random, ColumnData& data) {
    const int rows = static_cast<int>(data.numbers.size());
    if (random.one_in(2)) {
        data.missing = draw_flags(random, rows);
        for (unsigned char& byte : data.missing.memory) byte = byte == 0 ? 1 : 0;
        data.column.missing = data.missing.data();
        data.column.missing_stride = data.missing.stride;
        for (int row = 0; row < rows; ++row) {
            if (data.missing.at(row)) data.numbers[static_cast<std::size_t>(row)] = {.is_nan = true};
        }
        return;
    }
    const int offset = random.between(0, 70);
    data.bitmap.assign(static_cast<std::size_t>((offset + rows + 7) / 8), 0);
    data.column.validity = data.bitmap.data();
    data.column.validity_offset = offset;
    const std::uint64_t frequency = 1 + random.below(20);
    for (int row = 0; row < rows; ++row) {
        const int bit = offset + row;
        if (random.one_in(frequency)) {
            data.numbers[static_cast<std::size_t>(row)] = {.is_nan = true};
        } else {
            data.bitmap[static_cast<std::size_t>(bit / 8)] |= static_cast<unsigned char>(1 << bit % 8);
        }
    }
}

// The same column, from a row on.
inline squarely_column from_row(squarely_column column, std::ptrdiff_t row) {
    column.data = static_cast<const unsigned char*>(column.data) + row * column.stride;
    if (column.validity != nullptr) column.validity_offset += row;
    if (column.missing != nullptr) column.missing += row * column.missing_stride;
    return column;
}

}  // namespace fuzz
