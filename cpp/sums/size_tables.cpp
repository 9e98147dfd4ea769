#include "sums/size_tables.hpp"

#include <algorithm>
#include <iterator>

namespace squarely {
namespace {

constexpr int most_bits = most_size_bits;
constexpr std::uint32_t sign_bit = std::uint32_t{1} << (most_bits + 11);
constexpr std::uint32_t binades_in_window = (slot_sign >> most_bits) - 1;
constexpr std::uint32_t binades = std::uint32_t{1} << 11;
constexpr std::uint64_t cell_limit = std::uint64_t{1} << 16;

constexpr std::uint32_t columns = std::uint32_t{1} << column_bits;
constexpr std::uint32_t row_of_minus_zero = std::uint32_t{1} << (row_bits - 1);
constexpr std::uint16_t no_cells[columns] = {};

constexpr std::uint32_t rows_of_a_line = 4;
struct LineOfRows {
    std::uint16_t cells[rows_of_a_line][columns];
};

constexpr bool is_negative(std::uint32_t plane) { return plane >> (plane_bits - 1) != 0; }

bool are_zeros(const std::uint16_t* cells) {
    std::uint64_t words[columns * sizeof *cells / 8];
    __builtin_memcpy(words, cells, sizeof words);
    return std::all_of(std::begin(words), std::end(words), [](std::uint64_t word) { return word == 0; });
}

constexpr std::uint32_t without_sign(std::uint32_t size) { return size & (sign_bit - 1); }

constexpr std::int64_t signed_size(std::uint32_t size, int bits) {
    const auto magnitude = static_cast<std::int64_t>(without_sign(size) >> (most_bits - bits));
    return (size & sign_bit) != 0 ? -magnitude : magnitude;
}

const std::uint32_t* sizes_of(Number number, const SizesOfRows& sizes) {
    if (number == Number::residual) return sizes.residuals;
    return number == Number::truth ? sizes.truths : sizes.predictions;
}

// The first binade of those in a row that most of the sizes are in, and in their middle where these have room.
std::uint32_t window_of(const std::uint32_t* sizes, std::size_t rows) {
    std::vector<std::uint32_t> below(binades + 1);  // how many sizes are in lower binades; zero is nowhere
    for (std::size_t i = 0; i < rows; ++i) {
        const std::uint32_t magnitude = without_sign(sizes[i]);
        if (magnitude != 0) ++below[(magnitude >> most_bits) + 1];
    }
    for (std::uint32_t binade = 0; binade < binades; ++binade) below[binade + 1] += below[binade];
    std::uint32_t most = 0, first = 1, last = 0;
    for (std::uint32_t binade = 1; binade + binades_in_window <= binades; ++binade) {
        const std::uint32_t inside = below[binade + binades_in_window] - below[binade];
        if (inside > most) {
            most = inside;
            first = last = binade;
        } else if (inside == most && last + 1 == binade) {
            last = binade;
        }
    }
    const std::uint32_t middle = first + (last - first) / 2;
    return (middle - 1) << most_bits;
}

SizeWindow window_of(const SizesOfRows& sizes) {
    const bool with_both_sides = sizes.truths != nullptr;
    return {with_both_sides ? window_of(sizes.truths, sizes.rows) : 0,
            with_both_sides ? window_of(sizes.predictions, sizes.rows) : 0, window_of(sizes.residuals, sizes.rows)};
}

// The size, to so many bits, of a slot of as many in a window.
constexpr std::int64_t size_at_slot(std::uint32_t slot, std::uint32_t before_window, int bits) {
    const std::uint32_t sign = slot_sign >> (most_bits - bits);
    const std::uint32_t place = slot & (sign - 1);
    const auto magnitude = place == 0 ? 0 : static_cast<std::int64_t>((before_window >> (most_bits - bits)) + place);
    return (slot & sign) != 0 ? -magnitude : magnitude;
}

// Slots of so many bits below the leading one in the order of their sizes. The first slot of each sign is that of zero.
std::vector<std::uint32_t> slots_in_order(int bits) {
    const std::uint32_t sign = slot_sign >> (most_bits - bits);
    std::vector<std::uint32_t> slots;
    for (std::uint32_t place = sign; place-- > 0;) slots.push_back(sign | place);
    for (std::uint32_t place = 0; place < sign; ++place) slots.push_back(place);
    return slots;
}

// Behind places that are not larger.
void append(SizeCounts& counts, SizePlace place, std::uint64_t pairs) {
    if (pairs == 0) return;
    if (!counts.all.empty() && counts.all.back().place == place) {
        counts.all.back().pairs += pairs;
    } else {
        counts.all.push_back({place, pairs});
    }
}

SizesOfRows part(const SizesOfRows& sizes, std::size_t first, std::size_t rows) {
    const bool with_both_sides = sizes.truths != nullptr;
    return {with_both_sides ? sizes.truths + first : nullptr, with_both_sides ? sizes.predictions + first : nullptr,
            sizes.residuals + first, rows};
}

}  // namespace

SizesOfRows NotedSizes::view() const {
    const bool with_both_sides = !truths.empty();
    return {with_both_sides ? truths.data() : nullptr, with_both_sides ? predictions.data() : nullptr, residuals.data(),
            rows()};
}

void NotedSizes::make_room(std::size_t rows, bool with_both_sides) {
    const auto grow = [&](std::vector<std::uint32_t>& all) {
        const std::size_t wanted = residuals.size() + rows;
        if (wanted > all.capacity()) all.reserve(std::max(wanted, 2 * all.capacity()));
    };
    grow(residuals);
    if (!with_both_sides) return;
    grow(truths);
    grow(predictions);
}

void NotedSizes::add(const SizesOfRows& sizes, std::size_t row) {
    residuals.push_back(sizes.residuals[row]);
    if (sizes.truths == nullptr) return;
    truths.push_back(sizes.truths[row]);
    predictions.push_back(sizes.predictions[row]);
}

void NotedSizes::add(const SizesOfRows& sizes) {
    residuals.insert(residuals.end(), sizes.residuals, sizes.residuals + sizes.rows);
    if (sizes.truths == nullptr) return;
    truths.insert(truths.end(), sizes.truths, sizes.truths + sizes.rows);
    predictions.insert(predictions.end(), sizes.predictions, sizes.predictions + sizes.rows);
}

void NotedSizes::resize(std::size_t rows) {
    residuals.resize(rows);
    if (truths.empty()) return;
    truths.resize(rows);
    predictions.resize(rows);
}

SizeCounts counts_of_rows(const BySize& by, const SizesOfRows& sizes) {
    const std::uint32_t* const first = sizes_of(by.first.number, sizes);
    const bool is_of_two = by.second.number != Number::none;
    std::vector<SizePlace> places(sizes.rows);
    for (std::size_t i = 0; i < sizes.rows; ++i) {
        places[i] = place_of(signed_size(first[i], by.first.bits), by.first);
        if (!is_of_two) continue;
        const std::int64_t second = signed_size(sizes.residuals[i], by.second.bits);
        places[i] = places[i] * length_of(by.second) + place_of(second, by.second);
    }
    return counts_of_places(std::move(places));
}

SizeTables::SizeTables(std::span<const Term> terms, const SizesOfRows& some)
    : terms_(terms.begin(), terms.end()),
      settled_(terms.size()),
      window_(window_of(some)),
      residuals_(slot_outside + 1) {
    if (some.truths == nullptr) return;
    constexpr std::size_t bytes = (std::size_t{cell_outside} + 1) * sizeof(std::uint16_t);
    truths_.memory = zeroed_memory(bytes);
    predictions_.memory = zeroed_memory(bytes);
}

void SizeTables::add(const Kernels& kernels, const SizesOfRows& sizes) {
    constexpr std::uint64_t most_rows = std::uint64_t{1} << 31;
    constexpr std::size_t least_left_over = 65536;
    const std::size_t settled = settled_.empty() ? 0 : settled_.back().all.size();
    if (rows_in_tables_ + sizes.rows > most_rows || left_over_.rows() > std::max(least_left_over, settled)) settle();
    make_room(sizes.rows);
    CellsOfRows cells;
    for (std::size_t first = 0; first < sizes.rows; first += rows_of_cells) {
        const SizesOfRows some = part(sizes, first, std::min(rows_of_cells, sizes.rows - first));
        if (!kernels.find_cells(some, window_, cells)) leave_over(some, cells);
        for (std::size_t i = 0; i < some.rows; ++i) ++residuals_[cells.residuals[i]];
        if (!with_both_sides()) continue;
        truths_.count(cells.truths, some.rows);
        predictions_.count(cells.predictions, some.rows);
    }
    rows_in_tables_ += sizes.rows;
}

// For all that may be left over, and all cells that may begin anew.
void SizeTables::make_room(std::size_t rows) {
    left_over_.make_room(rows, with_both_sides());
    for (std::vector<std::uint32_t>* passed : {&truths_.passed, &predictions_.passed}) {
        const std::size_t wanted = passed->size() + rows;
        if (with_both_sides() && wanted > passed->capacity()) passed->reserve(2 * wanted);
    }
}

void SizeTables::Table::count(const std::uint32_t* cells_of_rows, std::size_t rows) {
    std::uint16_t* const all = cells();
    for (std::size_t i = 0; i < rows; ++i) {
        if (++all[cells_of_rows[i]] == 0) passed.push_back(cells_of_rows[i]);
    }
}

void SizeTables::leave_over(const SizesOfRows& sizes, const CellsOfRows& cells) {
    for (std::size_t i = 0; i < sizes.rows; ++i) {
        if (cells.residuals[i] == slot_outside) left_over_.add(sizes, i);
    }
}

// The window moves where it had less than three quarters of the rows: sorted data leave one by and by.
void SizeTables::settle() {
    std::vector<SizeCounts> parts;
    for (const Term term : terms_) parts.push_back(unsettled_counts_of(term));
    const std::vector<std::uint32_t> planes = planes_in_use();
    const SizeWindow next = left_over_.rows() > rows_in_tables_ / 4 ? window_of(left_over_.view()) : window_;
    merge_each(settled_, parts);
    for (Table* table : {&truths_, &predictions_}) {
        if (!with_both_sides()) break;
        for (const std::uint32_t plane : planes) {
            std::fill_n(table->cells() + plane * cells_of_a_plane, cells_of_a_plane, std::uint16_t{0});
        }
        table->passed.clear();
    }
    window_ = next;
    std::fill(residuals_.begin(), residuals_.end(), 0);
    left_over_.resize(0);
    rows_in_tables_ = 0;
    zeros_ = 0;
}

// In the order of their residuals.
std::vector<std::uint32_t> SizeTables::planes_in_use() const {
    std::vector<std::uint32_t> planes;
    for (const std::uint32_t slot : slots_in_order(0)) {
        const auto first = residuals_.begin() + slot * slots_of_a_binade;
        const auto is_used = [](std::uint32_t pairs) { return pairs != 0; };
        if (std::any_of(first, first + slots_of_a_binade, is_used)) planes.push_back(slot);
    }
    return planes;
}

SizeCounts SizeTables::residuals_in_table() const {
    constexpr SizeAxis axis = facts_of(Term::residuals_by_size).by_size.first;
    SizeCounts counts;
    for (const std::uint32_t slot : slots_in_order(axis.bits)) {
        append(counts, place_of(size_at_slot(slot, window_.residuals, axis.bits), axis), residuals_[slot]);
    }
    return counts;
}

// The place of two sizes is the sum of these.
SizePlace SizeTables::place_of_row(std::uint32_t row, const BySize& by) const {
    const std::uint32_t before = by.first.number == Number::truth ? window_.truths : window_.predictions;
    return place_of(size_at_slot(row, before, by.first.bits), by.first) * length_of(by.second);
}

SizePlace SizeTables::place_of_column(std::uint32_t plane, std::uint32_t column, const BySize& by) const {
    const std::uint32_t slot = plane << column_bits | column;
    return place_of(size_at_slot(slot, window_.residuals, by.second.bits), by.second);
}

// But for what cells have passed. Zeros of both signs are one row. Lines of rows are copied, because those of all
// planes are in one set of the cache.
SizeCounts SizeTables::cells_in_table(const Table& table, const BySize& by) const {
    const std::vector<std::uint32_t> planes = planes_in_use();
    std::vector<SizePlace> places;
    for (const std::uint32_t plane : planes) {
        for (std::uint32_t column = 0; column < columns; ++column) {
            places.push_back(place_of_column(plane, column, by));
        }
    }
    std::vector<LineOfRows> lines(planes.size());
    const auto cells_of = [&](std::uint32_t row, std::size_t i) {
        return table.cells() + planes[i] * cells_of_a_plane + row * columns;
    };
    SizeCounts counts;
    std::uint32_t line = ~std::uint32_t{0};
    for (const std::uint32_t row : slots_in_order(by.first.bits)) {
        if (row == row_of_minus_zero) continue;
        if (line != row / rows_of_a_line) {
            line = row / rows_of_a_line;
            for (std::size_t i = 0; i < planes.size(); ++i) {
                __builtin_memcpy(&lines[i], cells_of(line * rows_of_a_line, i), sizeof lines[i]);
            }
        }
        const SizePlace first = place_of_row(row, by);
        for (std::size_t i = 0; i < planes.size(); ++i) {
            const std::uint16_t* const cells = lines[i].cells[row % rows_of_a_line];
            const std::uint16_t* const others = row == 0 ? cells_of(row_of_minus_zero, i) : no_cells;
            if (are_zeros(cells) && are_zeros(others)) continue;
            for (std::uint32_t next = 0; next < columns; ++next) {
                const std::uint32_t column = is_negative(planes[i]) ? columns - 1 - next : next;
                const std::uint64_t pairs = std::uint64_t{cells[column]} + others[column];
                append(counts, first + places[i * columns + column], pairs);
            }
        }
    }
    return counts;
}

SizeCounts SizeTables::passed_in_table(const Table& table, const BySize& by) const {
    std::vector<SizePlace> places;
    for (const std::uint32_t cell : table.passed) {
        if (cell == cell_outside) continue;
        const std::uint32_t row = cell % cells_of_a_plane / columns;
        places.push_back(place_of_row(row, by) + place_of_column(cell / cells_of_a_plane, cell % columns, by));
    }
    SizeCounts counts = counts_of_places(std::move(places));
    for (SizeCount& count : counts.all) count.pairs *= cell_limit;
    return counts;
}

SizeCounts SizeTables::counts_of(Term term) const {
    const auto index = std::find(terms_.begin(), terms_.end(), term) - terms_.begin();
    SizeCounts counts = unsettled_counts_of(term);
    merge(counts, settled_[static_cast<std::size_t>(index)]);
    return counts;
}

SizeCounts SizeTables::unsettled_counts_of(Term term) const {
    const BySize by = facts_of(term).by_size;
    SizePlace zero = place_of(0, by.first);
    SizeCounts counts;
    if (by.second.number == Number::none) {
        counts = residuals_in_table();
    } else {
        const Table& table = by.first.number == Number::truth ? truths_ : predictions_;
        counts = cells_in_table(table, by);
        merge(counts, passed_in_table(table, by));
        zero = zero * length_of(by.second) + place_of(0, by.second);
    }
    merge(counts, counts_of_rows(by, left_over_.view()));
    if (zeros_ != 0) (void)subtract(counts, {{{zero, zeros_}}});
    return counts;
}

}  // namespace squarely
