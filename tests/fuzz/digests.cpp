// One digest of all that random rows give, and one of every file: the same lines on every processor, from every
// compiler, whatever the target of a case and the settings that its caller has made.
#include "calls.hpp"
#include "options.hpp"

#include <cfenv>
#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

namespace {

using namespace fuzz;

// FNV-1a
class Digest {
  public:
    void add(std::uint64_t number) {
        for (int byte = 0; byte < 8; ++byte) add_byte(static_cast<unsigned char>(number >> (8 * byte)));
    }
    void add(const std::vector<unsigned char>& bytes) {
        add(bytes.size());
        for (unsigned char byte : bytes) add_byte(byte);
    }
    void add(const Found& found) {
        add(static_cast<std::uint64_t>(found.status));
        // Which of its patterns a NaN has is the processor's own.
        add(std::isnan(found.value) ? ~std::uint64_t{0} : std::bit_cast<std::uint64_t>(found.value));
    }
    std::uint64_t value() const { return value_; }

  private:
    void add_byte(unsigned char byte) { value_ = (value_ ^ byte) * 0x100000001b3; }

    std::uint64_t value_ = 0xcbf29ce484222325;
};

// The direction of rounding of the program that calls.
class Rounding {
  public:
    explicit Rounding(int direction) { std::fesetround(direction); }
    ~Rounding() { std::fesetround(FE_TONEAREST); }
    Rounding(const Rounding&) = delete;
    Rounding& operator=(const Rounding&) = delete;
};

struct Case {
    Rows rows;
    squarely_nan_policy policy;
    squarely_summation summation;
    std::vector<const char*> metrics;
    int first_rows;
};

Case draw_case(Random& random) {
    Case one{draw_rows(random), SQUARELY_NAN_RAISE, SQUARELY_EXACT, {}, 0};
    one.policy = static_cast<squarely_nan_policy>(random.below(4));
    if (random.one_in(4)) one.summation = static_cast<squarely_summation>(1 + random.below(2));
    std::vector<const char*> all;
    for (std::size_t i = 0; squarely_metric_name(i) != nullptr; ++i) all.push_back(squarely_metric_name(i));
    for (int i = random.between(1, 6); i > 0; --i) one.metrics.push_back(random.of(all));
    one.first_rows = random.between(0, one.rows.count);
    return one;
}

// A state of the metrics, of rows that came in two chunks.
void add_state(Digest& digest, const Case& one) {
    std::vector<squarely_metric> asked;
    for (const char* name : one.metrics) asked.push_back({name, nullptr});
    squarely_state_options options{};
    options.struct_size = sizeof options;
    options.outputs = 1;
    options.metrics = asked.data();
    options.metric_count = asked.size();
    options.nan_policy = one.policy;
    options.weighted = one.rows.weights ? 1 : 0;
    options.summation = one.summation;
    squarely_state* made_state = nullptr;
    digest.add(static_cast<std::uint64_t>(squarely_state_create(&options, &made_state, nullptr)));
    const State state(made_state);
    if (state == nullptr) return;
    digest.add(static_cast<std::uint64_t>(update(state.get(), one.rows, 0, one.first_rows)));
    digest.add(
        static_cast<std::uint64_t>(update(state.get(), one.rows, one.first_rows, one.rows.count - one.first_rows)));
    for (const char* name : one.metrics) digest.add(found_in(state.get(), name));
    digest.add(bytes_of(state.get()));
}

std::uint64_t digest_of(const Case& one, const std::string& target, int direction) {
    squarely_error error;
    expect(squarely_set_target(target.c_str(), &error), error, "target");
    const Rounding rounding(direction);
    Digest digest;
    for (const char* name : one.metrics) digest.add(scored(name, one.rows, one.policy));
    add_state(digest, one);
    if (std::fegetround() == direction) return digest.value();
    std::printf("FAILED the direction of rounding was %d and is %d\n", direction, std::fegetround());
    std::exit(1);
}

std::string digest_of_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::vector<unsigned char> bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    squarely_state* read_state = nullptr;
    squarely_error error;
    expect(squarely_state_from_bytes(bytes.data(), bytes.size(), &read_state, &error), error, path.c_str());
    const State state(read_state);
    char digest[65];
    expect(squarely_state_digest(state.get(), digest, &error), error, path.c_str());
    return digest;
}

}  // namespace

int main(int count, char** arguments) {
    const Options options = options_of(count, arguments, 20'000);
    for (const std::string& path : options.states) {
        std::printf("%s  %s\n", digest_of_file(path).c_str(), path.substr(path.rfind('/') + 1).c_str());
    }
    const std::vector<std::string> targets =
        options.target.empty() ? targets_here() : std::vector<std::string>{options.target};
    constexpr int directions[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    Cases cases(options);
    Digest all;
    for (std::uint64_t number = 0; cases.next(number);) {
        Random random(options.seed, number);
        const Case one = draw_case(random);
        // Other numbers than those of the case, which must not depend on how many targets there are.
        Random settings(~options.seed, number);
        const std::uint64_t digest = digest_of(one, settings.of(targets), FE_TONEAREST);
        if (digest_of(one, settings.of(targets), settings.of(directions)) != digest) {
            std::printf(
                "FAILED one of two targets, or a direction of rounding, has other results\n"
                "  again: digests --seed %" PRIu64 " --first %" PRIu64 " --cases 1\n",
                options.seed, number);
            return 1;
        }
        all.add(digest);
    }
    std::printf("digests: seed %" PRIu64 ", %" PRIu64 " cases: %016" PRIx64 "\n", options.seed, cases.done(),
                all.value());
    return 0;
}
