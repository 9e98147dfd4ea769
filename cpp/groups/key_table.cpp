#include "groups/key_table.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>

namespace squarely {
namespace {

constexpr std::ptrdiff_t rows_at_once = 512;

// So many slots are on their way from memory: with twice as many a processor forgets some.
constexpr std::ptrdiff_t rows_ahead = 24;

// The slots of so many keys are waited for no longer than it takes to ask for them before.
constexpr std::size_t keys_in_cache = 4096;

// A table by offset is at least so long before its memory is counted against the number of keys.
constexpr std::uint64_t small_range = std::uint64_t{1} << 20;
constexpr std::uint64_t range_of_each_key = 8;

constexpr std::uint64_t least_range = 1024;

}  // namespace

std::uint32_t code_after(std::size_t keys) {
    if (keys >= no_code - 1) throw std::length_error("There can be 4,294,967,294 groups, and no more.");
    return static_cast<std::uint32_t>(keys);
}

WordKeys::WordKeys(const WordKeys& other)
    : words_(other.words_), missing_(other.missing_), is_hashed_(other.is_hashed_) {
    if (is_hashed_) {
        lay_out_hashes(words_.size());
    } else if (other.range_ != 0) {
        lay_out_numbers(other.base_, other.range_);
    }
}

std::uint32_t WordKeys::enter(std::uint64_t word) {
    const std::uint32_t code = code_after(words_.size());
    words_.push_back(word);
    return code;
}

std::uint32_t WordKeys::code_of_missing(NewKeys fresh) {
    if (missing_ == no_code && fresh == NewKeys::entered) missing_ = enter(0);
    return missing_;
}

void WordKeys::codes(const std::uint64_t* words, std::ptrdiff_t count, NewKeys fresh, std::uint32_t* codes) {
    const std::ptrdiff_t done = is_hashed_ ? 0 : codes_by_offset(words, count, fresh, codes);
    if (done < count) codes_by_hash(words + done, count - done, fresh, codes + done);
}

// Returns how many words it has found the codes of: fewer than all where offsets are no longer the way.
std::ptrdiff_t WordKeys::codes_by_offset(const std::uint64_t* words, std::ptrdiff_t count, NewKeys fresh,
                                         std::uint32_t* codes) {
    auto* numbers = static_cast<std::uint32_t*>(numbers_.get());
    std::uint64_t base = base_, range = range_;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        const std::uint64_t word = words[i];  // read once: the memory is a caller's, who may write to it meanwhile
        if (word - base >= range) [[unlikely]] {
            if (fresh == NewKeys::found_only) {
                codes[i] = no_code;
                continue;
            }
            if (!widen(word)) return i;
            numbers = static_cast<std::uint32_t*>(numbers_.get());
            base = base_, range = range_;
        }
        std::uint32_t& number = numbers[word - base];
        if (number == 0 && fresh == NewKeys::entered) [[unlikely]]
            number = enter(word) + 1;
        codes[i] = number - 1;
    }
    return count;
}

void WordKeys::codes_by_hash(const std::uint64_t* words, std::ptrdiff_t count, NewKeys fresh, std::uint32_t* codes) {
    std::uint64_t hashes[rows_at_once];
    for (std::ptrdiff_t first = 0; first < count; first += rows_at_once) {
        const std::uint64_t* here = words + first;
        const std::ptrdiff_t rows = std::min(rows_at_once, count - first);
        const std::size_t most = words_.size() + static_cast<std::size_t>(rows);
        if (fresh == NewKeys::entered && !slots_.has_room_for(most)) lay_out_hashes(most);
        const auto code_of = [&](std::uint64_t word, std::uint64_t hash) {
            Slot& slot = slots_.find(hash, [word](const Slot& one) { return one.word == word; });
            if (slot.number == 0 && fresh == NewKeys::entered) [[unlikely]]
                slot = {word, enter(word) + 1};
            return slot.number - 1;
        };
        if (most <= keys_in_cache) {
            for (std::ptrdiff_t i = 0; i < rows; ++i) codes[first + i] = code_of(here[i], mixed(here[i]));
            continue;
        }
        const auto look_ahead = [&](std::ptrdiff_t row) {
            hashes[row] = mixed(here[row]);
            slots_.prefetch(hashes[row]);
        };
        for (std::ptrdiff_t i = 0; i < std::min(rows, rows_ahead); ++i) look_ahead(i);
        for (std::ptrdiff_t i = 0; i < rows; ++i) {
            if (i + rows_ahead < rows) look_ahead(i + rows_ahead);
            codes[first + i] = code_of(here[i], hashes[i]);
        }
    }
}

