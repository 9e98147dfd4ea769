// The byte form as cpp/README.md documents it: where its fields are, and checksums made right.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace fuzz {

using Form = std::vector<unsigned char>;

inline std::uint32_t crc32(const Form& bytes, std::size_t first, std::size_t last) {
    std::uint32_t rest = ~std::uint32_t{0};
    for (std::size_t i = first; i < last; ++i) {
        rest ^= bytes[i];
        for (int bit = 0; bit < 8; ++bit) rest = rest >> 1 ^ (rest & 1 ? 0xedb88320u : 0u);
    }
    return ~rest;
}

// Of eight bytes at most, and of as many as there are.
inline std::size_t size_of_number(const Form& bytes, std::size_t place, std::size_t size) {
    return std::min({size, std::size_t{8}, bytes.size() - std::min(place, bytes.size())});
}

inline std::uint64_t number_at(const Form& bytes, std::size_t place, std::size_t size) {
    std::uint64_t number = 0;
    for (std::size_t i = size_of_number(bytes, place, size); i-- > 0;) number = number << 8 | bytes[place + i];
    return number;
}

inline void put_number(Form& bytes, std::size_t place, std::size_t size, std::uint64_t number) {
    for (std::size_t i = 0; i < size_of_number(bytes, place, size); ++i) {
        bytes[place + i] = static_cast<unsigned char>(number >> 8 * i);
    }
}

inline void append_checksum(Form& bytes, std::size_t first = 0) {
    const std::uint32_t checksum = crc32(bytes, first, bytes.size());
    bytes.resize(bytes.size() + 4);
    put_number(bytes, bytes.size() - 4, 4, checksum);
}

struct Field {
    std::size_t place, size;
};

// The fields of what a state of version 3 has written, without its checksum.
class Fields {
  public:
    explicit Fields(const Form& bytes) : bytes_(bytes) {
        for (int i = 0; i < 3; ++i) (void)next(1);
        weighted_ = (bytes[7] & 2) != 0;
        rounded_ = bytes[6] != 0;
        (void)next(1);
        repeat(next(8), [&] { (void)next(8); });
        repeat(next(2), [&] { add_metric(); });
        std::uint64_t outputs = 1;
        const std::uint64_t dimensions = next(1);
        repeat(dimensions, [&] { outputs *= next(8); });
        if (dimensions == 0) return;
        repeat(next(2), [&] { add_summand(); });
        repeat(outputs, [&] { add_output(); });
    }

    const std::vector<Field>& all() const { return fields_; }

  private:
    std::uint64_t next(std::size_t size) {
        fields_.push_back({place_, size});
        place_ += size;
        return number_at(bytes_, place_ - size, size);
    }

    template <class Add>
    void repeat(std::uint64_t count, Add add) {
        for (std::uint64_t i = 0; i < count && place_ < bytes_.size(); ++i) add();
    }

    void add_metric() {
        (void)next(next(1));
        (void)next(8);
    }

    void add_summand() {
        terms_.push_back(next(1));
        (void)next(8);
    }

    void add_output() {
        (void)next(8);
        const bool has_infinite = next(8) > 0;
        repeat(has_infinite ? 8 : 4, [&] { (void)next(8); });
        for (std::uint64_t term : terms_) add_sum(term);
    }

    // Of as many bytes as its eighth bits say.
    std::uint64_t next_of_bits() {
        std::size_t size = 1;
        while (place_ + size < bytes_.size() && bytes_[place_ + size - 1] > 0x7f) ++size;
        std::uint64_t number = 0;
        for (std::size_t i = size; i-- > 0 && place_ + i < bytes_.size();)
            number = number << 7 | (bytes_[place_ + i] & 0x7f);
        (void)next(size);
        return number;
    }

    void add_sum(std::uint64_t term) {
        if (term >= 25) {
            repeat(next_of_bits(), [&] {
                (void)next_of_bits();
                (void)next_of_bits();
            });
            return;
        }
        const bool is_extreme = term >= 22 && term <= 24;
        if (is_extreme || rounded_) {
            repeat(2, [&] { (void)next(8); });
        } else {
            (void)next(1);
            (void)next(1);
            repeat(next(1), [&] { (void)next(8); });
        }
        if (!is_extreme && (weighted_ || term > 9)) repeat(2, [&] { (void)next(8); });
    }

    const Form& bytes_;
    std::size_t place_ = 5;
    std::vector<Field> fields_;
    std::vector<std::uint64_t> terms_;
    bool weighted_ = false;
    bool rounded_ = false;
};

}  // namespace fuzz
