// Keys of text or bytes, numbered in the order in which they first came.
#pragma once

#include "groups/key_table.hpp"

#include <string_view>
#include <vector>

namespace squarely {

// Texts are compared by their bytes: of UTF-8 their order is that of the code points. One without an address is
// missing, which is a key too.
class TextKeys {
  public:
    TextKeys() = default;
    TextKeys(const TextKeys& other);
    TextKeys& operator=(const TextKeys&) = delete;

    std::size_t size() const { return ends_.size(); }
    std::string_view text(std::size_t code) const;
    std::uint32_t code_of_missing(NewKeys fresh);
    std::uint32_t missing() const { return missing_; }

    // After an exception those before it may have been entered.
    void codes(const std::string_view* texts, std::ptrdiff_t count, NewKeys fresh, std::uint32_t* codes);

    // Keys from this code on are taken out.
    void forget_after(std::size_t count);

  private:
    bool is(std::uint32_t code, std::string_view text) const;
    void codes_of_rows(const std::string_view* texts, std::ptrdiff_t rows, NewKeys fresh, std::uint32_t* codes);
    std::uint32_t code_of(std::uint64_t hash, std::string_view text, NewKeys fresh);
    std::uint32_t enter(std::string_view text);
    void lay_out(std::size_t room);

    std::vector<char> bytes_;
    std::vector<std::uint64_t> ends_;
    std::uint32_t missing_ = no_code;
    Slots slots_;
};

}  // namespace squarely
