// The worst rows of a stream, which know where they were: what Python's WorstRows keeps. The order is that of the
// losses, then of the parts, and then of the rows in a part, so that neither chunks nor merges can change what is kept.
#pragma once

#include "order/worst_rows.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace squarely {

constexpr std::size_t most_kept_rows = 10'000;

// A loss by its name, as bytes have it.
struct AskedLoss {
    std::string_view name;  // of a row of row_losses
    double parameter = 0;
};

bool takes_parameter(std::string_view loss);

// None where there is no such loss, or its parameter is out of its range.
std::optional<AskedLoss> asked_loss(std::string_view name, double parameter);
RowLoss row_loss(const AskedLoss& asked);

struct PlacedRow {
    std::string part;
    WorstRow row;  // whose number is that in its part
};

bool comes_before(const PlacedRow& a, const PlacedRow& b);

// Rows of a part that were seen, from the first to the one behind the last.
struct RowRange {
    std::int64_t first;
    std::int64_t last;
};

struct KeptRows {
    AskedLoss loss;
    std::size_t count = 0;
    bool weighted = false;
    std::vector<PlacedRow> rows;                        // the worst first
    std::map<std::string, std::vector<RowRange>> seen;  // in order, none beside the next
};

// A row that is there already.
struct SeenTwice {
    std::string part;
    std::int64_t row;
};

// What the name of a part must be.
bool is_utf8(std::string_view text);

std::int64_t next_row(const KeptRows& kept, const std::string& part);

// Either takes in all that is new, or nothing where some of it was seen before.
std::optional<SeenTwice> look_at(KeptRows& kept, const Pairs& pairs, std::int64_t rows, const std::string& part,
                                 std::int64_t first_row);
std::optional<SeenTwice> merge(KeptRows& kept, const KeptRows& other);

bool are_asked_alike(const KeptRows& kept, const KeptRows& other);

// Of a row without its weight and with it, each the double nearest to it.
double loss_of(const KeptRows& kept, const WorstRow& row);
double contribution_of(const KeptRows& kept, const WorstRow& row);

// None where bytes are no worst rows without columns, or such as no data give.
std::vector<unsigned char> to_bytes(const KeptRows& kept);
std::optional<KeptRows> kept_rows_of_bytes(std::span<const unsigned char> bytes);

}  // namespace squarely
