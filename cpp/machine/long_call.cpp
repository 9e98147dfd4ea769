#include "machine/long_call.hpp"

#include <chrono>  // here alone: many files look at a call, and chrono is long
#include <utility>

namespace squarely {
namespace {

thread_local LongCall* here = nullptr;

// A person does not notice it, and who is asked may have to wait for the interpreter.
constexpr std::int64_t between_questions = 50'000'000;

std::int64_t nanoseconds_now() {
    return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

LongCall::LongCall() : outer_(std::exchange(here, this)), caller_(&here) {}

LongCall::~LongCall() { here = outer_; }

void LongCall::look() {
    if (caller_ == &here) {
        const std::int64_t now = nanoseconds_now();
        if (now < next_) return;
        const bool is_first = next_ == 0;
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
