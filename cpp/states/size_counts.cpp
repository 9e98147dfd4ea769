#include "states/size_counts.hpp"

#include "tables/reasons.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>
#include <utility>

namespace squarely {
namespace {

using Counts = std::vector<SizeCount>;

bool is_before(const SizeCount& count, SizePlace place) { return count.place < place; }

// Calls visit(count or the end, one of the others) for all others. Where there are few of them, most are skipped.
template <class Visit>
void for_each_place(Counts& counts, const Counts& others, Visit visit) {
    const bool are_few = others.size() < counts.size() / 16;
    auto own = counts.begin();
    for (const SizeCount& other : others) {
        if (are_few) {
            own = std::lower_bound(own, counts.end(), other.place, is_before);
        } else {
            while (own != counts.end() && own->place < other.place) ++own;
        }
        visit(own, other);
    }
}

std::size_t count_new(Counts& counts, const Counts& others) {
    std::size_t found = 0;
    for_each_place(counts, others, [&](auto own, const SizeCount& other) {
        found += own == counts.end() || own->place != other.place;
    });
    return found;
}

// From the end on, into room for so many new ones.
void merge_backwards(Counts& counts, const Counts& others, std::size_t are_new) {
    auto own = counts.rbegin() + static_cast<std::ptrdiff_t>(are_new);
    auto target = counts.rbegin();
    for (auto other = others.rbegin(); other != others.rend();) {
        if (own != counts.rend() && own->place > other->place) {
            *target++ = *own++;
        } else if (own != counts.rend() && own->place == other->place) {
            *target++ = {own->place, own->pairs + other->pairs};
            ++own;
            ++other;
        } else {
            *target++ = *other++;
        }
    }
}

void append_varint(std::vector<unsigned char>& bytes, std::uint64_t value) {
    for (; value > 0x7f; value >>= 7) bytes.push_back(static_cast<unsigned char>(value | 0x80));
    bytes.push_back(static_cast<unsigned char>(value));
}

// False where there is a shorter form of the number, or it has more than 64 bits.
bool read_varint(ByteReader& reader, std::uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        const std::uint64_t byte = read_number(reader, 1);
        value |= (byte & 0x7f) << shift;
        if (shift == 63 && byte > 1) return false;
        if (byte <= 0x7f) return byte > 0 || shift == 0;
    }
    return false;
}

bool is_possible(const SizeAxis& axis, std::int64_t size) {
    const std::int64_t magnitude = size < 0 ? -size : size;
    return magnitude < infinite_size(axis) || (axis.number == Number::residual && magnitude == infinite_size(axis));
}

bool is_possible(const BySize& sizes, SizePlace place) {
    if (sizes.second.number == Number::none) {
        return place < length_of(sizes.first) && is_possible(sizes.first, size_at(place, sizes.first));
    }
    const SizePlace length = length_of(sizes.second);
    return place / length < length_of(sizes.first) && is_possible(sizes.first, size_at(place / length, sizes.first)) &&
           is_possible(sizes.second, size_at(place % length, sizes.second));
}

// By fewer bits, and by one number alone.
Counts counts_of_axis(const BySize& sizes, const SizeCounts& counts, const SizeAxis& axis) {
    const SizePlace length = sizes.second.number == Number::none ? 1 : length_of(sizes.second);
    const bool is_first = sizes.first.number == axis.number;
    const SizeAxis& own = is_first ? sizes.first : sizes.second;
    Counts found;
    for (const SizeCount& count : counts.all) {
        const std::int64_t size = size_at(is_first ? count.place / length : count.place % length, own);
        const std::int64_t magnitude = (size < 0 ? -size : size) >> (own.bits - axis.bits);
        const SizePlace place = place_of(size < 0 ? -magnitude : magnitude, axis);
        if (found.empty() || found.back().place != place) found.push_back({place, 0});
        found.back().pairs += count.pairs;
    }
    if (is_first) return found;
    std::sort(found.begin(), found.end(), [](const SizeCount& a, const SizeCount& b) { return a.place < b.place; });
    Counts together;
    for (const SizeCount& count : found) {
        if (together.empty() || together.back().place != count.place) together.push_back({count.place, 0});
        together.back().pairs += count.pairs;
    }
    return together;
}

// Halfway between the least numbers of this size and of the next one: half a size is no more than 2^-8 of a normal
// number. Zero stands for all numbers of its size.
double middle_of(std::int64_t magnitude, const SizeAxis& axis) {
    if (magnitude == 0) return 0;
    const int dropped = 52 - axis.bits;
    const auto least = static_cast<std::uint64_t>(magnitude) << dropped;
    const bool is_infinite = magnitude == infinite_size(axis);
    return std::bit_cast<double>(is_infinite ? least : least | std::uint64_t{1} << (dropped - 1));
}

// By eleven bits at a time, the lowest first. Comparing takes ten times as long for some ten thousand places.
void sort(std::vector<SizePlace>& places) {
    constexpr std::size_t fewest = 1024;
    constexpr int digit_bits = 11;
    constexpr SizePlace digits = SizePlace{1} << digit_bits;
    if (places.size() < fewest) return std::sort(places.begin(), places.end());
    const SizePlace greatest = *std::max_element(places.begin(), places.end());
    std::vector<SizePlace> next(places.size());
    std::vector<std::size_t> ends(digits);
    for (int shift = 0; greatest >> shift != 0; shift += digit_bits) {
        const auto digit_of = [&](SizePlace place) { return place >> shift & (digits - 1); };
        std::fill(ends.begin(), ends.end(), 0);
        for (const SizePlace place : places) ++ends[digit_of(place)];
        std::partial_sum(ends.begin(), ends.end(), ends.begin());
        for (auto place = places.rbegin(); place != places.rend(); ++place) next[--ends[digit_of(*place)]] = *place;
        places.swap(next);
    }
}

}  // namespace

