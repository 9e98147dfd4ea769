#include "groups/text_keys.hpp"

#include <algorithm>
#include <cstring>

namespace squarely {
namespace {

constexpr std::ptrdiff_t rows_at_once = 512;
constexpr std::ptrdiff_t rows_ahead = 12;

std::uint64_t word_at(const char* at) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    return word;
}

std::uint64_t half_word_at(const char* at) {
    std::uint32_t word;
    std::memcpy(&word, at, sizeof word);
    return word;
}

// Of one to seven bytes, all of them: words overlap.
std::uint64_t short_word(const char* at, std::size_t size) {
    if (size >= 4) return half_word_at(at) << 32 | half_word_at(at + size - 4);
    const auto byte = [at](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(at[i])}; };
    return byte(0) << 16 | byte(size / 2) << 8 | byte(size - 1);
}

std::uint64_t hash_of(std::string_view text) {
    const char* at = text.data();
    std::size_t size = text.size();
    std::uint64_t hash = size * 0x9fb21c651e98df25u;
    if (size < 8) return size == 0 ? mixed(hash) : mixed(hash ^ short_word(at, size));
    for (; size > 8; size -= 8, at += 8) hash = mixed(hash ^ word_at(at)) + hash;
    return mixed(hash ^ word_at(at + size - 8));
}

bool are_equal(const char* a, const char* b, std::size_t size) {
    if (size < 8) return size == 0 || short_word(a, size) == short_word(b, size);
    for (; size > 8; size -= 8, a += 8, b += 8) {
        if (word_at(a) != word_at(b)) return false;
    }
    return word_at(a + size - 8) == word_at(b + size - 8);
}

}  // namespace

TextKeys::TextKeys(const TextKeys& other) : bytes_(other.bytes_), ends_(other.ends_), missing_(other.missing_) {
    if (size() > 0) lay_out(size());
}

std::string_view TextKeys::text(std::size_t code) const {
    const std::uint64_t start = code == 0 ? 0 : ends_[code - 1];
    return {bytes_.data() + start, static_cast<std::size_t>(ends_[code] - start)};
}

bool TextKeys::is(std::uint32_t code, std::string_view text) const {
    const std::string_view known = this->text(code);
    return known.size() == text.size() && are_equal(known.data(), text.data(), text.size());
}

std::uint32_t TextKeys::enter(std::string_view text) {
    const std::uint32_t code = code_after(size());
    bytes_.insert(bytes_.end(), text.begin(), text.end());
    ends_.push_back(bytes_.size());
    return code;
}

std::uint32_t TextKeys::code_of_missing(NewKeys fresh) {
    if (missing_ == no_code && fresh == NewKeys::entered) missing_ = enter({});
    return missing_;
}

void TextKeys::codes(const std::string_view* texts, std::ptrdiff_t count, NewKeys fresh, std::uint32_t* codes) {
    for (std::ptrdiff_t first = 0; first < count; first += rows_at_once) {
        const std::ptrdiff_t rows = std::min(rows_at_once, count - first);
        const std::size_t most = size() + static_cast<std::size_t>(rows);
        if (fresh == NewKeys::entered && !slots_.has_room_for(most)) lay_out(most);
        codes_of_rows(texts + first, rows, fresh, codes + first);
    }
}

// Three memories are waited for, one after the other: the slot, where its text ends, and the text. Every row asks for
// one of them some rows before it needs that to ask for the next.
void TextKeys::codes_of_rows(const std::string_view* texts, std::ptrdiff_t rows, NewKeys fresh, std::uint32_t* codes) {
    std::uint64_t hashes[rows_at_once];
    std::uint32_t likely[rows_at_once];
    for (std::ptrdiff_t i = -3 * rows_ahead; i < rows; ++i) {
        if (const std::ptrdiff_t row = i + 3 * rows_ahead; row < rows) {
            hashes[row] = hash_of(texts[row]);
            slots_.prefetch(hashes[row]);
        }
        if (const std::ptrdiff_t row = i + 2 * rows_ahead; row >= 0 && row < rows) {
            const std::uint64_t hash = hashes[row];
            likely[row] = slots_.find(hash, [hash](const Slot& one) { return one.word == hash; }).number - 1;
            if (likely[row] != no_code) __builtin_prefetch(ends_.data() + likely[row]);
        }
        if (const std::ptrdiff_t row = i + rows_ahead; row >= 0 && row < rows && likely[row] != no_code) {
            __builtin_prefetch(text(likely[row]).data());
        }
        if (i < 0) continue;
        const bool is_known = likely[i] != no_code && texts[i].data() != nullptr && is(likely[i], texts[i]);
        codes[i] = is_known ? likely[i] : code_of(hashes[i], texts[i], fresh);
    }
}

// Of a text that is new, or whose hash another has, too.
std::uint32_t TextKeys::code_of(std::uint64_t hash, std::string_view text, NewKeys fresh) {
    if (text.data() == nullptr) return code_of_missing(fresh);
    Slot& slot = slots_.find(hash, [&](const Slot& one) { return one.word == hash && is(one.number - 1, text); });
    if (slot.number == 0 && fresh == NewKeys::entered) slot = {hash, enter(text) + 1};
    return slot.number - 1;
}

void TextKeys::lay_out(std::size_t room) {
    slots_.clear(room);
    for (std::size_t i = 0; i < size(); ++i) {
        const std::uint64_t hash = hash_of(text(i));
        if (i != missing_) slots_.put(hash, {hash, static_cast<std::uint32_t>(i) + 1});
    }
}

void TextKeys::forget_after(std::size_t count) {
    bool were_in_place = true;
    for (std::size_t i = size(); i-- > count;) {
        if (i == missing_) {
            missing_ = no_code;
        } else {
            were_in_place &= slots_.take_out(hash_of(text(i)), static_cast<std::uint32_t>(i) + 1);
        }
    }
    ends_.resize(std::min(count, size()));
    bytes_.resize(ends_.empty() ? 0 : ends_.back());
    if (!were_in_place) lay_out(size());
}

}  // namespace squarely
