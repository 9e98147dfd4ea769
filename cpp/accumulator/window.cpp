#include "accumulator/window.hpp"

#include "blocks/block.hpp"
#include "machine/floating_point.hpp"
#include "machine/targets.hpp"

#include <algorithm>
#include <cmath>

namespace squarely {
namespace {

// Rows are summed some at a time, which takes a tenth of the time of one by one, and are held until they are: few where
// they are wide, and not many more than the window has.
std::uint64_t rows_at_once(std::uint64_t length, std::size_t outputs) {
    const std::uint64_t narrow = std::min<std::uint64_t>(512, 8192 / outputs);
    const std::uint64_t wide = std::min<std::uint64_t>(32, length);
    return std::max(narrow, wide);
}

void check_fits(const Configuration& configuration, const ChunkKind& kind, std::span<const std::size_t> shape,
                bool weighted) {
    const bool is_known = !kind.shape.empty();
    if (is_known && !std::equal(shape.begin(), shape.end(), kind.shape.begin(), kind.shape.end())) {
        throw Refused(Reason::outputs_differ);
    }
    if (is_known && kind.weighted != weighted) throw Refused(Reason::weighting_differs);
    if (!is_known) check_output_weights(configuration, outputs_of(shape));
}

bool are_finite_weights(const Kernels& kernels, const Column& column, Rows rows) {
    double weights[block_length];
    load_weights(kernels, column, rows, weights);
    return std::all_of(weights, weights + rows.count, [](double weight) { return std::isfinite(weight); });
}

bool lets_through(NanPolicy policy, const Kernels& kernels, const Pairs& pairs, Rows rows) {
    BlockBuffers buffers;
    std::vector<LargePair> large;
    const Block block = load_block(kernels, pairs, rows, RowsKept{nullptr, rows.count, false}, buffers, large);
    if (kernels.all_finite(block)) return true;
    unsigned char kept[block_length];
    LeftOut left_out{};
    kernels.keep_finite(block, nullptr, buffers.y_true, buffers.y_pred, kept, left_out);
    PairCounts counts;
    counts.pairs = static_cast<std::uint64_t>(rows.count);
    add(counts, left_out);
    return squarely::lets_through(policy, counts);
}

// Whether a pass over the rows would refuse none of them.
bool are_let_through(NanPolicy policy, const Chunk& chunk) {
    const bool weighted = are_weighted(chunk.outputs[0]);
    if (policy == NanPolicy::propagate && !weighted) return true;
    const FloatingPointEnvironment environment;
    const Kernels& kernels = *current_target().kernels;
    for (const Pairs& pairs : chunk.outputs) {
        for (std::ptrdiff_t first = 0; first < chunk.rows; first += block_length) {
            const Rows rows{first, std::min<std::ptrdiff_t>(block_length, chunk.rows - first)};
            if (weighted && !are_finite_weights(kernels, pairs.weights, rows)) return false;
            if (policy != NanPolicy::propagate && !lets_through(policy, kernels, pairs, rows)) return false;
        }
    }
    return true;
}

void add_held(RowWindow& window, Accumulator& accumulator, std::span<const Pairs> outputs, std::ptrdiff_t rows) {
    if (outputs.size() == 1 && add_short_chunk(accumulator, outputs[0], rows)) return;
    add(accumulator, pass_over(*window.configuration, outputs, rows), window.kind.shape);
}

void begin_at(RowWindow& window, std::uint64_t row) {
    reset(window.sums.entered);
    reset(window.sums.left);
    window.first = window.last = row;
}

// The sums become those of the rows inside, by whichever way sums fewer rows. Where it throws, as for want of memory,
// it goes on from there the next time, and the window is what it was.
void catch_up(RowWindow& window) {
    const std::uint64_t begin = first_inside(window);
    const std::uint64_t end = window.rows.end();
    window.compared = std::max(window.compared, begin);
    window.rows.for_each(window.compared, end, [&](std::span<const Pairs> outputs, std::ptrdiff_t rows) {
        window.sums.extremes.add_rows(outputs, rows, window.compared);
        window.compared += static_cast<std::uint64_t>(rows);
    });
    window.sums.extremes.release(begin);
    if (begin > window.last || (begin - window.first) + (end - window.last) > end - begin) begin_at(window, begin);
    window.rows.for_each(window.last, end, [&](std::span<const Pairs> outputs, std::ptrdiff_t rows) {
        add_held(window, window.sums.entered, outputs, rows);
        window.last += static_cast<std::uint64_t>(rows);
    });
    window.rows.for_each(window.first, begin, [&](std::span<const Pairs> outputs, std::ptrdiff_t rows) {
        add_held(window, window.sums.left, outputs, rows);
        window.first += static_cast<std::uint64_t>(rows);
    });
    window.rows.release(begin);
}

std::ptrdiff_t rows_together(std::uint64_t length, std::span<const Pairs> outputs) {
    return static_cast<std::ptrdiff_t>(rows_at_once(length, outputs.size()));
}

std::ptrdiff_t rows_staying(const Chunk& chunk, std::uint64_t length) {
    return static_cast<std::ptrdiff_t>(std::min(static_cast<std::uint64_t>(chunk.rows), length));
}

bool is_far_behind(const RowWindow& window) {
    const std::uint64_t most = rows_at_once(window.length, outputs_of(window.kind.shape));
    return window.rows.end() - window.last >= most || first_inside(window) - window.first >= most;
}

void check_policy_of_both(NanPolicy policy, const RowsToEnter& entering) {
    if (entering.before.counts.empty()) return check_policy(policy, entering.sums);
    State whole = entering.before;
    merge(whole, entering.sums);
    check_policy(policy, whole);
}

RowWindow of_one_chunk(const RowWindow& window, RowsToEnter&& entering) {
    RowWindow next(window.configuration, window.length);
    next.kind = {entering.shape, entering.sums.weighted};
    next.rows.append(std::move(entering.rows));
    next.last = next.rows.end();
    add(next.sums.entered, std::move(entering.sums), next.kind.shape);
    return next;
}

void enter(ChunkWindow& window, State&& chunk) {
    window.sums.extremes.make_room(chunk.counts.size());
    window.chunks.push_back(chunk);
    // From here on nothing asks for memory, and nothing is refused.
    window.sums.extremes.add_chunk(chunk, window.count++);
    add(window.sums.entered, std::move(chunk), window.kind.shape);
    if (window.chunks.size() <= window.length) return;
    add(window.sums.left, std::move(window.chunks.front()), window.kind.shape);
    window.chunks.pop_front();
    window.sums.extremes.release(window.count - window.length);
}

Accumulator difference(WindowSums& sums) {
    Accumulator inside = copy_of(sums.entered);
    if (const State* left = sums_of(sums.left)) subtract_sums(*inside.state, *left);
    if (inside.has_seen) sums.extremes.put_into(*inside.state);
    return inside;
}

}  // namespace

std::uint64_t first_inside(const RowWindow& window) {
    const std::uint64_t end = window.rows.end();
    return end > window.length ? end - window.length : 0;
}

bool take_short_chunk(RowWindow& window, const Chunk& chunk) {
    const bool weighted = are_weighted(chunk.outputs[0]);
    if (weighted && !takes_weights(*window.configuration)) return false;
    check_fits(*window.configuration, window.kind, chunk.shape, weighted);
    if (!are_let_through(window.configuration->nan_policy, chunk)) return false;
    if (is_far_behind(window)) catch_up(window);
    Shape first_shape;
    if (window.kind.shape.empty()) first_shape.assign(chunk.shape.begin(), chunk.shape.end());
    const std::ptrdiff_t staying = rows_staying(chunk, window.length);
    window.rows.append(chunk.outputs, {chunk.rows - staying, staying}, rows_together(window.length, chunk.outputs));
    if (!first_shape.empty()) window.kind = {std::move(first_shape), weighted};
    return true;
}

RowsToEnter rows_to_enter(const Configuration& configuration, const Chunk& chunk, std::uint64_t length) {
    const std::ptrdiff_t staying = rows_staying(chunk, length);
    RowsToEnter entering{held_piece(chunk.outputs, chunk.rows, staying), {}, {}, {}};
    entering.shape.assign(chunk.shape.begin(), chunk.shape.end());
    // Of the copies: whoever writes into the chunk meanwhile changes both or none.
    entering.sums = pass_over(configuration, pairs_from(entering.rows, 0), staying);
    if (staying < chunk.rows) entering.before = pass_over(configuration, chunk.outputs, chunk.rows - staying);
    return entering;
}

void take(RowWindow& window, RowsToEnter&& entering) {
    check_fits(*window.configuration, window.kind, entering.shape, entering.sums.weighted);
    check_policy_of_both(window.configuration->nan_policy, entering);
    if (static_cast<std::uint64_t>(entering.rows.count) == window.length || window.kind.shape.empty()) {
        window = of_one_chunk(window, std::move(entering));
        return;
    }
    catch_up(window);
    window.rows.append(std::move(entering.rows));
    // Of the same kind, and let through: nothing is refused any more.
    add(window.sums.entered, std::move(entering.sums), window.kind.shape);
    window.last = window.rows.end();
}

void take(ChunkWindow& window, State&& chunk, std::span<const std::size_t> shape) {
    check_fits(*window.configuration, window.kind, shape, chunk.weighted);
    check_policy(window.configuration->nan_policy, chunk);
    if (!window.kind.shape.empty()) return enter(window, std::move(chunk));
    ChunkWindow next(window.configuration, window.length);
    next.kind = {Shape(shape.begin(), shape.end()), chunk.weighted};
    next.sums.entered.shape = next.sums.left.shape = next.kind.shape;
    enter(next, std::move(chunk));
    window = std::move(next);
}

Accumulator snapshot(RowWindow& window) {
    catch_up(window);
    return difference(window.sums);
}

Accumulator snapshot(ChunkWindow& window) { return difference(window.sums); }

RowWindow copy_of(const RowWindow& window) {
    RowWindow copy(window.configuration, window.length);
    copy.kind = window.kind;
    window.rows.for_each(first_inside(window), window.rows.end(),
                         [&](std::span<const Pairs> outputs, std::ptrdiff_t rows) {
                             copy.rows.append(outputs, {0, rows}, rows_together(window.length, outputs));
                         });
    return copy;
}

ChunkWindow copy_of(const ChunkWindow& window) {
    ChunkWindow copy(window.configuration, window.length);
    copy.kind = window.kind;
    copy.chunks = window.chunks;
    // Chunks enter as sums, which leave nothing open.
    copy.sums.entered = copy_of_closed(window.sums.entered);
    copy.sums.left = copy_of_closed(window.sums.left);
    copy.sums.extremes = window.sums.extremes;
    copy.count = window.count;
    return copy;
}

void reset(RowWindow& window) { window = RowWindow(window.configuration, window.length); }

void reset(ChunkWindow& window) { window = ChunkWindow(window.configuration, window.length); }

}  // namespace squarely