SizeCounts counts_of_places(std::vector<SizePlace> places) {
    sort(places);
    SizeCounts counts;
    for (const SizePlace place : places) {
        if (counts.all.empty() || counts.all.back().place != place) counts.all.push_back({place, 0});
        ++counts.all.back().pairs;
    }
    return counts;
}

void merge(SizeCounts& counts, const SizeCounts& more) {
    if (counts.all.empty()) {
        counts.all = more.all;
        return;
    }
    const std::size_t are_new = count_new(counts.all, more.all);
    if (are_new == 0) {
        for_each_place(counts.all, more.all, [](auto own, const SizeCount& other) { own->pairs += other.pairs; });
        return;
    }
    const std::size_t size = counts.all.size() + are_new;
    if (size > counts.all.capacity()) counts.all.reserve(std::max(size, 2 * counts.all.size()));
    counts.all.resize(size);
    merge_backwards(counts.all, more.all, are_new);
}

void merge(SizeCounts& counts, SizeCounts&& more) {
    if (counts.all.empty()) {
        counts.all = std::move(more.all);
    } else {
        merge(counts, std::as_const(more));
    }
}

void merge_each(std::vector<SizeCounts>& counts, const std::vector<SizeCounts>& more) {
    for (std::size_t i = 0; i < more.size(); ++i) {
        Counts& all = counts[i].all;
        const std::size_t most = all.size() + more[i].all.size();
        if (most > all.capacity()) all.reserve(2 * most);
    }
    for (std::size_t i = 0; i < more.size(); ++i) merge(counts[i], more[i]);  // there is room: nothing throws
}

bool subtract(SizeCounts& counts, const SizeCounts& part) {
    bool is_part = true;
    for_each_place(counts.all, part.all, [&](auto own, const SizeCount& other) {
        is_part = is_part && own != counts.all.end() && own->place == other.place && own->pairs >= other.pairs;
    });
    if (!is_part) return false;
    for_each_place(counts.all, part.all, [](auto own, const SizeCount& other) { own->pairs -= other.pairs; });
    std::erase_if(counts.all, [](const SizeCount& count) { return count.pairs == 0; });
    return true;
}

bool are_possible(const BySize& sizes, const SizeCounts& counts, std::uint64_t pairs) {
    for (const SizeCount& count : counts.all) {
        if (!is_possible(sizes, count.place) || count.pairs > pairs) return false;
        pairs -= count.pairs;
    }
    return pairs == 0;
}

bool are_possible_together(const BySize& sizes, const SizeCounts& counts, const BySize& other_sizes,
                           const SizeCounts& others) {
    for (const SizeAxis& axis : {sizes.first, sizes.second}) {
        for (const SizeAxis& other : {other_sizes.first, other_sizes.second}) {
            if (axis.number == Number::none || axis.number != other.number) continue;
            const SizeAxis common{axis.number, std::min(axis.bits, other.bits)};
            if (counts_of_axis(sizes, counts, common) != counts_of_axis(other_sizes, others, common)) return false;
        }
    }
    return true;
}

void append_bytes(const SizeCounts& counts, std::vector<unsigned char>& bytes) {
    append_varint(bytes, counts.all.size());
    SizePlace next = 0;
    for (const SizeCount& count : counts.all) {
        append_varint(bytes, count.place - next);
        append_varint(bytes, count.pairs - 1);
        next = count.place + 1;
    }
}

bool read_bytes(SizeCounts& counts, ByteReader& reader) {
    std::uint64_t size = 0;
    if (!read_varint(reader, size)) return false;
    // Before memory is asked for: each takes two bytes at least.
    if (size > static_cast<std::size_t>(reader.last - reader.next) / 2) throw Refused(Reason::bytes_cut);
    counts.all.resize(size);
    SizePlace next = 0;
    for (SizeCount& count : counts.all) {
        std::uint64_t gap = 0;
        std::uint64_t less_one = 0;
        if (!read_varint(reader, gap) || !read_varint(reader, less_one)) return false;
        if (gap >> 62 != 0 || less_one > INT64_MAX || next >> 62 != 0) return false;
        count = {next + gap, less_one + 1};
        next = count.place + 1;
    }
    return true;
}

double quantile_of_magnitudes(const SizeCounts& counts, std::uint64_t infinite, double q) {
    constexpr SizeAxis axis = facts_of(Term::residuals_by_size).by_size.first;
    const std::vector<SizeCount>& all = counts.all;
    std::uint64_t pairs = infinite;
    for (const SizeCount& count : all) pairs += count.pairs;
    // Rounded as a product of doubles, so that a tenth of ten pairs is one.
    const double share = std::ceil(static_cast<double>(pairs) * q);
    const std::uint64_t wanted = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(share), 1, pairs);
    // From zero on in both directions.
    auto above = std::lower_bound(all.begin(), all.end(), place_of(0, axis), is_before);
    auto below = std::make_reverse_iterator(above);
    for (std::uint64_t passed = 0; above != all.end() || below != all.rend();) {
        const std::int64_t up = above == all.end() ? INT64_MAX : size_at(above->place, axis);
        const std::int64_t down = below == all.rend() ? INT64_MAX : -size_at(below->place, axis);
        const std::int64_t magnitude = std::min(up, down);
        if (up == magnitude) passed += above++->pairs;
        if (down == magnitude) passed += below++->pairs;
        if (passed >= wanted) return middle_of(magnitude, axis);
    }
    return std::numeric_limits<double>::infinity();
}

}  // namespace squarely
