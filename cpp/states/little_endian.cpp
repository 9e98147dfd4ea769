#include "states/little_endian.hpp"

#include "tables/reasons.hpp"

#include <bit>

namespace squarely {

void append(std::vector<unsigned char>& bytes, std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes.push_back(static_cast<unsigned char>(value >> (8 * i)));
}

void append(std::vector<unsigned char>& bytes, double value) { append(bytes, std::bit_cast<std::uint64_t>(value), 8); }

std::uint64_t read_number(ByteReader& reader, int size) {
    if (reader.last - reader.next < size) throw Refused(Reason::bytes_cut);
    std::uint64_t value = 0;
    for (int i = 0; i < size; ++i) value |= std::uint64_t{*reader.next++} << (8 * i);
    return value;
}

double read_double(ByteReader& reader) { return std::bit_cast<double>(read_number(reader, 8)); }

}  // namespace squarely
