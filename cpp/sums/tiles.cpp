#include "sums/tiles.hpp"

#include "sums/window.hpp"

#include <algorithm>
#include <bit>
#include <memory>
#include <numeric>

namespace squarely {
namespace {

struct Tiles {
    alignas(64) double y_true[tile_columns * block_multiple];
    alignas(64) double y_pred[tile_columns * block_multiple];
};

// Rows of neighbouring columns. Where rows follow each other without a gap, several may be read as one, so that sets of
// columns come out even: three outputs make 24 columns of every eighth row, and column i belongs to output i % 3.
struct Grid {
    const char* y_true;
    const char* y_pred;
    std::ptrdiff_t true_stride;
    std::ptrdiff_t pred_stride;
    std::ptrdiff_t joined;  // rows in one
    std::ptrdiff_t columns;
    std::ptrdiff_t rows;
    DType dtype;
    std::ptrdiff_t size;          // of an element
    std::ptrdiff_t rows_at_once;  // of all columns
};

// Many rows at once save work, few leave memory to be read nearly in its order.
std::ptrdiff_t rows_at_once(std::ptrdiff_t row_bytes) {
    constexpr std::ptrdiff_t bytes_at_once = 65536;
    const auto rows = static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(bytes_at_once / row_bytes, 16, tile_rows));
    return static_cast<std::ptrdiff_t>(std::bit_floor(rows));
}

// Rows that the lanes take or leave.
constexpr std::ptrdiff_t group_rows = 8;

const TileKernels& tiles_of(const Kernels& kernels, DType dtype) { return kernels.tiles[static_cast<int>(dtype)]; }

bool is_neighbour(const Column& column, const Column& first, std::size_t position) {
    const auto distance = static_cast<std::ptrdiff_t>(position) * element_size(first.dtype);
    return column.dtype == first.dtype && !column.swapped && !may_have_nulls(column) && column.stride == first.stride &&
           static_cast<const char*>(column.data) == static_cast<const char*>(first.data) + distance;
}

bool rows_follow(std::span<const Pairs> outputs) {
    const Pairs& pairs = outputs[0];
    const auto bytes = element_size(pairs.y_true.dtype) * static_cast<std::ptrdiff_t>(outputs.size());
    return pairs.y_true.stride == bytes && pairs.y_pred.stride == bytes;
}

std::ptrdiff_t rows_in_one(const Kernels& kernels, std::span<const Pairs> outputs) {
    const auto width = static_cast<std::ptrdiff_t>(outputs.size());
    const std::ptrdiff_t columns =
        std::max<std::ptrdiff_t>(tiles_of(kernels, outputs[0].y_true.dtype).columns, tile_columns);
    // Otherwise the last set takes some columns that the one before it has, too: a tenth more of them may be.
    const bool is_worth_it = 10 * (columns - 1 - (width - 1) % columns) > width;
    return is_worth_it && rows_follow(outputs) ? std::lcm(width, columns) / width : 1;
}

Grid grid_of(const Kernels& kernels, std::span<const Pairs> outputs, std::ptrdiff_t first, std::ptrdiff_t last) {
    const Pairs& pairs = outputs[0];
    const std::ptrdiff_t joined = rows_in_one(kernels, outputs);
    const std::ptrdiff_t columns = joined * static_cast<std::ptrdiff_t>(outputs.size());
    const std::ptrdiff_t size = element_size(pairs.y_true.dtype);
    return {address(pairs.y_true, first),
            address(pairs.y_pred, first),
            joined * pairs.y_true.stride,
            joined * pairs.y_pred.stride,
            joined,
            columns,
            (last - first) / joined,
            pairs.y_true.dtype,
            size,
            rows_at_once(columns * size)};
}

// Neighbouring columns that share a window, one a lane: the usual case, in which nothing need be transposed.
struct ColumnSet {
    SlicedSquares sliced;
    bool failed = false;  // in the last tile
    int rest = 0;         // after two failures in a row: do without for this many tiles
};

constexpr int tiles_without_lanes = 16;

struct TiledSquares {
    std::vector<ExactSquares>& outputs;
    const Kernels& kernels;
    const Grid& grid;
    int products;          // of a lane; none of integers that are summed as such
    std::ptrdiff_t width;  // columns of a set
    std::vector<ColumnSet> sets;
    std::vector<LaneColumns> lanes;  // of the sets, for the tile at hand
};

TiledSquares tiled_squares(std::vector<ExactSquares>& outputs, const Kernels& kernels, const Grid& grid) {
    const std::ptrdiff_t width = tiles_of(kernels, grid.dtype).columns;
    const int products = grid.size == 8 ? wide_products : grid.size == 4 ? narrow_products : 0;
    TiledSquares squares{outputs, kernels, grid, products, width, {}, {}};
    squares.sets.resize(static_cast<std::size_t>((grid.columns + width - 1) / width));
    for (ColumnSet& set : squares.sets) squares.lanes.push_back({&set.sliced.window, &set.sliced.sums, 0});
    return squares;
}

ExactSquares& output_of(TiledSquares& squares, std::ptrdiff_t column) {
    return squares.outputs[static_cast<std::size_t>(column) % squares.outputs.size()];
}

// The last set ends with the last column.
std::ptrdiff_t first_column(const TiledSquares& squares, std::size_t set) {
    return std::min(static_cast<std::ptrdiff_t>(set) * squares.width, squares.grid.columns - squares.width);
}

void flush(TiledSquares& squares, std::size_t index) {
    SlicedSquares& sliced = squares.sets[index].sliced;
    if (!sliced.chosen) return;
    const std::ptrdiff_t first = first_column(squares, index);
    const int lanes = squares.kernels.lanes;
    for (int i = static_cast<int>(static_cast<std::ptrdiff_t>(index) * squares.width - first); i < squares.width; ++i) {
        ExactSum& sum = output_of(squares, first + i).sum;
        if (squares.products == 0) {
            add(sum, sliced.sums.lanes[i / max_lanes][i % max_lanes], 0, false);
        } else {
            add_lane(sliced, i / lanes * narrow_products, squares.products, i % lanes, sum);
        }
    }
    sliced.sums = SlicedSums{};
}

// The largest difference of the columns in the first rows at hand tells what to expect of all.
int exponent_for(const TiledSquares& squares, std::size_t index, Rows rows) {
    const Grid& grid = squares.grid;
    alignas(64) double y_true[block_multiple] = {};
    alignas(64) double y_pred[block_multiple] = {};
    const auto load = squares.kernels.load[static_cast<int>(grid.dtype)][0];
    const std::ptrdiff_t byte = grid.size * first_column(squares, index);
    const std::ptrdiff_t count = std::min<std::ptrdiff_t>(rows.count, block_multiple / squares.width);
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        const std::ptrdiff_t row = rows.first + i;
        load(grid.y_true + row * grid.true_stride + byte, grid.size, squares.width, y_true + i * squares.width);
        load(grid.y_pred + row * grid.pred_stride + byte, grid.size, squares.width, y_pred + i * squares.width);
    }
    return first_exponent(squares.kernels, {y_true, y_pred, block_multiple, {}});
}

