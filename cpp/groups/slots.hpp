// A table of open addresses: what a hash leads to. Those it collides with stand behind it.
#pragma once

#include "machine/zeroed_memory.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace squarely {

struct Slot {
    std::uint64_t word;    // what is compared: a key of 64 bits, or the hash of a longer one
    std::uint32_t number;  // the code of the key and one; 0 where the slot is free
};

// Half of the product of two words, folded: every bit of the result depends on every bit of both.
inline std::uint64_t mixed(std::uint64_t word) {
    __extension__ typedef unsigned __int128 Product;
    const Product product = static_cast<Product>(word ^ 0x9e3779b97f4a7c15u) * 0xd6e8feb86659fd93u;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Keys enter in the order of their codes, also where the table grows, and leave in the opposite order: so what leaves
// was the last to find its place, and nothing stands where it does because of it. A caller who writes to the memory of
// keys during a call has some in places that are not theirs: then the table is laid out again.
class Slots {
  public:
    void prefetch(std::uint64_t hash) const { __builtin_prefetch(first_ + (hash & mask_)); }

    bool has_room_for(std::size_t keys) const { return memory_ != nullptr && slots_for(keys) <= mask_ + 1; }

    // Forgets everything.
    void clear(std::size_t room) {
        const std::uint64_t count = slots_for(room);
        memory_ = zeroed_memory(count * sizeof(Slot));
        first_ = static_cast<Slot*>(memory_.get());
        mask_ = count - 1;
    }

    // The first slot behind a hash that is meant, or else the one that is free: to be filled where there is room.
    template <class IsMeant>
    Slot& find(std::uint64_t hash, IsMeant is_meant) {
        std::uint64_t place = hash & mask_;
        while (first_[place].number != 0 && !is_meant(first_[place])) place = (place + 1) & mask_;
        return first_[place];
    }

    void put(std::uint64_t hash, Slot slot) {
        find(hash, [](const Slot&) { return false; }) = slot;
    }

    // False where it is not there.
    bool take_out(std::uint64_t hash, std::uint32_t number) {
        Slot& slot = find(hash, [number](const Slot& one) { return one.number == number; });
        const bool was_there = slot.number != 0;
        slot = {};
        return was_there;
    }

  private:
    static constexpr std::uint64_t least = 1024;
    static constexpr std::size_t many = std::size_t{1} << 18;

    // A quarter of the slots is used, as a key that is not where its hash leads to is a branch mispredicted. Of many
    // keys a half: they wait for memory.
    static std::uint64_t slots_for(std::size_t keys) {
        return std::bit_ceil(std::max(least, keys * (keys < many ? 4 : 2)));
    }

    static inline Slot free_{};  // all there is before there is memory

    ZeroedMemory memory_;
    Slot* first_ = &free_;
    std::uint64_t mask_ = 0;
};

}  // namespace squarely
