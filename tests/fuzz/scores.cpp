// Random rows through every way in, against integers of any size: see tests/fuzz/README.md.
#include "calls.hpp"
#include "options.hpp"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

namespace {

using namespace fuzz;

struct Tally {
    std::uint64_t calls = 0, refused = 0, pairs = 0, values = 0, not_known = 0;
};

struct Case {
    std::uint64_t seed, number;
    std::string target, other_target;
    Rows rows;
    Totals totals;
    Asked asked;
};

[[noreturn]] void fail(const Case& one, const char* what, const char* metric = "", Found found = {}) {
    const Counts& counts = one.totals.counts;
    std::printf("FAILED %s %s: status %d, value %a\n", what, metric, found.status, found.value);
    std::printf("  %d rows (%" PRIu64 " pairs, %" PRIu64 " infinite, %" PRIu64 " undefined, %" PRIu64 "+%" PRIu64
                " missing, %" PRIu64
                " left out), types %d and %d, strides %td and %td, weights %d, where %d, policy %d\n",
                one.rows.count, counts.pairs, counts.infinite, counts.undefined, counts.missing_true,
                counts.missing_pred, counts.masked, one.rows.y_true.column.dtype, one.rows.y_pred.column.dtype,
                one.rows.y_true.column.stride, one.rows.y_pred.column.stride,
                one.rows.weights ? one.rows.weights->column.dtype : -1, one.rows.where ? 1 : 0, one.asked.policy);
    const auto print = [](const Number& number) {
        std::printf(" %s%s%s0x%" PRIx64 "p%d", number.negative ? "-" : "", number.is_nan ? "nan " : "",
                    number.is_infinite ? "inf " : "", number.digits, number.exponent);
    };
    for (std::size_t i = 0; i < std::min<std::size_t>(8, static_cast<std::size_t>(one.rows.count)); ++i) {
        print(one.rows.y_true.numbers[i]);
        print(one.rows.y_pred.numbers[i]);
        if (one.rows.weights) print(one.rows.weights->numbers[i]);
        std::printf(";");
    }
    std::printf("\n  again: scores --seed %" PRIu64 " --first %" PRIu64 " --cases 1 --target %s\n", one.seed,
                one.number, one.target.c_str());
    std::exit(1);
}

// Of two neighbours one is right: what takes both would take anything.
bool takes_neighbours(const Totals& totals, const char* metric, const Found& found) {
    if (found.status != SQUARELY_OK || !std::isfinite(found.value)) return false;
    const auto is_taken = [&](double end) {
        return judge(metric, totals, {SQUARELY_OK, std::nextafter(found.value, end)}) != Verdict::wrong;
    };
    return is_taken(HUGE_VAL) || is_taken(-HUGE_VAL);
}

void check_value(const Case& one, const Totals& totals, Tally& tally, const char* way, const char* metric,
                 const Found& found) {
    const Verdict found_to_be = judge(metric, totals, found);
    const bool is_known = found_to_be == Verdict::right;
    if (is_known && tally.values % 16 == 0 && takes_neighbours(totals, metric, found))
        fail(one, "oracle", metric, found);
    switch (found_to_be) {
        case Verdict::right: ++tally.values; break;
        case Verdict::not_known: ++tally.not_known; break;
        case Verdict::wrong: fail(one, way, metric, found);
    }
}

Totals totals_for(const Asked& asked, const Expected& expected) {
    Totals totals = totals_of(expected, asked.weighted);
    totals.propagates = asked.policy == SQUARELY_NAN_PROPAGATE;
    return totals;
}

Case draw_case(Random& random, std::uint64_t seed, std::uint64_t number, std::string target, std::string other) {
    Case one{seed, number, std::move(target), std::move(other), draw_rows(random), {}, {}};
    one.asked.policy = static_cast<squarely_nan_policy>(random.below(4));
    one.asked.weighted = one.rows.weights.has_value();
    // Squares alone have a way of their own.
    if (random.one_in(4)) one.asked.metrics.push_back({metric_names[random.below(3)], nullptr});
    const bool is_alone = !one.asked.metrics.empty();
    for (const char* name : metric_names) {
        if (is_alone) break;
        const bool is_compared = std::strcmp(name, "max_error") == 0;
        if (is_compared ? random.one_in(4) : !random.one_in(3)) one.asked.metrics.push_back({name, nullptr});
    }
    if (one.asked.metrics.empty()) one.asked.metrics.push_back({metric_names[random.below(7)], nullptr});
    Expected expected;
    add_rows(expected, one.rows);
    one.totals = totals_for(one.asked, expected);
    return one;
}

bool can_be_subtracted(const Asked& asked) {
    return std::none_of(asked.metrics.begin(), asked.metrics.end(),
                        [](const squarely_metric& metric) { return std::strcmp(metric.name, "max_error") == 0; });
}

void merge_into(squarely_state* state, const squarely_state* other) {
    squarely_error error;
    expect(squarely_state_merge(state, other, &error), error, "merge");
}

State through_bytes(const Case& one, const State& state) {
    const std::vector<unsigned char> bytes = bytes_of(state.get());
    State again = read(bytes);
    if (again == nullptr) fail(one, "its own bytes were refused");
    if (bytes_of(again.get()) != bytes) fail(one, "its own bytes came back otherwise");
    return again;
}

// In pieces, into several states, by way of copies and bytes, with a stranger put in and taken out again.
State in_pieces(const Case& one, Random& random) {
    std::vector<State> states;
    for (int i = random.between(1, 3); i > 0; --i) states.push_back(made(one.asked));
    for (int first = 0; first < one.rows.count;) {
        const int rest = one.rows.count - first;
        const int count = random.one_in(4) ? rest : random.between(1, std::min(rest, 600));
        State& state = states[random.below(states.size())];
        if (update(state.get(), one.rows, first, count) != SQUARELY_OK) fail(one, "a piece was refused");
        if (random.one_in(8)) state = copied(state.get());
        first += count;
    }
    State whole = std::move(states.front());
    const bool has_rows =
        std::all_of(states.begin() + 1, states.end(), [](const State& state) { return state != nullptr; });
    for (std::size_t i = 1; has_rows && i < states.size(); ++i) merge_into(whole.get(), states[i].get());
    if (can_be_subtracted(one.asked) && random.one_in(2)) {
        State stranger = made(one.asked);
        const int count = random.between(1, one.rows.count);
        if (update(stranger.get(), one.rows, random.between(0, one.rows.count - count), count) != SQUARELY_OK) {
            fail(one, "a stranger was refused");
        }
        merge_into(whole.get(), stranger.get());
        squarely_error error;
        expect(squarely_state_subtract(whole.get(), stranger.get(), &error), error, "subtract");
    }
    return random.one_in(4) ? through_bytes(one, whole) : std::move(whole);
}

void check_states(const Case& one, Random& random, Tally& tally) {
    State at_once = made(one.asked);
    if (update(at_once.get(), one.rows, 0, one.rows.count) != SQUARELY_OK) fail(one, "an update was refused");
    if (counts_in(at_once.get()) != one.totals.counts) fail(one, "counts differ");
    for (const squarely_metric& metric : one.asked.metrics) {
        check_value(one, one.totals, tally, "state", metric.name, found_in(at_once.get(), metric.name));
    }
    const std::vector<unsigned char> bytes = bytes_of(at_once.get());
    if (bytes_of(in_pieces(one, random).get()) != bytes) fail(one, "pieces give other bytes than the whole");
    if (!one.totals.knows_spreads && one.asked.weighted) return;
    squarely_set_target(one.other_target.c_str(), nullptr);
    if (bytes_of(in_pieces(one, random).get()) != bytes) fail(one, "another target gives other bytes");
    squarely_set_target(one.target.c_str(), nullptr);
}

// Chunks of different types and layouts, one after another into one state.
void check_stream(const Case& one, Random& random, Tally& tally) {
    const State state = made(one.asked);
    Expected expected;
    const bool are_plain = !one.asked.weighted && random.one_in(2);
    for (int i = random.between(2, 5); i > 0; --i) {
        const Rows rows = are_plain ? draw_plain_rows(random) : draw_rows(random);
        Expected alone;
        add_rows(alone, rows);
        if (rows.weights.has_value() != one.asked.weighted || is_refused(alone.counts, one.asked.policy)) continue;
        if (update(state.get(), rows, 0, rows.count) != SQUARELY_OK) fail(one, "a chunk of a stream was refused");
        tally.pairs += static_cast<std::uint64_t>(rows.count);
        add_rows(expected, rows);
    }
    const Totals totals = totals_for(one.asked, expected);
    for (const squarely_metric& metric : one.asked.metrics) {
        check_value(one, totals, tally, "stream", metric.name, found_in(state.get(), metric.name));
    }
    if (counts_in(state.get()) != totals.counts) fail(one, "counts of a stream differ");
}

bool is_plain(const Rows& rows, squarely_dtype dtype) {
    const auto is_one = [&](const squarely_column& column) {
        const auto address = reinterpret_cast<std::uintptr_t>(column.data);
        const int size = element_types[dtype].size;
        return column.dtype == dtype && column.stride == size && column.swapped == 0 && column.validity == nullptr &&
               column.missing == nullptr && address % static_cast<std::uintptr_t>(size) == 0;
    };
    return !rows.weights && !rows.where && is_one(rows.y_true.column) && is_one(rows.y_pred.column);
}

template <class T>
struct Everyday {
    const char* metric;
    squarely_status (*function)(const T*, const T*, int64_t, double*, squarely_error*);
};

template <class T, std::size_t count>
void check_everyday(const Case& one, Tally& tally, const Everyday<T> (&functions)[count]) {
    for (const Everyday<T>& everyday : functions) {
        Found found{};
        found.status = everyday.function(static_cast<const T*>(one.rows.y_true.column.data),
                                         static_cast<const T*>(one.rows.y_pred.column.data), one.rows.count,
                                         &found.value, nullptr);
        const bool is_wrong_number = is_refused(one.totals.counts, SQUARELY_NAN_RAISE);
        if (is_wrong_number != (found.status == SQUARELY_NOT_FINITE))
            fail(one, "everyday refusal", everyday.metric, found);
        if (!is_wrong_number) check_value(one, one.totals, tally, "everyday", everyday.metric, found);
    }
}

constexpr Everyday<double> of_doubles[] = {{"mean_squared_error", squarely_mean_squared_error_float64},
                                           {"root_mean_squared_error", squarely_root_mean_squared_error_float64},
                                           {"sum_squared_error", squarely_sum_squared_error_float64},
                                           {"mean_absolute_error", squarely_mean_absolute_error_float64},
                                           {"mean_error", squarely_mean_error_float64},
                                           {"max_error", squarely_max_error_float64},
                                           {"r2_score", squarely_r2_score_float64}};
constexpr Everyday<float> of_floats[] = {{"mean_squared_error", squarely_mean_squared_error_float32},
                                         {"root_mean_squared_error", squarely_root_mean_squared_error_float32},
                                         {"sum_squared_error", squarely_sum_squared_error_float32},
                                         {"mean_absolute_error", squarely_mean_absolute_error_float32},
                                         {"mean_error", squarely_mean_error_float32},
                                         {"max_error", squarely_max_error_float32},
                                         {"r2_score", squarely_r2_score_float32}};

void check_one_call(const Case& one, Random& random, Tally& tally, bool is_wrong) {
    const char* metric = metric_names[random.below(8)];
    const Found found = scored(metric, one.rows, one.asked.policy);
    if (is_wrong != (found.status == SQUARELY_NOT_FINITE)) fail(one, "one call", metric, found);
    if (!is_wrong) check_value(one, one.totals, tally, "one call", metric, found);
}

void check_case(const Case& one, Random& random, Tally& tally) {
    const bool is_wrong = is_refused(one.totals.counts, one.asked.policy);
    ++tally.calls;
    tally.pairs += static_cast<std::uint64_t>(one.rows.count);
    check_one_call(one, random, tally, is_wrong);
    if (is_plain(one.rows, SQUARELY_FLOAT64)) check_everyday(one, tally, of_doubles);
    if (is_plain(one.rows, SQUARELY_FLOAT32)) check_everyday(one, tally, of_floats);
    if (random.one_in(3)) check_stream(one, random, tally);
    if (!is_wrong) return check_states(one, random, tally);
    ++tally.refused;
    State state = made(one.asked);
    if (update(state.get(), one.rows, 0, one.rows.count) != SQUARELY_NOT_FINITE) fail(one, "an update was not refused");
    if (counts_in(state.get()) != Counts{}) fail(one, "a refused update has changed the state");
}

}  // namespace

int main(int count, char** arguments) {
    const Options options = options_of(count, arguments, 20'000);
    const std::vector<std::string> all_targets = targets_here();
    std::vector<std::string> targets = all_targets;
    if (!options.target.empty()) targets = {options.target};
    Cases cases(options);
    Tally tally;
    for (std::uint64_t number = 0; cases.next(number);) {
        Random random(options.seed, number);
        const std::string target = targets[random.below(targets.size())];
        squarely_error error;
        expect(squarely_set_target(target.c_str(), &error), error, "target");
        const Case one = draw_case(random, options.seed, number, target, random.of(all_targets));
        check_case(one, random, tally);
    }
    std::printf("scores: seed %" PRIu64 ", %" PRIu64 " cases (%" PRIu64 " refused as they should be), %" PRIu64
                " pairs, %" PRIu64 " values right, %" PRIu64 " not known, targets",
                options.seed, cases.done(), tally.refused, tally.pairs, tally.values, tally.not_known);
    for (const std::string& target : targets) std::printf(" %s", target.c_str());
    std::printf("\n");
    return 0;
}
