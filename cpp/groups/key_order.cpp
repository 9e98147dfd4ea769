#include "groups/key_order.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>

namespace squarely {
namespace {

constexpr int bits_of_digit = 8;
constexpr int digits = 64 / bits_of_digit;
constexpr std::size_t values_of_digit = std::size_t{1} << bits_of_digit;
constexpr std::size_t few_keys = 1024;  // which are compared with each other in less time than it takes to count digits

constexpr std::uint64_t highest_bit = std::uint64_t{1} << 63;

// A key and, for its order, a word. Texts that begin alike have the same.
struct Ranked {
    std::uint64_t rank;
    std::uint32_t code;
};

std::size_t digit_of(std::uint64_t rank, int digit) { return rank >> digit * bits_of_digit & (values_of_digit - 1); }

// Digit by digit from the last, leaving out those that all have alike.
void sort_by_digits(std::vector<Ranked>& keys) {
    std::array<std::array<std::size_t, values_of_digit>, digits> counts{};
    for (const Ranked& key : keys) {
        for (int digit = 0; digit < digits; ++digit) {
            ++counts[static_cast<std::size_t>(digit)][digit_of(key.rank, digit)];
        }
    }
    std::vector<Ranked> sorted(keys.size());
    for (int digit = 0; digit < digits; ++digit) {
        auto& places = counts[static_cast<std::size_t>(digit)];
        if (places[digit_of(keys[0].rank, digit)] == keys.size()) continue;
        std::size_t before = 0;
        for (std::size_t& place : places) before += std::exchange(place, before);
        for (const Ranked& key : keys) sorted[places[digit_of(key.rank, digit)]++] = key;
        keys.swap(sorted);
    }
}

// Of one rank are texts alone.
struct IsLess {
    const TextKeys* texts;
    std::size_t first;  // before it all have the same bytes

    std::string_view rest(const Ranked& key) const { return texts->text(key.code).substr(first); }
    bool operator()(const Ranked& a, const Ranked& b) const {
        return a.rank == b.rank ? rest(a) < rest(b) : a.rank < b.rank;
    }
};

// Those of one rank among themselves.
void sort_alike(std::vector<Ranked>& keys, IsLess is_less) {
    for (auto first = keys.begin(), last = first; first != keys.end(); first = last) {
        last = std::find_if(first, keys.end(), [&](const Ranked& key) { return key.rank != first->rank; });
        if (last - first > 1) std::sort(first, last, is_less);
    }
}

void sort(std::vector<Ranked>& keys, IsLess is_less) {
    if (keys.size() <= few_keys) return std::sort(keys.begin(), keys.end(), is_less);
    sort_by_digits(keys);
    if (is_less.texts != nullptr) sort_alike(keys, is_less);
}

std::uint64_t rank_of(std::uint64_t word, Ordering ordering) {
    switch (ordering) {
        case Ordering::large_integers: return word;
        case Ordering::floats: return word < highest_bit ? word | highest_bit : ~word;
        case Ordering::integers: break;
    }
    return word ^ highest_bit;
}

// Eight bytes of a text from one on, and zeros behind its end.
std::uint64_t rank_of(std::string_view text, std::size_t first) {
    unsigned char bytes[8] = {};
    if (first < text.size()) std::memcpy(bytes, text.data() + first, std::min<std::size_t>(8, text.size() - first));
    std::uint64_t rank = 0;
    for (const unsigned char byte : bytes) rank = rank << 8 | byte;
    return rank;
}

std::vector<std::uint32_t> codes_of(const std::vector<Ranked>& keys, std::uint32_t missing) {
    std::vector<std::uint32_t> codes;
    codes.reserve(keys.size() + 1);
    for (const Ranked& key : keys) codes.push_back(key.code);
    if (missing != no_code) codes.push_back(missing);
    return codes;
}

template <class Rank>
std::vector<Ranked> ranked(std::size_t count, std::uint32_t missing, Rank rank) {
    std::vector<Ranked> keys;
    keys.reserve(count);
    for (std::uint32_t code = 0; code < count; ++code) {
        if (code != missing) keys.push_back({rank(code), code});
    }
    return keys;
}

std::size_t length_in_common(std::string_view a, std::string_view b) {
    const auto end = a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size()));
    return static_cast<std::size_t>(std::mismatch(a.begin(), end, b.begin()).first - a.begin());
}

std::size_t length_in_common(const TextKeys& keys, std::uint32_t missing) {
    const std::uint32_t first = missing == 0 ? 1 : 0;
    if (first == keys.size()) return 0;
    std::size_t length = keys.text(first).size();
    for (std::uint32_t code = first + 1; code < keys.size(); ++code) {
        if (code != missing) length = length_in_common(keys.text(first).substr(0, length), keys.text(code));
    }
    return length;
}

}  // namespace

std::vector<std::uint32_t> codes_in_order(const WordKeys& keys, Ordering ordering) {
    const auto rank = [&](std::uint32_t code) { return rank_of(keys.words()[code], ordering); };
    std::vector<Ranked> all = ranked(keys.size(), keys.missing(), rank);
    sort(all, {nullptr, 0});
    return codes_of(all, keys.missing());
}

std::vector<std::uint32_t> codes_in_order(const TextKeys& keys) {
    const std::size_t first = length_in_common(keys, keys.missing());
    const auto rank = [&](std::uint32_t code) { return rank_of(keys.text(code), first); };
    std::vector<Ranked> all = ranked(keys.size(), keys.missing(), rank);
    sort(all, {&keys, first});
    return codes_of(all, keys.missing());
}

}  // namespace squarely