// Whether the lanes may take the tile at hand.
bool has_window(TiledSquares& squares, std::size_t index, Rows rows) {
    ColumnSet& set = squares.sets[index];
    if (set.rest > 0) return false;
    if (set.sliced.chosen && !set.failed) return true;
    flush(squares, index);
    const bool is_checked = squares.products > 0 && is_float(squares.grid.dtype);
    return set_window(set.sliced, is_checked ? exponent_for(squares, index, rows) : integer_window);
}

void add_by_lanes(TiledSquares& squares, Rows rows) {
    const Grid& grid = squares.grid;
    const std::ptrdiff_t groups = rows.count / group_rows;
    const unsigned all = (1u << (rows.count + group_rows - 1) / group_rows) - 1;
    const unsigned rest = all & ~((1u << groups) - 1);  // less than a group
    for (std::size_t i = 0; i < squares.sets.size(); ++i) {
        squares.lanes[i].left = has_window(squares, i, rows) ? rest : all;
    }
    tiles_of(squares.kernels, grid.dtype)
        .exact_squares_by_lane(
            {grid.y_true + rows.first * grid.true_stride, grid.y_pred + rows.first * grid.pred_stride, grid.true_stride,
             grid.pred_stride, groups * group_rows, grid.columns, grid.rows_at_once},
            squares.lanes.data());
    for (std::size_t i = 0; i < squares.sets.size(); ++i) {
        ColumnSet& set = squares.sets[i];
        if (set.rest > 0) {
            --set.rest;
            continue;
        }
        const bool failed = squares.lanes[i].left != rest;
        if (failed && set.failed) set.rest = tiles_without_lanes;
        set.failed = failed;
        if (is_nearly_full(set.sliced)) flush(squares, i);
    }
}

void load_column(const TiledSquares& squares, std::ptrdiff_t column, Rows rows, double* y_true, double* y_pred) {
    const Grid& grid = squares.grid;
    const auto load = squares.kernels.load[static_cast<int>(grid.dtype)][0];
    load(grid.y_true + grid.size * column + rows.first * grid.true_stride, grid.true_stride, rows.count, y_true);
    load(grid.y_pred + grid.size * column + rows.first * grid.pred_stride, grid.pred_stride, rows.count, y_pred);
}

