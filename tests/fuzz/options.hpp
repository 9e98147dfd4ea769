// The command line that the programs share: --seed, --first, --cases, --seconds, --target, and --state for files.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace fuzz {

struct Options {
    std::uint64_t seed = 1;
    std::uint64_t first = 0;  // number of the first case
    std::uint64_t cases = 0;  // 0: until the seconds are over
    double seconds = 0;
    std::string target;               // the empty one: another with every case
    std::vector<std::string> states;  // files
};

inline Options options_of(int count, char** arguments, std::uint64_t cases) {
    Options options;
    for (int i = 1; i + 1 < count; i += 2) {
        const std::string name = arguments[i];
        const char* value = arguments[i + 1];
        if (name == "--seed") {
            options.seed = std::strtoull(value, nullptr, 10);
        } else if (name == "--first") {
            options.first = std::strtoull(value, nullptr, 10);
        } else if (name == "--cases") {
            options.cases = std::strtoull(value, nullptr, 10);
        } else if (name == "--seconds") {
            options.seconds = std::strtod(value, nullptr);
        } else if (name == "--target") {
            options.target = value;
        } else if (name == "--state") {
            options.states.push_back(value);
        } else {
            std::printf("unknown option %s\n", name.c_str());
            std::exit(2);
        }
    }
    if (options.cases == 0 && options.seconds == 0) options.cases = cases;
    return options;
}

// Counts cases, until those or the seconds asked for are over.
class Cases {
  public:
    explicit Cases(const Options& options) : options_(options), begin_(std::chrono::steady_clock::now()) {}

    bool next(std::uint64_t& number) {
        const bool is_over =
            options_.cases > 0 ? done_ >= options_.cases : done_ % 64 == 0 && seconds() >= options_.seconds;
        if (is_over) return false;
        number = options_.first + done_++;
        return true;
    }

    std::uint64_t done() const { return done_; }

  private:
    double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count(); }

    const Options& options_;
    std::chrono::steady_clock::time_point begin_;
    std::uint64_t done_ = 0;
};

}  // namespace fuzz
