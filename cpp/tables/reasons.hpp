// Why something is refused, or has no value: a reason and numbers. Python and C put words to them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>

namespace squarely {

enum class Reason : std::uint8_t {
#define SQUARELY_REASON(name) name,
#include "tables/reasons.def"
#undef SQUARELY_REASON
};

constexpr const char* reason_names[] = {
#define SQUARELY_REASON(name) #name,
#include "tables/reasons.def"
#undef SQUARELY_REASON
};

constexpr const char* name_of(Reason reason) { return reason_names[static_cast<int>(reason)]; }

struct Refusal {
    Reason reason = Reason::none;
    std::size_t output = 0;
    std::uint64_t missing_true = 0;
    std::uint64_t missing_pred = 0;
    std::uint64_t number = 0;
};

// Thrown with everything as it was before.
struct Refused : std::exception {
    explicit Refused(const Refusal& given) : refusal(given) {}
    explicit Refused(Reason reason, std::size_t output = 0, std::uint64_t number = 0)
        : refusal{reason, output, 0, 0, number} {}
    const char* what() const noexcept override { return "refused"; }

    Refusal refusal;
};

}  // namespace squarely