// Eight columns, one after the other.
void load_tiles(const TiledSquares& squares, std::ptrdiff_t tile, Rows rows, Tiles& tiles) {
    const Grid& grid = squares.grid;
    if (grid.dtype == DType::float64) {
        const auto load = squares.kernels.load_tile;
        load(grid.y_true + 8 * tile + rows.first * grid.true_stride, grid.true_stride, rows.count, tiles.y_true);
        load(grid.y_pred + 8 * tile + rows.first * grid.pred_stride, grid.pred_stride, rows.count, tiles.y_pred);
        return;
    }
    for (std::ptrdiff_t i = 0; i < tile_columns; ++i) {
        load_column(squares, tile + i, rows, tiles.y_true + i * block_multiple, tiles.y_pred + i * block_multiple);
    }
}

// Puts pairs of zeros in place of the rows that were added, and returns how many are left.
std::ptrdiff_t keep_left(unsigned left, std::ptrdiff_t count, double* y_true, double* y_pred) {
    std::ptrdiff_t kept = 0;
    for (std::ptrdiff_t first = 0; first < block_multiple; first += group_rows) {
        const std::ptrdiff_t rows = std::clamp<std::ptrdiff_t>(count - first, 0, group_rows);
        const std::ptrdiff_t keep = (left >> first / group_rows & 1) != 0 ? rows : 0;
        std::fill(y_true + first + keep, y_true + first + group_rows, 0.0);
        std::fill(y_pred + first + keep, y_pred + first + group_rows, 0.0);
        kept += keep;
    }
    return kept;
}

// What the lanes have left. The last tile ends with the last column, and may begin with columns that are done.
void add_left(TiledSquares& squares, Rows rows, Tiles& tiles, BlockBuffers& buffers) {
    for (std::ptrdiff_t done = 0; done < squares.grid.columns; done += tile_columns) {
        const std::ptrdiff_t tile = std::min<std::ptrdiff_t>(done, squares.grid.columns - tile_columns);
        bool loaded = false;
        for (std::ptrdiff_t column = done; column < tile + tile_columns; ++column) {
            const unsigned left = squares.lanes[static_cast<std::size_t>(column / squares.width)].left;
            if (left == 0) continue;
            if (!loaded) load_tiles(squares, tile, rows, tiles);
            loaded = true;
            double* y_true = tiles.y_true + (column - tile) * block_multiple;
            double* y_pred = tiles.y_pred + (column - tile) * block_multiple;
            const std::ptrdiff_t count = keep_left(left, rows.count, y_true, y_pred);
            ExactSquares& output = output_of(squares, column);
            output.counts.pairs -= static_cast<std::uint64_t>(count);
            add_block(output, squares.kernels, {y_true, y_pred, block_multiple, {}}, count, buffers);
        }
    }
}

}  // namespace

bool are_tiled(const Kernels& kernels, std::span<const Pairs> outputs) {
    const Pairs& first = outputs[0];
    const int columns = tiles_of(kernels, first.y_true.dtype).columns;
    if (columns == 0 || outputs.size() == 1 || first.y_true.dtype != first.y_pred.dtype) return false;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        const Pairs& pairs = outputs[i];
        if (pairs.where != nullptr || !is_neighbour(pairs.y_true, first.y_true, i) ||
            !is_neighbour(pairs.y_pred, first.y_pred, i)) {
            return false;
        }
    }
    return static_cast<int>(outputs.size()) >= std::max(columns, tile_columns) || rows_follow(outputs);
}

void add_tiled(std::vector<ExactSquares>& squares, const Kernels& kernels, std::span<const Pairs> outputs,
               std::ptrdiff_t first, std::ptrdiff_t last, BlockBuffers& buffers) {
    const Grid grid = grid_of(kernels, outputs, first, last);
    const auto tiles = std::make_unique<Tiles>();
    TiledSquares tiled = tiled_squares(squares, kernels, grid);
    for (std::ptrdiff_t row = 0; row < grid.rows; row += tile_rows) {
        const Rows rows{row, std::min<std::ptrdiff_t>(tile_rows, grid.rows - row)};
        add_by_lanes(tiled, rows);
        add_left(tiled, rows, *tiles, buffers);
    }
    for (std::size_t i = 0; i < tiled.sets.size(); ++i) flush(tiled, i);
    // Rows that are too few to be read as one.
    const std::ptrdiff_t rest = first + grid.rows * grid.joined;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        squares[i].counts.pairs += static_cast<std::uint64_t>(rest - first);
        if (rest < last) add_rows(squares[i], kernels, outputs[i], {rest, last - rest}, buffers);
    }
}

}  // namespace squarely
