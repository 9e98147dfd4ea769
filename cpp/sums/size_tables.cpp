#include "sums/size_tables.hpp"

#include <algorithm>
#include <new>

namespace squarely {
namespace {

constexpr int most_bits = most_size_bits;
constexpr int column_bits = most_size_bits_of_two[1];
constexpr std::uint32_t sign_bit = std::uint32_t{1} << (most_bits + 11);
constexpr std::size_t sizes_of_numbers = std::size_t{2} * sign_bit;
constexpr std::size_t sizes_of_columns = sizes_of_numbers >> (most_bits - column_bits);

// A sum of a row and a column is a cell behind the bits of both marks, and less where one of them is missing.
constexpr std::uint32_t row_mark = 0x80000000;
constexpr std::uint32_t column_mark = 0x40000000;
constexpr std::uint32_t both_marks = row_mark | column_mark;

constexpr std::size_t first_rows = 256;
constexpr std::size_t first_columns = 64;

// Tables of which zeros are at the same place in a page would wait for each other.
constexpr std::size_t apart = 1344;
constexpr std::size_t bytes_of_sizes = sizes_of_numbers * sizeof(std::uint32_t);

std::uint32_t* part_of(const ZeroedMemory& memory, std::size_t index) {
    return reinterpret_cast<std::uint32_t*>(static_cast<char*>(memory.get()) + index * (bytes_of_sizes + apart));
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

// Behind places that are not larger.
void append(SizeCounts& counts, SizePlace place, std::uint64_t pairs) {
    if (pairs == 0) return;
    if (!counts.all.empty() && counts.all.back().place == place) {
        counts.all.back().pairs += pairs;
    } else {
        counts.all.push_back({place, pairs});
    }
}

// The indices of some sizes, from the least to the greatest.
std::vector<std::uint32_t> in_order(const std::vector<std::uint32_t>& sizes) {
    std::vector<std::uint32_t> order(sizes.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return signed_size(sizes[a], most_bits) < signed_size(sizes[b], most_bits);
    });
    return order;
}

bool counts_residuals_alone(std::span<const Term> terms) {
    return std::all_of(terms.begin(), terms.end(), [](Term term) { return term == Term::residuals_by_size; });
}

bool are_repeated(const SizesOfRows& sizes) {
    constexpr std::size_t some = 32;
    constexpr int few = 4;
    if (sizes.rows < some) return false;
    int repeated = 0;
    for (std::size_t i = 1; i < some; ++i) repeated += sizes.residuals[i] == sizes.residuals[i - 1];
    return repeated > few;
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

SizeTables::SizeTables(std::span<const Term> terms, std::size_t most_cells)
    : terms_(terms.begin(), terms.end()),
      settled_(terms.size()),
      most_cells_(most_cells),
      by_size_(sparse_memory(4 * (bytes_of_sizes + apart))),
      residuals_(part_of(by_size_, 0)),
      more_residuals_(part_of(by_size_, 3)),
      least_(sign_bit),
      greatest_(0) {
    if (counts_residuals_alone(terms)) return;
    column_of_size_.resize(sizes_of_columns);
    sizes_of_columns_.reserve(sizes_of_columns);
    most_columns_ = first_columns;
    predictions_.first_cell = apart / sizeof(std::uint32_t);
    for (Table* table : {&truths_, &predictions_}) {
        ZeroedMemory memory = cells_of(*table, first_rows, most_columns_);
        if (memory == nullptr) throw std::bad_alloc();
        set_cells(*table, std::move(memory), first_rows, most_columns_);
    }
    truths_.row_of_size = part_of(by_size_, 1);
    predictions_.row_of_size = part_of(by_size_, 2);
    // The first cell is that of zeros.
    add_column(0);
    for (Table* table : {&truths_, &predictions_}) add_row(*table, 0);
}

void SizeTables::widen(std::uint32_t size) {
    const std::uint32_t magnitude = without_sign(size);
    if (magnitude == 0) return;
    least_ = std::min(least_, magnitude);
    greatest_ = std::max(greatest_, magnitude);
}

void SizeTables::add(const SizesOfRows& sizes) {
    constexpr std::uint64_t most_rows = std::uint64_t{1} << 31;
    constexpr std::size_t least_left_over = 65536;
    const std::size_t settled = settled_.empty() ? 0 : settled_.back().all.size();
    if (rows_in_tables_ + sizes.rows > most_rows || left_over_.rows() > std::max(least_left_over, settled)) settle();
    if (!with_both_sides()) {
        count_residuals(sizes);
        rows_in_tables_ += sizes.rows;
        return;
    }
    left_over_.make_room(sizes.rows, true);
    Cells both[2];
    std::size_t next = 0;
    for (std::size_t first = 0; first < sizes.rows; first += rows_at_once) {
        const SizesOfRows some = part(sizes, first, std::min(rows_at_once, sizes.rows - first));
        if (!find_cells(some, both[next], both[1 - next])) {
            make_rows_and_columns(some);
            find_some_cells(some, both[next]);
        }
        next = 1 - next;
    }
    (void)find_cells({nullptr, nullptr, nullptr, 0}, both[next], both[1 - next]);
    rows_in_tables_ += sizes.rows;
}

// False where a row or a column is missing. Meanwhile counts in the cells that were found before, which memory had time
// to bring.
bool SizeTables::find_cells(const SizesOfRows& sizes, Cells& found, Cells& before) {
    const std::uint32_t* const rows_of_truths = truths_.row_of_size;
    const std::uint32_t* const rows_of_predictions = predictions_.row_of_size;
    const std::uint32_t* const columns = column_of_size_.data();
    std::uint32_t* const of_truths = truths_.cells();
    std::uint32_t* const of_predictions = predictions_.cells();
    std::uint32_t* const of_residuals = residuals_;
    std::uint32_t least = ~std::uint32_t{0};
    const auto find = [&](std::size_t i) {
        const std::uint32_t column = columns[sizes.residuals[i] >> (most_bits - column_bits)];
        const std::uint32_t truth = rows_of_truths[sizes.truths[i]] + column;
        const std::uint32_t prediction = rows_of_predictions[sizes.predictions[i]] + column;
        least = std::min(least, std::min(truth, prediction));
        found.truths[i] = truth - both_marks;
        found.predictions[i] = prediction - both_marks;
        __builtin_prefetch(of_truths + found.truths[i], 1);
        __builtin_prefetch(of_predictions + found.predictions[i], 1);
    };
    const auto count_before = [&](std::size_t i) {
        ++of_residuals[before.residuals[i]];
        ++of_truths[before.truths[i]];
        ++of_predictions[before.predictions[i]];
    };
    const std::size_t together = std::min(sizes.rows, before.rows);
    for (std::size_t i = 0; i < together; ++i) {
        find(i);
        count_before(i);
    }
    for (std::size_t i = together; i < sizes.rows; ++i) find(i);
    for (std::size_t i = together; i < before.rows; ++i) count_before(i);
    before.rows = 0;
    found.residuals = sizes.residuals;
    found.rows = sizes.rows;
    return least >= both_marks;
}

// Of rows that have none the sizes are left over.
void SizeTables::find_some_cells(const SizesOfRows& sizes, Cells& found) {
    Cells none;
    if (find_cells(sizes, found, none)) return;
    for (std::size_t i = 0; i < sizes.rows; ++i) {
        const std::uint32_t column = column_of_size_[sizes.residuals[i] >> (most_bits - column_bits)];
        const std::uint32_t truth = truths_.row_of_size[sizes.truths[i]];
        const std::uint32_t prediction = predictions_.row_of_size[sizes.predictions[i]];
        if (column != 0 && truth != 0 && prediction != 0) continue;
        left_over_.add(sizes, i);
        found.truths[i] = static_cast<std::uint32_t>(truths_.most_rows * most_columns_);  // which nobody looks at
        found.predictions[i] = static_cast<std::uint32_t>(predictions_.most_rows * most_columns_);
    }
}

// Where one size comes after itself, as zero does in many data, its count would wait for itself: every other one has a
// second table then.
void SizeTables::count_residuals(const SizesOfRows& sizes) {
    const std::uint32_t* const residuals = sizes.residuals;
    std::uint32_t* const counts = residuals_;
    std::uint32_t* const others = are_repeated(sizes) ? more_residuals_ : counts;
    std::size_t i = 0;
    for (; i + 1 < sizes.rows; i += 2) {
        ++counts[residuals[i]];
        ++others[residuals[i + 1]];
    }
    if (i < sizes.rows) ++counts[residuals[i]];
}

// Cells for so many rows and columns, with what is counted in those there are. Without memory where there is none.
ZeroedMemory SizeTables::cells_of(Table& table, std::size_t rows, std::size_t columns) {
    ZeroedMemory memory;
    try {
        table.sizes.reserve(rows);
        memory = zeroed_memory((table.first_cell + rows * columns + 1) * sizeof(std::uint32_t));
    } catch (const std::bad_alloc&) {
        return memory;
    }
    auto* const cells = static_cast<std::uint32_t*>(memory.get()) + table.first_cell;
    for (std::size_t i = 0; i < table.sizes.size(); ++i) {
        std::copy_n(table.cells() + i * most_columns_, sizes_of_columns_.size(), cells + i * columns);
    }
    return memory;
}

void SizeTables::set_cells(Table& table, ZeroedMemory memory, std::size_t rows, std::size_t columns) {
    for (std::size_t i = 0; i < table.sizes.size(); ++i) {
        table.row_of_size[table.sizes[i]] = row_mark + static_cast<std::uint32_t>(i * columns);
    }
    table.memory = std::move(memory);
    table.most_rows = rows;
}

bool SizeTables::add_row(Table& table, std::uint32_t size) {
    if (table.sizes.size() == table.most_rows) {
        const std::size_t rows = 2 * table.most_rows;
        if (rows * most_columns_ > most_cells_) return false;
        ZeroedMemory memory = cells_of(table, rows, most_columns_);
        if (memory == nullptr) return false;
        set_cells(table, std::move(memory), rows, most_columns_);
    }
    table.row_of_size[size] = row_mark + static_cast<std::uint32_t>(table.sizes.size() * most_columns_);
    table.sizes.push_back(size);
    return true;
}

bool SizeTables::make_room_for_columns() {
    const std::size_t columns = 2 * most_columns_;
    if (std::max(truths_.most_rows, predictions_.most_rows) * columns > most_cells_) return false;
    ZeroedMemory of_truths = cells_of(truths_, truths_.most_rows, columns);
    ZeroedMemory of_predictions = cells_of(predictions_, predictions_.most_rows, columns);
    if (of_truths == nullptr || of_predictions == nullptr) return false;
    set_cells(truths_, std::move(of_truths), truths_.most_rows, columns);
    set_cells(predictions_, std::move(of_predictions), predictions_.most_rows, columns);
    most_columns_ = columns;
    return true;
}

bool SizeTables::add_column(std::uint32_t residual) {
    if (sizes_of_columns_.size() == most_columns_ && !make_room_for_columns()) return false;
    column_of_size_[residual] = column_mark + static_cast<std::uint32_t>(sizes_of_columns_.size());
    sizes_of_columns_.push_back(residual << (most_bits - column_bits));
    return true;
}

// For those of these sizes that have none, as long as there is room.
void SizeTables::make_rows_and_columns(const SizesOfRows& sizes) {
    for (std::size_t i = 0; i < sizes.rows; ++i) {
        const std::uint32_t residual = sizes.residuals[i] >> (most_bits - column_bits);
        if (column_of_size_[residual] == 0 && !add_column(residual)) continue;
        if (truths_.row_of_size[sizes.truths[i]] == 0 && !add_row(truths_, sizes.truths[i])) continue;
        if (predictions_.row_of_size[sizes.predictions[i]] == 0) add_row(predictions_, sizes.predictions[i]);
    }
}

void SizeTables::take_zeros(std::size_t rows) {
    const auto count = static_cast<std::uint32_t>(rows);
    residuals_[0] -= count;
    if (!with_both_sides()) return;
    truths_.cells()[0] -= count;
    predictions_.cells()[0] -= count;
}

SizeCounts SizeTables::residuals_in_table() const {
    constexpr SizeAxis axis = facts_of(Term::residuals_by_size).by_size.first;
    // Either may have wrapped where zeros were taken from it, and their sum has not.
    const auto pairs_of = [&](std::uint32_t size) { return std::uint64_t{residuals_[size] + more_residuals_[size]}; };
    SizeCounts counts;
    for (std::uint32_t size = greatest_; size >= least_; --size) {
        append(counts, place_of(-std::int64_t{size}, axis), pairs_of(sign_bit + size));
    }
    append(counts, place_of(0, axis), pairs_of(0) + pairs_of(sign_bit));
    for (std::uint32_t size = least_; size <= greatest_; ++size) append(counts, place_of(size, axis), pairs_of(size));
    return counts;
}

SizeCounts SizeTables::rows_in_table(const Table& table, const SizeAxis& axis) const {
    SizeCounts counts;
    for (const std::uint32_t row : in_order(table.sizes)) {
        const std::uint32_t* const cells = table.cells() + row * most_columns_;
        std::uint64_t pairs = 0;
        for (std::size_t column = 0; column < sizes_of_columns_.size(); ++column) pairs += cells[column];
        append(counts, place_of(signed_size(table.sizes[row], axis.bits), axis), pairs);
    }
    return counts;
}

// Rows whose sizes are one, by fewer bits, together.
SizeCounts SizeTables::cells_in_table(const Table& table, const BySize& by) const {
    const std::vector<std::uint32_t> rows = in_order(table.sizes);
    const std::vector<std::uint32_t> columns = in_order(sizes_of_columns_);
    std::vector<std::uint64_t> together(columns.size());
    SizeCounts counts;
    for (std::size_t i = 0; i < rows.size();) {
        const std::int64_t size = signed_size(table.sizes[rows[i]], by.first.bits);
        std::fill(together.begin(), together.end(), 0);
        for (; i < rows.size() && signed_size(table.sizes[rows[i]], by.first.bits) == size; ++i) {
            const std::uint32_t* const cells = table.cells() + rows[i] * most_columns_;
            for (std::size_t column = 0; column < together.size(); ++column) together[column] += cells[column];
        }
        const SizePlace first = place_of(size, by.first) * length_of(by.second);
        for (const std::uint32_t column : columns) {
            const std::int64_t second = signed_size(sizes_of_columns_[column], by.second.bits);
            append(counts, first + place_of(second, by.second), together[column]);
        }
    }
    return counts;
}

SizeCounts SizeTables::counts_of(Term term) const {
    const BySize by = facts_of(term).by_size;
    const auto index = std::find(terms_.begin(), terms_.end(), term) - terms_.begin();
    SizeCounts counts = settled_[static_cast<std::size_t>(index)];
    if (term == Term::residuals_by_size) {
        merge(counts, residuals_in_table());
        return counts;
    }
    const Table& table = by.first.number == Number::truth ? truths_ : predictions_;
    merge(counts, by.second.number == Number::none ? rows_in_table(table, by.first) : cells_in_table(table, by));
    merge(counts, counts_of_rows(by, left_over_.view()));
    return counts;
}

// Rows and columns stay.
void SizeTables::settle() {
    std::vector<SizeCounts> next;
    for (const Term term : terms_) next.push_back(counts_of(term));
    settled_ = std::move(next);
    for (std::uint32_t* table : {residuals_, more_residuals_}) std::fill_n(table, sizes_of_numbers, 0);
    for (const Table* table : {&truths_, &predictions_}) {
        if (with_both_sides()) std::fill_n(table->cells(), table->most_rows * most_columns_ + 1, 0);
    }
    left_over_.resize(0);
    rows_in_tables_ = 0;
}

}  // namespace squarely
