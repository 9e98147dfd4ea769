#include "machine/long_call.hpp"

#include <utility>

namespace squarely {
namespace {

thread_local LongCall* here = nullptr;

// A person does not notice it, and who is asked may have to wait for the interpreter.
constexpr std::chrono::milliseconds between_questions{50};

}  // namespace

LongCall::LongCall() : outer_(std::exchange(here, this)) {}

LongCall::~LongCall() { here = outer_; }

void LongCall::look() {
    if (std::this_thread::get_id() == caller_) {
        const auto now = std::chrono::steady_clock::now();
        if (now < next_) return;
        const bool is_first = next_ == std::chrono::steady_clock::time_point{};
        next_ = now + between_questions;
        if (is_first) return;
        has_been_asked_ = true;
        try {
            ask();
        } catch (...) {
            has_ended_ = true;
            throw;
        }
    }
    if (has_ended()) throw CallEnded();
}

LongCall* long_call_here() { return here; }

WorkFor::WorkFor(LongCall* call) : outer_(std::exchange(here, call)) {}

WorkFor::~WorkFor() { here = outer_; }

void look_at_call() {
    if (here != nullptr) here->look();
}

}  // namespace squarely
