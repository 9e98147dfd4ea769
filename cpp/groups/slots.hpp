// A table of open addresses: what a hash leads to. Those it collides with stand behind it.
#pragma once

#include "groups/zeroed_memory.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace squarely {

struct Slot {
    std::uint64_t word;    // what is compared: a key of 64 bits, or the hash of a longer one
    std::uint32_t number;  // the code of the key and one; 0 where the slot is free
};

// Half of the product of two words, folded: every bit of the result depends on every bit of both.
inline std::uint64_t mixed(std::uint64_t word) {
    __extension__ typedef unsigned __int128 uint128;
    const uint128 product = static_cast<uint128>(word ^ 0x9e3779b97f4a7c15u) * 0xd6e8feb86659fd93u;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Keys enter in the order of their codes, also where the table grows, and leave in the opposite order: so what leaves
// was the last to find its place, and nothing stands where it does because of it.
class Slots {
  public:
    std::uint64_t mask() const { return mask_; }
    Slot* data() { return static_cast<Slot*>(memory_.get()); }

    void prefetch(std::uint64_t hash) { __builtin_prefetch(data() + (hash & mask_)); }

    // Three quarters of the slots stay free: a key that is not where its hash points is a branch mispredicted.
    bool has_room_for(std::size_t keys) const { return memory_ != nullptr && 4 * keys <= mask_; }

    // Forgets everything.
    void clear(std::size_t room) {
        std::uint64_t count = least;
        while (4 * room >= count) count *= 2;
        memory_ = zeroed_memory(count * sizeof(Slot));
        mask_ = count - 1;
    }

    void put(std::uint64_t hash, Slot slot) {
        std::uint64_t place = hash & mask_;
        while (data()[place].number != 0) place = (place + 1) & mask_;
        data()[place] = slot;
    }

    void take_out(std::uint64_t hash, std::uint32_t number) {
        std::uint64_t place = hash & mask_;
        while (data()[place].number != number) place = (place + 1) & mask_;
        data()[place] = {};
    }

  private:
    static constexpr std::uint64_t least = 1024;

    ZeroedMemory memory_;
    std::uint64_t mask_ = 0;
};

}  // namespace squarely
