// States whose bytes were changed and whose checksum was made right: refused, or the state that they say and no other.
#include "byte_form.hpp"
#include "calls.hpp"
#include "options.hpp"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <iterator>

namespace {

using namespace fuzz;

struct Tally {
    std::uint64_t refused = 0, read = 0;
};

[[noreturn]] void fail(const Form& bytes, const char* what, const char* words = "") {
    std::printf("FAILED %s %s\n  bytes.fromhex(\"", what, words);
    for (unsigned char byte : bytes) std::printf("%02x", byte);
    std::printf("\")\n");
    std::exit(1);
}

// Where it has rows it has some of every kind that its policy lets through.
Rows drawn_rows(Random& random, bool weighted) {
    Rows rows;
    do rows = draw_rows(random);
    while (rows.weights.has_value() != weighted);
    rows.count = std::min(rows.count, 40);
    return rows;
}

State draw_state(Random& random) {
    Asked asked;
    asked.policy = static_cast<squarely_nan_policy>(random.below(4));
    asked.weighted = random.one_in(3);
    std::vector<const char*> names;
    for (std::size_t i = 0; squarely_metric_name(i) != nullptr; ++i) names.push_back(squarely_metric_name(i));
    for (int i = random.between(1, 5); i > 0; --i)
        asked.metrics.push_back({names[random.below(names.size())], nullptr});
    squarely_state_options options{};
    options.struct_size = sizeof options;
    options.outputs = random.one_in(3) ? 1 + random.below(3) : 1;
    options.metrics = asked.metrics.data();
    options.metric_count = asked.metrics.size();
    options.nan_policy = asked.policy;
    options.weighted = asked.weighted ? 1 : 0;
    options.summation = random.one_in(4) ? static_cast<squarely_summation>(1 + random.below(2)) : SQUARELY_EXACT;
    squarely_state* state = nullptr;
    if (squarely_state_create(&options, &state, nullptr) != SQUARELY_OK) return draw_state(random);
    State owner(state);
    const Rows rows = drawn_rows(random, asked.weighted);
    const std::vector<squarely_pairs> pairs(options.outputs, rows.pairs());
    const squarely_column* weights = rows.weights ? &rows.weights->column : nullptr;
    // What is refused leaves a state that has seen nothing, which has bytes too.
    (void)squarely_state_update(state, pairs.data(), pairs.size(), weights, rows.count, nullptr);
    return owner;
}

std::uint64_t draw_number(Random& random, std::uint64_t old) {
    constexpr std::uint64_t numbers[] = {0,
                                         1,
                                         2,
                                         255,
                                         65535,
                                         std::uint64_t{1} << 32,
                                         std::uint64_t{1} << 61,
                                         std::uint64_t{1} << 63,
                                         (std::uint64_t{1} << 63) - 1,
                                         ~std::uint64_t{0},
                                         0x3ff0000000000000,  // 1
                                         0x8000000000000000,  // -0
                                         0x7ff0000000000000,  // infinity
                                         0xfff0000000000000,
                                         0x7ff8000000000000,  // NaN
                                         1};
    switch (random.below(4)) {
        case 0: return old + 1;
        case 1: return old - 1;
        case 2: return old ^ std::uint64_t{1} << random.below(64);
        default: return random.of(numbers);
    }
}

std::ptrdiff_t at(std::size_t place) { return static_cast<std::ptrdiff_t>(place); }

void erase(Form& bytes, std::size_t first, std::size_t count) {
    count = std::min(count, bytes.size() - first);
    bytes.erase(bytes.begin() + at(first), bytes.begin() + at(first + count));
}

// Of two forms, between fields where they have some.
void mutate(Random& random, Form& bytes, const Form& other, const std::vector<Field>& fields, std::size_t first) {
    if (bytes.size() <= first || other.empty()) return;
    Field field{first + random.below(bytes.size() - first), 1 + random.below(9)};
    if (!fields.empty() && !random.one_in(4)) field = fields[random.below(fields.size())];
    field.place = std::min(field.place, bytes.size() - 1);
    switch (random.below(8)) {
        case 0: return erase(bytes, field.place, field.size);
        case 1: {
            const Form twice(bytes.begin() + at(field.place),
                             bytes.begin() + at(std::min(bytes.size(), field.place + field.size)));
            bytes.insert(bytes.begin() + at(field.place), twice.begin(), twice.end());
            return;
        }
        case 2: {
            const std::size_t from = random.below(other.size());
            const std::size_t count = std::min<std::size_t>(1 + random.below(60), other.size() - from);
            bytes.insert(bytes.begin() + at(field.place), other.begin() + at(from), other.begin() + at(from + count));
            return;
        }
        case 3: return bytes.resize(std::max(first + 1, field.place));
        default:
            put_number(bytes, field.place, field.size, draw_number(random, number_at(bytes, field.place, field.size)));
    }
}

void check_use(const Form& bytes, squarely_state* state, Random& random) {
    const std::size_t output = random.below(squarely_state_outputs(state));
    squarely_counts counts{};
    counts.struct_size = sizeof counts;
    if (squarely_state_counts(state, output, &counts, nullptr) != SQUARELY_OK) fail(bytes, "counts were refused");
    for (std::size_t i = 0; squarely_metric_name(i) != nullptr; ++i) {
        double value = 0;
        const squarely_status status =
            squarely_state_value(state, squarely_metric_name(i), nullptr, output, &value, nullptr);
        if (status == SQUARELY_UNEXPECTED || status == SQUARELY_NO_MEMORY)
            fail(bytes, "a value ended", squarely_metric_name(i));
        if (status != SQUARELY_OK && !std::isnan(value))
            fail(bytes, "a value beside an error", squarely_metric_name(i));
    }
    const State copy = copied(state);
    squarely_error error;
    if (squarely_state_merge(state, copy.get(), &error) != SQUARELY_OK) return;  // as more than 2^63 rows
    const squarely_status status = squarely_state_subtract(state, copy.get(), &error);
    if (status != SQUARELY_OK && status != SQUARELY_MISMATCH) fail(bytes, "a difference ended", error.message);
    const bool is_exact = bytes[4] == 3 && bytes[6] == 0;
    if (status == SQUARELY_OK && is_exact && bytes_of(state) != bytes)
        fail(bytes, "added and taken away is not the same");
}

void check(const Form& bytes, Random& random, Tally& tally) {
    squarely_state* read_state = nullptr;
    squarely_error error{};
    // At an address of its own, so that a sanitizer sees what is read beyond.
    const std::unique_ptr<unsigned char[]> given(new unsigned char[bytes.size()]);
    std::copy(bytes.begin(), bytes.end(), given.get());
    const squarely_status status = squarely_state_from_bytes(given.get(), bytes.size(), &read_state, &error);
    const State state(read_state);
    if (status != SQUARELY_OK) {
        if (status != SQUARELY_DAMAGED || state != nullptr) fail(bytes, "refused with other words", error.message);
        ++tally.refused;
        return;
    }
    ++tally.read;
    const Form again = bytes_of(state.get());
    if (bytes[4] == 3 && again != bytes) fail(bytes, "a state of two forms");
    const State twice = read(again);
    if (twice == nullptr || bytes_of(twice.get()) != again) fail(bytes, "its own bytes do not come back");
    check_use(bytes[4] == 3 ? bytes : again, state.get(), random);
}

Form mutated_third(Random& random) {
    Form bytes = bytes_of(draw_state(random).get());
    const Form other = random.one_in(4) ? bytes_of(draw_state(random).get()) : bytes;
    bytes.resize(bytes.size() - 4);
    const Fields fields(bytes);
    for (int i = random.between(1, 3); i > 0; --i) mutate(random, bytes, other, fields.all(), 5);
    append_checksum(bytes);
    return bytes;
}

// A configuration and a state that has a frame and a checksum of its own.
Form mutated_second(Random& random, const Form& whole) {
    const std::size_t length = number_at(whole, 5, 4);
    Form configuration(whole.begin() + 9, whole.begin() + at(9 + length));
    Form state(whole.begin() + at(9 + length), whole.end() - 8);
    for (int i = random.between(1, 3); i > 0; --i) {
        Form& part = random.one_in(2) ? configuration : state;
        mutate(random, part, random.one_in(2) ? configuration : state, {}, 0);
    }
    Form bytes(whole.begin(), whole.begin() + 9);
    put_number(bytes, 5, 4, configuration.size());
    bytes.insert(bytes.end(), configuration.begin(), configuration.end());
    const std::size_t first = bytes.size();
    bytes.insert(bytes.end(), state.begin(), state.end());
    if (!random.one_in(50)) append_checksum(bytes, first);
    append_checksum(bytes);
    return bytes;
}

std::vector<Form> second_versions(const std::vector<std::string>& paths) {
    std::vector<Form> found;
    for (const std::string& path : paths) {
        std::ifstream file(path, std::ios::binary);
        Form bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
        if (bytes.size() > 13 && bytes[4] == 2) found.push_back(std::move(bytes));
    }
    return found;
}

}  // namespace

int main(int count, char** arguments) {
    const Options options = options_of(count, arguments, 20'000);
    const std::vector<Form> seconds = second_versions(options.states);
    Cases cases(options);
    Tally tally;
    for (std::uint64_t number = 0; cases.next(number);) {
        Random random(options.seed, number);
        const bool is_second = !seconds.empty() && random.one_in(4);
        check(is_second ? mutated_second(random, seconds[random.below(seconds.size())]) : mutated_third(random), random,
              tally);
    }
    std::printf("hostile_bytes: seed %" PRIu64 ", %" PRIu64 " cases: %" PRIu64 " refused, %" PRIu64
                " read and written again; %zu states of version 2\n",
                options.seed, cases.done(), tally.refused, tally.read, seconds.size());
    return 0;
}
