#include "sums/certified_columns.hpp"

#include "blocks/block.hpp"
#include "machine/floating_point.hpp"
#include "machine/long_call.hpp"
#include "machine/targets.hpp"
#include "sums/certified_ends.hpp"
#include "sums/window.hpp"

#include <algorithm>
#include <memory>
#include <numeric>
#include <vector>

namespace squarely {
namespace {

// A step of a lane is a row: as many as a lane has of a block, or fewer.
constexpr std::ptrdiff_t rows_of_tile = 64;
constexpr std::ptrdiff_t most_tiles = most_rows / block_length;

// Rows without a gap may be read as one, so that sets of columns come out even: three outputs make 24 columns of every
// eighth row, and column i belongs to output i % 3.
struct Grid {
    Column y_true;  // the first ones, with strides of joined rows
    Column y_pred;
    std::ptrdiff_t columns;
    std::ptrdiff_t rows;
    std::ptrdiff_t numbers;  // the last row may be shorter
};

// From each output to the next one it is one element.
bool are_neighbours(std::span<const Pairs> outputs, Column Pairs::* side) {
    const Column& first = outputs[0].*side;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        const Column& column = outputs[i].*side;
        const bool is_alike = column.dtype == first.dtype && column.swapped == first.swapped &&
                              column.stride == first.stride && !may_have_nulls(column);
        const std::ptrdiff_t distance = static_cast<std::ptrdiff_t>(i) * element_size(first.dtype);
        if (!is_alike || static_cast<const char*>(column.data) - static_cast<const char*>(first.data) != distance) {
            return false;
        }
    }
    return true;
}

bool rows_follow(std::span<const Pairs> outputs, const Column& column) {
    return column.stride == element_size(column.dtype) * std::ssize(outputs);
}

// Of many columns the last set takes some once more, which is less than it costs to have more sets.
std::ptrdiff_t rows_in_one(const Kernels& kernels, std::span<const Pairs> outputs) {
    const std::ptrdiff_t width = std::ssize(outputs);
    const Pairs& pairs = outputs[0];
    const bool may_be_joined = rows_follow(outputs, pairs.y_true) && rows_follow(outputs, pairs.y_pred);
    const std::ptrdiff_t lanes = kernels.lanes;
    return may_be_joined && width < 8 * lanes ? std::lcm(width, lanes) / width : 1;
}

Grid grid_of(const Kernels& kernels, std::span<const Pairs> outputs, const Stretch& stretch) {
    const std::ptrdiff_t joined = rows_in_one(kernels, outputs);
    const auto from = [&](const Column& column) {
        return Column{address(column, stretch.first), joined * column.stride, column.dtype, column.swapped};
    };
    const std::ptrdiff_t width = std::ssize(outputs);
    const std::ptrdiff_t rows = stretch.last - stretch.first;
    return {from(outputs[0].y_true), from(outputs[0].y_pred), joined * width, (rows + joined - 1) / joined,
            rows * width};
}

// What one set of columns has beside its sums.
struct Units {
    int of_errors[max_lanes];
    int of_truths[max_lanes];
    bool are_known = true;  // false where numbers are out of their range, or not finite
    std::ptrdiff_t tiles = 0;
};

struct Tiles {
    std::span<CertifiedEnds> ends;
    const Kernels& kernels;
    int set;
    Grid grid;
    std::vector<CertifiedColumnSet> sums;
    std::vector<Units> units;
    std::vector<double> y_true;  // room for column_rows, where they do not lie as float64
    std::vector<double> y_pred;
    std::size_t unknown = 0;  // outputs
};

// At the begin of a cache line, which all of max_lanes fit into.
double* aligned(std::vector<double>& buffer) {
    void* place = buffer.data();
    std::size_t bytes = buffer.size() * sizeof(double);
    return static_cast<double*>(std::align(64, sizeof(double), place, bytes));
}

struct Side {
    const char* rows;
    std::ptrdiff_t stride;
};

// column_rows of some columns, as float64, with zeros after the last one. Null where some are no doubles.
Side side_of(const Tiles& tiles, const Column& column, std::ptrdiff_t row, std::ptrdiff_t first, std::ptrdiff_t columns,
             double* buffer) {
    const Grid& grid = tiles.grid;
    const std::ptrdiff_t size = element_size(column.dtype);
    const auto source_of = [&](std::ptrdiff_t i) { return address(column, row + i) + first * size; };
    const std::ptrdiff_t numbers = grid.numbers - row * grid.columns - first;
    const bool is_whole = numbers >= (column_rows - 1) * grid.columns + columns;
    if (is_whole && column.dtype == DType::float64 && !column.swapped) return {source_of(0), column.stride};
    const auto load = tiles.kernels.load[static_cast<int>(column.dtype)][column.swapped ? 1 : 0];
    const bool is_one_piece = is_whole && column.stride == columns * size;
    const std::ptrdiff_t pieces = is_one_piece ? 1 : column_rows;
    const std::ptrdiff_t length = column_rows / pieces * columns;
    for (std::ptrdiff_t i = 0; i < pieces; ++i) {
        const std::ptrdiff_t count = std::clamp<std::ptrdiff_t>(numbers - i * grid.columns, 0, length);
        if (count > 0 && !load(source_of(i), size, count, buffer + i * length)) return {nullptr, 0};
        std::fill(buffer + i * length + count, buffer + (i + 1) * length, 0.0);
    }
    return {reinterpret_cast<const char*>(buffer), columns * static_cast<std::ptrdiff_t>(sizeof(double))};
}

// What the next rows are is fetched meanwhile, in the order of memory.
RowsAhead ahead_of(const Tiles& tiles, std::ptrdiff_t row) {
    const auto place = [&](const Column& column) {
        const auto offset = static_cast<std::uintptr_t>(row + column_rows) * static_cast<std::uintptr_t>(column.stride);
        return reinterpret_cast<std::uintptr_t>(column.data) + offset;
    };
    const auto step = [&](const Column& column) {
        return static_cast<std::uintptr_t>(tiles.kernels.lanes * element_size(column.dtype));
    };
    const Grid& grid = tiles.grid;
    return {place(grid.y_true), place(grid.y_pred), step(grid.y_true), step(grid.y_pred)};
}

// Calls visit(rows) of a tile, column_rows at a time. False where some are no doubles.
template <class Visit>
bool for_each_rows(Tiles& tiles, std::ptrdiff_t tile, std::ptrdiff_t first, std::ptrdiff_t columns, Visit visit) {
    for (std::ptrdiff_t i = 0; i < rows_of_tile; i += column_rows) {
        const std::ptrdiff_t row = tile + i;
        const Side y_true = side_of(tiles, tiles.grid.y_true, row, first, columns, aligned(tiles.y_true));
        const Side y_pred = side_of(tiles, tiles.grid.y_pred, row, first, columns, aligned(tiles.y_pred));
        if (y_true.rows == nullptr || y_pred.rows == nullptr) return false;
        visit(ColumnRows{y_true.rows, y_pred.rows, y_true.stride, y_pred.stride, columns, i == 0,
                         i + column_rows == rows_of_tile, ahead_of(tiles, row)});
    }
    return true;
}

// The last set ends with the last column.
std::ptrdiff_t first_column(const Tiles& tiles, std::size_t set) {
    const std::ptrdiff_t lanes = tiles.kernels.lanes;
    return std::min(static_cast<std::ptrdiff_t>(set) * lanes, tiles.grid.columns - lanes);
}

CertifiedEnds& ends_of(const Tiles& tiles, std::ptrdiff_t column) {
    return tiles.ends[static_cast<std::size_t>(column) % tiles.ends.size()];
}

void flush(Tiles& tiles, std::size_t index) {
    CertifiedColumnSet& own = tiles.sums[index];
    Units& units = tiles.units[index];
    const CertifiedSet& set = certified_sets[tiles.set];
    const std::ptrdiff_t first = first_column(tiles, index);
    const std::ptrdiff_t rows = units.tiles * rows_of_tile;
    const int begin = static_cast<int>(static_cast<std::ptrdiff_t>(index) * tiles.kernels.lanes - first);
    for (int lane = begin; lane < tiles.kernels.lanes && rows > 0; ++lane) {
        CertifiedEnds& ends = ends_of(tiles, first + lane);
        const auto add = [&](const CertifiedLanes& sum, int unit, std::optional<Ends>& of_sum) {
            add_ends(sum, {lane, lane + 1}, unit, 0, rows, of_sum);
        };
        const int errors = units.of_errors[lane];
        const int truths = units.of_truths[lane];
        if (set.squared_error) add(own.sums.squared_error, 2 * errors + square_unit, ends.squared_error);
        if (set.absolute_error) add(own.sums.absolute_error, errors + value_unit, ends.absolute_error);
        if (set.error) {
            add_negated_ends(own.sums.error, {lane, lane + 1}, errors + value_unit, 0, rows, ends.error);
        }
        if (set.truth) add(own.sums.squared_truth, 2 * truths + square_unit, ends.squared_truth);
        if (set.truth) add(own.sums.truth, truths + value_unit, ends.truth);
        if (set.largest_error) ends.largest_error = std::max(ends.largest_error, own.sums.largest_error[lane]);
    }
    own.sums = {};
    units.tiles = 0;
}

void give_up(Tiles& tiles, std::size_t index) {
    tiles.units[index].are_known = false;
    for (int lane = 0; lane < tiles.kernels.lanes; ++lane) {
        CertifiedEnds& ends = ends_of(tiles, first_column(tiles, index) + lane);
        tiles.unknown += ends.are_known ? 1 : 0;
        ends.are_known = false;
    }
}

struct Columns {
    alignas(64) double y_true[max_lanes * rows_of_tile];
    alignas(64) double y_pred[max_lanes * rows_of_tile];
};

// Those of a set, one after the other.
bool load_columns(Tiles& tiles, std::size_t index, std::ptrdiff_t tile, Columns& columns) {
    const auto load = tiles.kernels.load[static_cast<int>(DType::float64)][0];
    std::ptrdiff_t row = 0;
    return for_each_rows(tiles, tile, first_column(tiles, index), tiles.kernels.lanes, [&](const ColumnRows& rows) {
        for (std::ptrdiff_t i = 0; i < tiles.kernels.lanes; ++i) {
            const std::ptrdiff_t byte = i * static_cast<std::ptrdiff_t>(sizeof(double));
            const std::ptrdiff_t place = i * rows_of_tile + row;
            load(rows.y_true + byte, rows.true_stride, column_rows, columns.y_true + place);
            load(rows.y_pred + byte, rows.pred_stride, column_rows, columns.y_pred + place);
        }
        row += column_rows;
    });
}

// By the tile at hand. Units only grow.
bool choose_units(Tiles& tiles, std::size_t index, std::ptrdiff_t tile) {
    flush(tiles, index);
    Columns columns;
    if (!load_columns(tiles, index, tile, columns)) return false;
    Units& units = tiles.units[index];
    CertifiedColumnStarts& starts = tiles.sums[index].starts;
    bool are_in_range = true;
    for (int lane = 0; lane < tiles.kernels.lanes; ++lane) {
        const double* y_true = columns.y_true + lane * rows_of_tile;
        const double* y_pred = columns.y_pred + lane * rows_of_tile;
        int& errors = units.of_errors[lane];
        int& truths = units.of_truths[lane];
        errors = std::max(errors, exponent_above(tiles.kernels.largest_difference({y_true, y_pred, rows_of_tile, {}})));
        truths = std::max(truths, exponent_above(tiles.kernels.largest_value(y_true, rows_of_tile)));
        are_in_range &= std::max(errors, truths) <= largest_unscaled;
        if (!are_in_range) break;
        starts.squared_error[lane] = rounding_constant(2 * errors + square_unit);
        starts.error[lane] = rounding_constant(errors + value_unit);
        starts.squared_truth[lane] = rounding_constant(2 * truths + square_unit);
        starts.truth[lane] = rounding_constant(truths + value_unit);
    }
    return are_in_range;
}

// In larger units, one set alone.
void add_again(Tiles& tiles, std::size_t index, std::ptrdiff_t tile) {
    const auto add = tiles.kernels.certified_columns[tiles.set];
    CertifiedColumnSet& own = tiles.sums[index];
    const bool is_done =
        choose_units(tiles, index, tile) && for_each_rows(tiles, tile, first_column(tiles, index), tiles.kernels.lanes,
                                                          [&](const ColumnRows& rows) { add(rows, &own); });
    if (!is_done || own.failed) give_up(tiles, index);
}

void add_tile(Tiles& tiles, std::ptrdiff_t tile) {
    const auto add = tiles.kernels.certified_columns[tiles.set];
    const bool are_doubles = for_each_rows(tiles, tile, 0, tiles.grid.columns,
                                           [&](const ColumnRows& rows) { add(rows, tiles.sums.data()); });
    for (std::size_t i = 0; i < tiles.sums.size(); ++i) {
        Units& units = tiles.units[i];
        if (!are_doubles) give_up(tiles, i);
        if (!units.are_known) continue;
        if (tiles.sums[i].failed) add_again(tiles, i, tile);
        if (++units.tiles == most_tiles) flush(tiles, i);
    }
}

// Otherwise all are summed together in another way.
bool are_most_known(const Tiles& tiles) { return 2 * tiles.unknown < tiles.ends.size(); }

Tiles tiles_of(std::span<CertifiedEnds> ends, const Kernels& kernels, const Grid& grid, int set) {
    Tiles tiles{ends, kernels, set, grid, {}, {}, {}, {}, 0};
    const auto sets = static_cast<std::size_t>((grid.columns + kernels.lanes - 1) / kernels.lanes);
    tiles.sums.resize(sets);
    tiles.units.resize(sets);
    const auto numbers = static_cast<std::size_t>(column_rows * grid.columns + max_lanes);
    tiles.y_true.resize(numbers);
    tiles.y_pred.resize(numbers);
    for (std::size_t i = 0; i < sets; ++i) {
        Units& units = tiles.units[i];
        std::fill(std::begin(units.of_errors), std::end(units.of_errors), smallest_unscaled);
        std::fill(std::begin(units.of_truths), std::end(units.of_truths), smallest_unscaled);
        if (!choose_units(tiles, i, 0)) give_up(tiles, i);
    }
    return tiles;
}

}  // namespace

