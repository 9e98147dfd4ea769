#include "order/kept_rows.hpp"

#include "numbers/big_number.hpp"
#include "tables/metrics.hpp"
#include "tables/row_losses.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <tuple>
#include <utility>

namespace squarely {
namespace {

using Seen = std::map<std::string, std::vector<RowRange>>;

const NamedRowLoss* find_loss(std::string_view name) {
    const auto* found = std::find_if(std::begin(row_losses), std::end(row_losses),
                                     [&](const NamedRowLoss& loss) { return loss.name == name; });
    return found == std::end(row_losses) ? nullptr : found;
}

// None of the pinball loss.
std::optional<Term> term_of(std::string_view loss) {
    for (int i = 0; i < term_count; ++i) {
        if (facts_of(static_cast<Term>(i)).name == loss) return static_cast<Term>(i);
    }
    return std::nullopt;
}

bool is_of_difference(const AskedLoss& loss) { return loss.name == "squared_error" || loss.name == "absolute_error"; }

// None of a twice: then the row is told.
std::optional<SeenTwice> join(Seen& seen, const std::string& part, const std::vector<RowRange>& others) {
    std::vector<RowRange>& own = seen[part];
    std::vector<RowRange> all(own);
    all.insert(all.end(), others.begin(), others.end());
    std::sort(all.begin(), all.end(), [](const RowRange& a, const RowRange& b) { return a.first < b.first; });
    std::vector<RowRange> together;
    for (const RowRange& one : all) {
        if (!together.empty() && one.first < together.back().last) return SeenTwice{part, one.first};
        if (!together.empty() && one.first == together.back().last) {
            together.back().last = one.last;
        } else {
            together.push_back(one);
        }
    }
    own = std::move(together);
    return std::nullopt;
}

std::vector<PlacedRow> worst_of(const KeptRows& kept, std::vector<PlacedRow> others) {
    others.insert(others.end(), kept.rows.begin(), kept.rows.end());
    std::sort(others.begin(), others.end(), [](const PlacedRow& a, const PlacedRow& b) { return comes_before(a, b); });
    if (others.size() > kept.count) others.resize(kept.count);
    return others;
}

BigNumber exact_loss(const KeptRows& kept, const WorstRow& row) {
    if (!is_of_difference(kept.loss)) return big_number(row.loss);
    const BigNumber size = absolute(big_number(row.y_true) - big_number(row.y_pred));
    return kept.loss.name == "squared_error" ? size * size : size;
}

}  // namespace

bool takes_parameter(std::string_view loss) {
    const std::optional<Term> term = term_of(loss);
    return loss == pinball_loss || (term && *facts_of(*term).parameter != '\0');
}

std::optional<AskedLoss> asked_loss(std::string_view name, double parameter) {
    const NamedRowLoss* const found = find_loss(name);
    if (found == nullptr) return std::nullopt;
    if (!takes_parameter(name)) return parameter == 0 ? std::optional(AskedLoss{found->name, 0.0}) : std::nullopt;
    if (!metric_named(found->metric).parameter->contains(parameter)) return std::nullopt;
    return AskedLoss{found->name, parameter + 0.0};  // of two zeros one
}

RowLoss row_loss(const AskedLoss& asked) {
    const std::optional<Term> term = term_of(asked.name);
    if (!term) return {{Term::error, asked.parameter}, true};
    return {{*term, asked.parameter}};
}

bool is_utf8(std::string_view text) {
    constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};  // of so many bytes, the first one included
    for (std::size_t i = 0; i < text.size();) {
        const auto first = static_cast<unsigned char>(text[i]);
        const int length = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
        if (length == 0 || text.size() - i < static_cast<std::size_t>(length)) return false;
        std::uint32_t letter = length == 1 ? first : first & (0x7fu >> length);
        for (int j = 1; j < length; ++j) {
            const auto next = static_cast<unsigned char>(text[i + static_cast<std::size_t>(j)]);
            if (next >> 6 != 2) return false;
            letter = letter << 6 | (next & 0x3fu);
        }
        const bool is_half_of_pair = letter >> 11 == 0xd800 >> 11;
        if (letter < least[length] || letter > 0x10ffff || is_half_of_pair) return false;
        i += static_cast<std::size_t>(length);
    }
    return true;
}

bool comes_before(const PlacedRow& a, const PlacedRow& b) {
    if (!(a.row.order == b.row.order)) return a.row.order > b.row.order;
    return std::tie(a.part, a.row.row) < std::tie(b.part, b.row.row);
}

std::int64_t next_row(const KeptRows& kept, const std::string& part) {
    const auto found = kept.seen.find(part);
    return found == kept.seen.end() ? 0 : found->second.back().last;
}

std::optional<SeenTwice> look_at(KeptRows& kept, const Pairs& pairs, std::int64_t rows, const std::string& part,
                                 std::int64_t first_row) {
    if (rows == 0) return std::nullopt;
    Seen seen;  // of this part alone: there may be many
    const auto before = kept.seen.find(part);
    if (before != kept.seen.end()) seen[part] = before->second;
    if (auto twice = join(seen, part, {{first_row, first_row + rows}})) return twice;
    std::optional<ExtremeValue> at_least;
    if (kept.rows.size() == kept.count && kept.count > 0) at_least = kept.rows.back().row.order;
    std::vector<PlacedRow> found;
    for (WorstRow& row : worst_rows(pairs, rows, row_loss(kept.loss), kept.count, at_least)) {
        row.row += first_row;
        found.push_back({part, row});
    }
    found = worst_of(kept, std::move(found));
    kept.rows.swap(found);
    if (before != kept.seen.end()) {
        before->second.swap(seen[part]);
    } else {
        kept.seen.merge(seen);
    }
    kept.weighted |= are_weighted(pairs);
    return std::nullopt;
}

std::optional<SeenTwice> merge(KeptRows& kept, const KeptRows& other) {
    Seen seen = kept.seen;
    for (const auto& [part, ranges] : other.seen) {
        if (auto twice = join(seen, part, ranges)) return twice;
    }
    std::vector<PlacedRow> all = worst_of(kept, other.rows);
    kept.rows.swap(all);
    kept.seen.swap(seen);
    kept.weighted |= other.weighted;
    return std::nullopt;
}

bool are_asked_alike(const KeptRows& kept, const KeptRows& other) {
    return kept.count == other.count && kept.loss.name == other.loss.name &&
           kept.loss.parameter == other.loss.parameter;
}

double loss_of(const KeptRows& kept, const WorstRow& row) { return nearest(exact_loss(kept, row)); }

double contribution_of(const KeptRows& kept, const WorstRow& row) {
    return nearest(exact_loss(kept, row) * big_number(row.weight));
}

}  // namespace squarely
