// Numbers as bytes, the same on every machine.
#pragma once

#include <cstdint>
#include <vector>

namespace squarely {

void append(std::vector<unsigned char>& bytes, std::uint64_t value, int size);
void append(std::vector<unsigned char>& bytes, double value);

// What is left to read.
struct ByteReader {
    const unsigned char* next;
    const unsigned char* last;
};

// Both throw Refused where the bytes end.
std::uint64_t read_number(ByteReader& reader, int size);
double read_double(ByteReader& reader);

}  // namespace squarely