std::optional<int> set_of_columns(std::span<const Pairs> outputs, int wanted) {
    const Kernels& kernels = *current_target().kernels;
    const auto is_masked = [](const Pairs& pairs) { return pairs.where != nullptr; };
    if (std::any_of(outputs.begin(), outputs.end(), is_masked)) return std::nullopt;
    if (!are_neighbours(outputs, &Pairs::y_true) || !are_neighbours(outputs, &Pairs::y_pred)) return std::nullopt;
    if (rows_in_one(kernels, outputs) * std::ssize(outputs) < kernels.lanes) return std::nullopt;
    for (int set = wanted; set < certified_set_count; ++set) {
        if (kernels.certified_columns[set] != nullptr && has_all(certified_sets[set], certified_sets[wanted])) {
            return set;
        }
    }
    return std::nullopt;
}

void add_columns(std::span<CertifiedEnds> ends, std::span<const Pairs> outputs, const Stretch& stretch, int set) {
    const Kernels& kernels = *current_target().kernels;
    const FloatingPointEnvironment environment;
    const Grid grid = grid_of(kernels, outputs, stretch);
    for (CertifiedEnds& own : ends) own.counts.pairs += static_cast<std::uint64_t>(stretch.last - stretch.first);
    Tiles tiles = tiles_of(ends, kernels, grid, set);
    std::ptrdiff_t numbers = 0;  // since the last look
    for (std::ptrdiff_t row = 0; row < grid.rows; row += rows_of_tile) {
        add_tile(tiles, row);
        if (!are_most_known(tiles)) {
            for (CertifiedEnds& own : ends) own.are_known = false;
            return;
        }
        numbers += rows_of_tile * grid.columns;
        if (numbers < smallest_stretch) continue;
        look_at_call();
        numbers = 0;
    }
    for (std::size_t i = 0; i < tiles.sums.size(); ++i) flush(tiles, i);
}

}  // namespace squarely
