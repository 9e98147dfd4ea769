#include "sums/tiles.hpp"

#include "sums/window.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <numeric>

namespace squarely {
namespace {

struct Tiles {
    alignas(64) double y_true[tile_columns * block_multiple];
    alignas(64) double y_pred[tile_columns * block_multiple];
};

// Rows of neighbouring columns. Where there are fewer than eight outputs, several rows are read as one: three outputs
// make 24 columns of every eighth row, and column i belongs to output i % 3.
struct Grid {
    const char* y_true;
    const char* y_pred;
    std::ptrdiff_t true_stride;
    std::ptrdiff_t pred_stride;
    std::ptrdiff_t columns;
    std::ptrdiff_t rows;
    DType dtype;
    std::ptrdiff_t size;        // of an element
    std::ptrdiff_t slice_rows;  // at once by lanes
    std::ptrdiff_t slices;      // of a tile
    unsigned all_slices;        // a bit each
};

// Where rows are half a page apart or more, few of them at once, so that memory is read nearly in its order: of a
// thousand columns, 64 rows took twice the time.
constexpr std::ptrdiff_t wide_stride = 2048;
std::ptrdiff_t slice_rows_of(std::ptrdiff_t stride) { return std::abs(stride) < wide_stride ? tile_rows : 16; }

const TileKernels& tiles_of(const Kernels& kernels, DType dtype) { return kernels.tiles[static_cast<int>(dtype)]; }

bool is_neighbour(const Column& column, const Column& first, std::size_t position) {
    const auto distance = static_cast<std::ptrdiff_t>(position) * element_size(first.dtype);
    return column.dtype == first.dtype && !column.swapped && !may_have_nulls(column) && column.stride == first.stride &&
           static_cast<const char*>(column.data) == static_cast<const char*>(first.data) + distance;
}

std::ptrdiff_t rows_in_one(std::ptrdiff_t outputs) {
    return outputs >= tile_columns ? 1 : std::lcm<std::ptrdiff_t>(outputs, tile_columns) / outputs;
}

Grid grid_of(std::span<const Pairs> outputs, std::ptrdiff_t first, std::ptrdiff_t last) {
    const Pairs& pairs = outputs[0];
    const auto width = static_cast<std::ptrdiff_t>(outputs.size());
    const std::ptrdiff_t joined = rows_in_one(width);
    const std::ptrdiff_t slice_rows = slice_rows_of(joined * pairs.y_true.stride);
    return {address(pairs.y_true, first),
            address(pairs.y_pred, first),
            joined * pairs.y_true.stride,
            joined * pairs.y_pred.stride,
            joined * width,
            (last - first) / joined,
            pairs.y_true.dtype,
            element_size(pairs.y_true.dtype),
            slice_rows,
            tile_rows / slice_rows,
            (1u << (tile_rows / slice_rows)) - 1};
}

std::uintptr_t prefetch_address(const char* data, std::ptrdiff_t row, std::ptrdiff_t stride) {
    return reinterpret_cast<std::uintptr_t>(data) +
           static_cast<std::uintptr_t>(row) * static_cast<std::uintptr_t>(stride);
}

// One column of a loaded tile. While it is summed, an eighth of the same columns is prefetched, in the rows of the
// next.
Block block_of(Tiles& tiles, const Grid& grid, std::ptrdiff_t tile, std::ptrdiff_t column, Rows rows) {
    const std::ptrdiff_t padded = (rows.count + block_multiple - 1) / block_multiple * block_multiple;
    double* y_true = tiles.y_true + column * block_multiple;
    double* y_pred = tiles.y_pred + column * block_multiple;
    std::fill(y_true + rows.count, y_true + padded, 0.0);
    std::fill(y_pred + rows.count, y_pred + padded, 0.0);
    const std::ptrdiff_t next = rows.first + tile_rows + column * tile_rows / tile_columns;
    return {y_true,
            y_pred,
            padded,
            {prefetch_address(grid.y_true + grid.size * tile, next, grid.true_stride),
             prefetch_address(grid.y_pred + grid.size * tile, next, grid.pred_stride),
             static_cast<std::uintptr_t>(grid.true_stride), static_cast<std::uintptr_t>(grid.pred_stride)}};
}

// Neighbouring columns that share a window, one a lane: the usual case, in which nothing need be transposed.
struct LaneColumns {
    SlicedSquares sliced;
    bool failed = false;  // in the last slice
    int rest = 0;         // after two failures in a row: do without for this many tiles
    unsigned left = 0;    // the slices of the tile at hand that were not added, a bit each
};

constexpr int tiles_without_lanes = 16;

struct TiledSquares {
    std::vector<ExactSquares>& outputs;
    std::vector<LaneColumns> lane_columns;
};

ExactSquares& output_of(TiledSquares& squares, std::ptrdiff_t column) {
    return squares.outputs[static_cast<std::size_t>(column) % squares.outputs.size()];
}

LaneRows lane_rows_of(const Grid& grid, std::ptrdiff_t column, Rows rows) {
    const char* y_true = grid.y_true + grid.size * column;
    const char* y_pred = grid.y_pred + grid.size * column;
    const std::ptrdiff_t next = rows.first + grid.slice_rows;
    return {y_true + rows.first * grid.true_stride,
            y_pred + rows.first * grid.pred_stride,
            grid.true_stride,
            grid.pred_stride,
            rows.count,
            {prefetch_address(y_true, next, grid.true_stride), prefetch_address(y_pred, next, grid.pred_stride),
             static_cast<std::uintptr_t>(grid.true_stride), static_cast<std::uintptr_t>(grid.pred_stride)}};
}

void flush_lanes(TiledSquares& squares, const Kernels& kernels, std::size_t index) {
    LaneColumns& own = squares.lane_columns[index];
    if (!own.sliced.chosen) return;
    for (int lane = 0; lane < kernels.lanes; ++lane) {
        const auto column = static_cast<std::ptrdiff_t>(index) * kernels.lanes + lane;
        flush_lane(own.sliced, lane, output_of(squares, column).sum);
    }
    own.sliced.sums = SlicedSums{};
}

// The largest difference of the columns in the first rows at hand tells what to expect of all.
bool choose_window(TiledSquares& squares, const Kernels& kernels, const Grid& grid, std::size_t index,
                   const LaneRows& rows) {
    alignas(64) double y_true[block_multiple] = {};
    alignas(64) double y_pred[block_multiple] = {};
    const std::ptrdiff_t count = std::min<std::ptrdiff_t>(rows.count, block_multiple / kernels.lanes);
    const auto load = kernels.load[static_cast<int>(grid.dtype)][0];
    for (std::ptrdiff_t row = 0; row < count; ++row) {
        load(rows.y_true + row * rows.y_true_stride, grid.size, kernels.lanes, y_true + row * kernels.lanes);
        load(rows.y_pred + row * rows.y_pred_stride, grid.size, kernels.lanes, y_pred + row * kernels.lanes);
    }
    flush_lanes(squares, kernels, index);
    return set_window(squares.lane_columns[index].sliced,
                      first_exponent(kernels, {y_true, y_pred, block_multiple, {}}));
}

// Whether these columns, one a lane, were added.
bool add_by_lane(TiledSquares& squares, const Kernels& kernels, const Grid& grid, std::size_t index, Rows rows) {
    const std::ptrdiff_t column = static_cast<std::ptrdiff_t>(index) * kernels.lanes;
    LaneColumns& own = squares.lane_columns[index];
    if (own.rest > 0) return false;
    const LaneRows lane_rows = lane_rows_of(grid, column, rows);
    const bool ready = (own.sliced.chosen && !own.failed) || choose_window(squares, kernels, grid, index, lane_rows);
    if (!ready || !tiles_of(kernels, grid.dtype).exact_squares_by_lane(lane_rows, own.sliced.window, own.sliced.sums)) {
        own.rest = own.failed ? tiles_without_lanes : 0;
        own.failed = true;
        return false;
    }
    own.failed = false;
    for (int lane = 0; lane < kernels.lanes; ++lane) {
        output_of(squares, column + lane).counts.pairs += static_cast<std::uint64_t>(rows.count);
    }
    if (is_nearly_full(own.sliced)) flush_lanes(squares, kernels, index);
    return true;
}

void load_tiles(const Kernels& kernels, const Grid& grid, std::ptrdiff_t tile, Rows rows, Tiles& tiles) {
    const auto load = tiles_of(kernels, grid.dtype).load;
    load(grid.y_true + grid.size * tile + rows.first * grid.true_stride, grid.true_stride, rows.count, tiles.y_true);
    load(grid.y_pred + grid.size * tile + rows.first * grid.pred_stride, grid.pred_stride, rows.count, tiles.y_pred);
}

void add_by_lanes(TiledSquares& squares, const Kernels& kernels, const Grid& grid, Rows rows) {
    for (LaneColumns& own : squares.lane_columns) own.left = rows.count == tile_rows ? 0 : grid.all_slices;
    if (rows.count != tile_rows) return;
    for (std::ptrdiff_t slice = 0; slice < grid.slices; ++slice) {
        const Rows sliced{rows.first + slice * grid.slice_rows, grid.slice_rows};
        for (std::size_t index = 0; index < squares.lane_columns.size(); ++index) {
            if (!add_by_lane(squares, kernels, grid, index, sliced)) squares.lane_columns[index].left |= 1u << slice;
        }
    }
    for (LaneColumns& own : squares.lane_columns) own.rest -= own.rest > 0;
}

// Puts pairs of zeros in place of the slices that were added, and returns how many pairs are left.
std::ptrdiff_t keep_slices(unsigned left, const Grid& grid, std::ptrdiff_t column, Rows rows, Tiles& tiles) {
    if (left == grid.all_slices) return rows.count;
    std::ptrdiff_t count = 0;
    for (std::ptrdiff_t slice = 0; slice < grid.slices; ++slice) {
        const std::ptrdiff_t first = column * block_multiple + slice * grid.slice_rows;
        if ((left >> slice & 1) != 0) {
            count += grid.slice_rows;
        } else {
            std::fill(tiles.y_true + first, tiles.y_true + first + grid.slice_rows, 0.0);
            std::fill(tiles.y_pred + first, tiles.y_pred + first + grid.slice_rows, 0.0);
        }
    }
    return count;
}

// The last tile ends with the last column, and may begin with columns that are done.
void add_rows_of_tiles(TiledSquares& squares, const Kernels& kernels, const Grid& grid, Rows rows, Tiles& tiles,
                       BlockBuffers& buffers) {
    add_by_lanes(squares, kernels, grid, rows);
    std::size_t index = 0;
    for (std::ptrdiff_t done = 0; done < grid.columns; done += tile_columns) {
        const std::ptrdiff_t tile = std::min<std::ptrdiff_t>(done, grid.columns - tile_columns);
        bool loaded = false;
        for (std::ptrdiff_t column = done; column < tile + tile_columns; column += kernels.lanes) {
            const unsigned left = tile == done ? squares.lane_columns[index++].left : grid.all_slices;
            if (left == 0) continue;
            if (!loaded) load_tiles(kernels, grid, tile, rows, tiles);
            loaded = true;
            const std::ptrdiff_t last = std::min<std::ptrdiff_t>(column + kernels.lanes, tile + tile_columns);
            for (std::ptrdiff_t one = column; one < last; ++one) {
                const std::ptrdiff_t count = keep_slices(left, grid, one - tile, rows, tiles);
                const Block block = block_of(tiles, grid, tile, one - tile, rows);
                add_block(output_of(squares, one), kernels, block, count, buffers);
            }
        }
    }
}

}  // namespace

bool are_tiled(const Kernels& kernels, std::span<const Pairs> outputs) {
    const Pairs& first = outputs[0];
    if (tiles_of(kernels, first.y_true.dtype).load == nullptr || first.y_true.dtype != first.y_pred.dtype) return false;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        const Pairs& pairs = outputs[i];
        if (pairs.where != nullptr || !is_neighbour(pairs.y_true, first.y_true, i) ||
            !is_neighbour(pairs.y_pred, first.y_pred, i)) {
            return false;
        }
    }
    const auto row_bytes = element_size(first.y_true.dtype) * static_cast<std::ptrdiff_t>(outputs.size());
    const bool rows_follow = first.y_true.stride == row_bytes && first.y_pred.stride == row_bytes;
    return outputs.size() >= tile_columns || (outputs.size() > 1 && rows_follow);
}

void add_tiled(std::vector<ExactSquares>& squares, const Kernels& kernels, std::span<const Pairs> outputs,
               std::ptrdiff_t first, std::ptrdiff_t last, BlockBuffers& buffers) {
    const Grid grid = grid_of(outputs, first, last);
    const auto tiles = std::make_unique<Tiles>();
    TiledSquares tiled{squares, std::vector<LaneColumns>(static_cast<std::size_t>(grid.columns / tile_columns *
                                                                                  tile_columns / kernels.lanes))};
    for (std::ptrdiff_t row = 0; row < grid.rows; row += tile_rows) {
        const Rows rows{row, std::min<std::ptrdiff_t>(tile_rows, grid.rows - row)};
        add_rows_of_tiles(tiled, kernels, grid, rows, *tiles, buffers);
    }
    for (std::size_t i = 0; i < tiled.lane_columns.size(); ++i) flush_lanes(tiled, kernels, i);
    // Rows that are too few to be read as one.
    const std::ptrdiff_t rest = last - (last - first) % rows_in_one(static_cast<std::ptrdiff_t>(outputs.size()));
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        if (rest < last) add_rows(squares[i], kernels, outputs[i], {rest, last - rest}, buffers);
    }
}

}  // namespace squarely
