// Worst rows of squarely.h: what Python's WorstRows does, for compiled code.
#include "c_api/library.hpp"
#include "numbers/big_number.hpp"
#include "order/kept_rows.hpp"
#include "tables/row_losses.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

struct squarely_worst_rows {
    squarely::KeptRows kept;
};

namespace squarely {
namespace {

const NamedRowLoss& loss_named(const char* name) {
    check_not_null(name, "loss->name");
    const Metric* const metric = find_metric(name);
    const auto* found = std::find_if(std::begin(row_losses), std::end(row_losses), [&](const NamedRowLoss& loss) {
        return loss.name == name || (metric != nullptr && loss.metric == metric->name);
    });
    if (found != std::end(row_losses)) return *found;
    std::string known;
    for (const NamedRowLoss& loss : row_losses) known += (known.empty() ? "" : ", ") + std::string(loss.name);
    throw Failure(SQUARELY_UNKNOWN_METRIC, "There is no loss '" + std::string(name) +
                                               "' of single rows. The losses are " + known +
                                               ", and the metrics that are the mean of one.");
}

AskedLoss loss_asked(const squarely_metric* loss) {
    if (loss == nullptr) return {row_losses[0].name};
    const NamedRowLoss& named = loss_named(loss->name);
    const AskedMetric metric = asked(named.metric.data(), loss->parameter);  // all names are literals
    return *asked_loss(named.name, takes_parameter(named.name) ? metric.parameter : 0.0);
}

std::string in_words(const KeptRows& kept) { return std::to_string(kept.count) + " by " + std::string(kept.loss.name); }

void refuse_twice(const std::optional<SeenTwice>& twice) {
    if (!twice) return;
    throw Failure(SQUARELY_MISMATCH,
                  "Row " + std::to_string(twice->row) + " of part '" + twice->part +
                      "' was seen twice. Rows that each count from 0 need a part of their own, or their first_row.");
}

// A newer header may have members behind those.
void write_row(squarely_worst_row* row, const squarely_worst_row& own) {
    const std::size_t size = row->struct_size;
    check_size(size, "squarely_worst_row", sizeof own);
    std::memcpy(row, &own, sizeof own);
    row->struct_size = size;
}

}  // namespace
}  // namespace squarely

using namespace squarely;

squarely_status squarely_worst_rows_create(const squarely_metric* loss, size_t count, squarely_worst_rows** worst,
                                           squarely_error* error) {
    if (worst != nullptr) *worst = nullptr;
    return guarded(error, [&] {
        check_not_null(worst, "worst");
        check_settings();
        if (count > most_kept_rows) {
            throw Failure(SQUARELY_INVALID_ARGUMENT, "At most " + std::to_string(most_kept_rows) +
                                                         " rows are kept. Got " + std::to_string(count) + ".");
        }
        KeptRows kept;
        kept.loss = loss_asked(loss);
        kept.count = count;
        *worst = new squarely_worst_rows{std::move(kept)};
    });
}

squarely_status squarely_worst_rows_copy(const squarely_worst_rows* worst, squarely_worst_rows** copy,
                                         squarely_error* error) {
    if (copy != nullptr) *copy = nullptr;
    return guarded(error, [&] {
        check_not_null(worst, "worst");
        check_not_null(copy, "copy");
        *copy = new squarely_worst_rows(*worst);
    });
}

void squarely_worst_rows_free(squarely_worst_rows* worst) { delete worst; }

squarely_status squarely_worst_rows_update(squarely_worst_rows* worst, const squarely_pairs* pairs,
                                           const squarely_column* weights, const char* part, int64_t first_row,
                                           int64_t rows, squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(worst, "worst");
        check_not_null(pairs, "pairs");
        check_rows(rows);
        Pairs own = checked_pairs(*pairs, rows);
        if (weights != nullptr) own.weights = checked_column(*weights, rows, "weights");
        const std::string name = part == nullptr ? "" : part;
        if (!is_utf8(name)) throw Failure(SQUARELY_INVALID_ARGUMENT, "The name of a part must be text in UTF-8.");
        const std::int64_t first = first_row < 0 ? next_row(worst->kept, name) : first_row;
        if (rows > std::numeric_limits<std::int64_t>::max() - first) {
            throw Failure(SQUARELY_INVALID_ARGUMENT, "The rows have numbers beyond 2^63, from first_row on.");
        }
        refuse_twice(look_at(worst->kept, own, rows, name, first));
    });
}

squarely_status squarely_worst_rows_merge(squarely_worst_rows* worst, const squarely_worst_rows* other,
                                          squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(worst, "worst");
        check_not_null(other, "other");
        if (!are_asked_alike(worst->kept, other->kept)) {
            throw Failure(SQUARELY_MISMATCH, "These are the worst rows of another kind: " + in_words(worst->kept) +
                                                 ", and " + in_words(other->kept) + ", or its parameter differs.");
        }
        refuse_twice(merge(worst->kept, other->kept));
    });
}

size_t squarely_worst_rows_count(const squarely_worst_rows* worst) {
    return worst == nullptr ? 0 : worst->kept.rows.size();
}

squarely_status squarely_worst_rows_row(const squarely_worst_rows* worst, size_t index, squarely_worst_row* row,
                                        squarely_error* error) {
    return guarded(error, [&] {
        check_not_null(worst, "worst");
        check_not_null(row, "row");
        const KeptRows& kept = worst->kept;
        if (index >= kept.rows.size()) {
            throw Failure(SQUARELY_INVALID_ARGUMENT, "There is no worst row " + std::to_string(index) + ": there are " +
                                                         std::to_string(kept.rows.size()) + ".");
        }
        const PlacedRow& placed = kept.rows[index];
        const WorstRow& found = placed.row;
        write_row(
            row, {0, placed.part.c_str(), found.row, nearest(big_number(found.y_true)),
                  nearest(big_number(found.y_pred)), loss_of(kept, found), found.weight, contribution_of(kept, found)});
    });
}

squarely_status squarely_worst_rows_to_bytes(const squarely_worst_rows* worst, void* buffer, size_t capacity,
                                             size_t* size, squarely_error* error) {
    if (size != nullptr) *size = 0;
    return guarded(error, [&] {
        check_not_null(worst, "worst");
        check_not_null(size, "size");
        write_bytes(to_bytes(worst->kept), buffer, capacity, size);
    });
}

squarely_status squarely_worst_rows_from_bytes(const void* bytes, size_t size, squarely_worst_rows** worst,
                                               squarely_error* error) {
    if (worst != nullptr) *worst = nullptr;
    return guarded(error, [&] {
        check_not_null(bytes, "bytes");
        check_not_null(worst, "worst");
        check_settings();
        std::optional<KeptRows> kept = kept_rows_of_bytes({static_cast<const unsigned char*>(bytes), size});
        if (!kept) {
            throw Failure(SQUARELY_DAMAGED,
                          "These bytes are no worst rows of squarely, of another version, damaged, or have columns, "
                          "which Python alone shows.");
        }
        *worst = new squarely_worst_rows{std::move(*kept)};
    });
}