void WordKeys::lay_out_hashes(std::size_t room) {
    slots_.clear(room);
    constexpr auto ahead = static_cast<std::size_t>(rows_ahead);
    for (std::size_t i = 0; i < words_.size(); ++i) {
        if (i + ahead < words_.size()) slots_.prefetch(mixed(words_[i + ahead]));
        if (i != missing_) slots_.put(mixed(words_[i]), {words_[i], static_cast<std::uint32_t>(i) + 1});
    }
}

// Makes room for one more word, and twice what is needed. False where it lies too far away: words are
// hashed from now on.
bool WordKeys::widen(std::uint64_t word) {
    const auto number = static_cast<std::int64_t>(word);
    std::int64_t least = number, most = number;
    for (std::size_t i = 0; i < words_.size(); ++i) {
        if (i == missing_) continue;
        least = std::min(least, static_cast<std::int64_t>(words_[i]));
        most = std::max(most, static_cast<std::int64_t>(words_[i]));
    }
    const std::uint64_t reach = static_cast<std::uint64_t>(most) - static_cast<std::uint64_t>(least);
    if (reach >= std::max(small_range, range_of_each_key * words_.size())) {
        lay_out_hashes(words_.size());
        is_hashed_ = true;
        numbers_.reset();
        return false;
    }
    const std::uint64_t beyond = std::max(least_range, reach / 2);
    lay_out_numbers(static_cast<std::uint64_t>(least) - beyond, reach + 1 + 2 * beyond);
    return true;
}

void WordKeys::lay_out_numbers(std::uint64_t base, std::uint64_t range) {
    numbers_ = zeroed_memory(range * sizeof(std::uint32_t));
    base_ = base, range_ = range;
    auto* numbers = static_cast<std::uint32_t*>(numbers_.get());
    for (std::size_t i = 0; i < words_.size(); ++i) {
        if (i != missing_) numbers[words_[i] - base] = static_cast<std::uint32_t>(i) + 1;
    }
}

void WordKeys::forget_after(std::size_t count) {
    bool were_in_place = true;
    for (std::size_t i = words_.size(); i-- > count;) {
        if (i == missing_) {
            missing_ = no_code;
        } else if (is_hashed_) {
            were_in_place &= slots_.take_out(mixed(words_[i]), static_cast<std::uint32_t>(i) + 1);
        } else {
            static_cast<std::uint32_t*>(numbers_.get())[words_[i] - base_] = 0;
        }
    }
    words_.resize(std::min(count, words_.size()));
    if (!were_in_place) lay_out_hashes(words_.size());
}

std::pair<std::uint32_t, std::uint32_t> unpaired(std::uint64_t word) {
    auto root = static_cast<std::uint64_t>(std::sqrt(static_cast<double>(word)));
    root = std::min(root, std::uint64_t{UINT32_MAX});
    while (root * root > word) --root;
    while (root < UINT32_MAX && (root + 1) * (root + 1) <= word) ++root;
    const std::uint64_t rest = word - root * root;
    const auto large = static_cast<std::uint32_t>(root);
    if (rest < root) return {static_cast<std::uint32_t>(rest), large};
    return {large, static_cast<std::uint32_t>(rest - root)};
}

}  // namespace squarely
