// Keys of 64 bits, numbered in the order in which they first came.
#pragma once

#include "groups/slots.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace squarely {

// The code of what has none.
constexpr std::uint32_t no_code = UINT32_MAX;

// Whether keys that are new get a code, or none.
enum class NewKeys : bool { found_only, entered };

// Throws std::length_error where there are as many keys as codes.
std::uint32_t code_after(std::size_t keys);

// Integers of a small range go by offset, which takes a third of the time; others by their hash.
class WordKeys {
  public:
    WordKeys() = default;
    WordKeys(const WordKeys& other);
    WordKeys& operator=(const WordKeys&) = delete;

    std::size_t size() const { return words_.size(); }

    // In the order of their codes. What is missing is a key too, whose word is zero and says nothing.
    std::span<const std::uint64_t> words() const { return words_; }
    std::uint32_t code_of_missing(NewKeys fresh);
    std::uint32_t missing() const { return missing_; }

    // After an exception those before it may have been entered.
    void codes(const std::uint64_t* words, std::ptrdiff_t count, NewKeys fresh, std::uint32_t* codes);

    // Keys from this code on are taken out.
    void forget_after(std::size_t count);

  private:
    std::ptrdiff_t codes_by_offset(const std::uint64_t* words, std::ptrdiff_t count, NewKeys fresh,
                                   std::uint32_t* codes);
    void codes_by_hash(const std::uint64_t* words, std::ptrdiff_t count, NewKeys fresh, std::uint32_t* codes);
    void lay_out_hashes(std::size_t room);
    void lay_out_numbers(std::uint64_t base, std::uint64_t range);
    bool widen(std::uint64_t word);
    std::uint32_t enter(std::uint64_t word);

    std::vector<std::uint64_t> words_;
    std::uint32_t missing_ = no_code;

    bool is_hashed_ = false;
    Slots slots_;

    // The numbers of the words from base_ on, and 0 where one is no key: as in a slot.
    ZeroedMemory numbers_;
    std::uint64_t base_ = 0;
    std::uint64_t range_ = 0;
};

// One word for two codes, which is small where both are.
inline std::uint64_t paired(std::uint32_t first, std::uint32_t second) {
    const std::uint64_t a = first, b = second;
    return a < b ? b * b + a : a * a + a + b;
}

std::pair<std::uint32_t, std::uint32_t> unpaired(std::uint64_t word);

}  // namespace squarely
