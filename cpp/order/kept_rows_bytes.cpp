// The byte form of worst rows, which cpp/README.md describes.
#include "accumulator/checksum.hpp"
#include "numbers/big_number.hpp"
#include "order/kept_rows.hpp"
#include "states/little_endian.hpp"
#include "tables/reasons.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <limits>

namespace squarely {
namespace {

constexpr std::string_view magic = "sqwr";
constexpr unsigned char version = 1;
constexpr std::size_t body_at = magic.size() + 1;
constexpr std::size_t checksum_size = 4;
constexpr std::size_t bytes_of_a_range = 16;

// What a number of a row is.
constexpr unsigned char is_double = 0;
constexpr unsigned char is_positive = 1;  // an integer that no double holds
constexpr unsigned char is_negative_integer = 2;

using Bytes = std::vector<unsigned char>;

void append_text(Bytes& bytes, std::string_view text, int size) {
    append(bytes, text.size(), size);
    bytes.insert(bytes.end(), text.begin(), text.end());
}

bool is_held_by_a_double(const BinaryNumber& number) {
    const BigNumber exact = big_number(number);
    return is_zero(exact - big_number(nearest(exact)));
}

// As it was read: a double, or an integer that none holds.
void append_value(Bytes& bytes, const BinaryNumber& number) {
    if (is_held_by_a_double(number)) {
        append(bytes, is_double, 1);
        append(bytes, number.significand == 0 && number.negative ? -0.0 : nearest(big_number(number)));
    } else {
        append(bytes, number.negative ? is_negative_integer : is_positive, 1);
        append(bytes, number.significand, 8);
    }
}

// Of what is not there, and of what is not possible.
struct Impossible {};

void demand(bool is_so) {
    if (!is_so) throw Impossible{};
}

// Of things that take so many bytes each, at least: no more memory is asked for than there may be things.
std::size_t read_length(ByteReader& reader, int size, std::size_t least_bytes = 1) {
    const std::uint64_t length = read_number(reader, size);
    demand(length <= static_cast<std::size_t>(reader.last - reader.next) / least_bytes);
    return static_cast<std::size_t>(length);
}

std::string read_text(ByteReader& reader, int size) {
    const std::size_t length = read_length(reader, size);
    const char* const first = reinterpret_cast<const char*>(reader.next);
    reader.next += length;
    return {first, length};
}

double read_finite(ByteReader& reader) {
    const double value = read_double(reader);
    demand(std::isfinite(value));
    return value;
}

BinaryNumber read_value(ByteReader& reader) {
    const std::uint64_t kind = read_number(reader, 1);
    if (kind == is_double) return number_of(read_finite(reader));
    demand(kind == is_positive || kind == is_negative_integer);
    const BinaryNumber number{read_number(reader, 8), 0, kind == is_negative_integer};
    demand(!is_held_by_a_double(number));
    return number;
}

std::vector<RowRange> read_ranges(ByteReader& reader) {
    std::vector<RowRange> ranges(read_length(reader, 4, bytes_of_a_range));
    std::int64_t before = -1;
    for (RowRange& range : ranges) {
        range.first = static_cast<std::int64_t>(read_number(reader, 8));
        range.last = static_cast<std::int64_t>(read_number(reader, 8));
        demand(before < range.first && range.first < range.last);
        before = range.last;
    }
    demand(!ranges.empty());
    return ranges;
}

bool is_seen(const std::vector<RowRange>& ranges, std::int64_t row) {
    const auto next = std::upper_bound(ranges.begin(), ranges.end(), row,
                                       [](std::int64_t value, const RowRange& range) { return value < range.first; });
    return next != ranges.begin() && row < std::prev(next)->last;
}

PlacedRow read_row(ByteReader& reader, const KeptRows& kept, const std::vector<std::string>& parts) {
    PlacedRow read;
    WorstRow& row = read.row;
    row.order = {read_double(reader), read_double(reader)};
    demand(!std::isnan(row.order.nearest) && !std::isnan(row.order.rest));
    const std::uint64_t part = read_number(reader, 4);
    demand(part < parts.size());
    read.part = parts[part];
    row.row = static_cast<std::ptrdiff_t>(read_number(reader, 8));
    demand(is_seen(kept.seen.at(read.part), row.row));
    row.y_true = read_value(reader);
    row.y_pred = read_value(reader);
    row.weight = read_finite(reader);
    row.loss = read_double(reader);
    const bool may_be_any = kept.loss.name == "squared_error" || kept.loss.name == "absolute_error";
    demand(may_be_any || std::isfinite(row.loss));
    return read;
}

KeptRows read_body(ByteReader reader) {
    KeptRows kept;
    kept.count = static_cast<std::size_t>(std::min<std::uint64_t>(read_number(reader, 8), most_kept_rows + 1));
    demand(kept.count <= most_kept_rows);
    const std::string name = read_text(reader, 1);
    const double parameter = read_double(reader);
    const auto loss = asked_loss(name, parameter);
    demand(loss && std::signbit(loss->parameter) == std::signbit(parameter));  // of two zeros one
    kept.loss = *loss;
    const std::uint64_t weighted = read_number(reader, 1);
    demand(weighted <= 1);
    kept.weighted = weighted == 1;
    demand(read_number(reader, 4) == 0);  // columns, which Python alone has
    std::vector<std::string> parts(read_length(reader, 4, 4 + 4 + bytes_of_a_range));
    for (std::string& part : parts) {
        part = read_text(reader, 4);
        demand(is_utf8(part));
        demand(kept.seen.empty() || kept.seen.rbegin()->first < part);
        kept.seen[part] = read_ranges(reader);
    }
    const std::size_t rows = read_length(reader, 4);
    demand(rows <= kept.count);
    for (std::size_t i = 0; i < rows; ++i) kept.rows.push_back(read_row(reader, kept, parts));
    const auto is_misplaced = [](const PlacedRow& a, const PlacedRow& b) { return !comes_before(a, b); };
    const bool is_in_order = std::adjacent_find(kept.rows.begin(), kept.rows.end(), is_misplaced) == kept.rows.end();
    demand(reader.next == reader.last && is_in_order);
    return kept;
}

}  // namespace

std::vector<unsigned char> to_bytes(const KeptRows& kept) {
    Bytes bytes(magic.begin(), magic.end());
    append(bytes, version, 1);
    append(bytes, kept.count, 8);
    append_text(bytes, kept.loss.name, 1);
    append(bytes, kept.loss.parameter);
    append(bytes, kept.weighted ? 1u : 0u, 1);
    append(bytes, 0u, 4);
    append(bytes, kept.seen.size(), 4);
    std::map<std::string_view, std::uint64_t> numbers;
    for (const auto& [part, ranges] : kept.seen) {
        numbers.emplace(part, numbers.size());
        append_text(bytes, part, 4);
        append(bytes, ranges.size(), 4);
        for (const RowRange& range : ranges) {
            append(bytes, static_cast<std::uint64_t>(range.first), 8);
            append(bytes, static_cast<std::uint64_t>(range.last), 8);
        }
    }
    append(bytes, kept.rows.size(), 4);
    for (const auto& [part, row] : kept.rows) {
        append(bytes, row.order.nearest);
        append(bytes, row.order.rest);
        append(bytes, numbers.at(part), 4);
        append(bytes, static_cast<std::uint64_t>(row.row), 8);
        append_value(bytes, row.y_true);
        append_value(bytes, row.y_pred);
        append(bytes, row.weight);
        append(bytes, row.loss);
    }
    append(bytes, crc32(bytes), 4);
    return bytes;
}

std::optional<KeptRows> kept_rows_of_bytes(std::span<const unsigned char> bytes) {
    if (bytes.size() < body_at + checksum_size) return std::nullopt;
    if (!std::equal(magic.begin(), magic.end(), bytes.begin()) || bytes[magic.size()] != version) return std::nullopt;
    const std::size_t end = bytes.size() - checksum_size;
    ByteReader checksum{bytes.data() + end, bytes.data() + bytes.size()};
    if (read_number(checksum, 4) != crc32(bytes.first(end))) return std::nullopt;
    try {
        return read_body({bytes.data() + body_at, bytes.data() + end});
    } catch (const Impossible&) {
        return std::nullopt;
    } catch (const Refused&) {  // cut
        return std::nullopt;
    }
}

}  // namespace squarely
