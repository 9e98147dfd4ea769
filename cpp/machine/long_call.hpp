// A call over many rows can be ended from outside, as by Ctrl-C, while it lasts.
#pragma once

#include <atomic>
#include <cstdint>

namespace squarely {

// Made by whoever makes a long call; while it lives, loops of the calling thread, and of those that work for it, look
// at it. Where there is none, as in C, looking does nothing.
class LongCall {
  public:
    LongCall();
    virtual ~LongCall();
    LongCall(const LongCall&) = delete;
    LongCall& operator=(const LongCall&) = delete;

    bool has_been_asked() const { return has_been_asked_; }
    bool has_ended() const { return has_ended_.load(std::memory_order_relaxed); }
    void look();

  protected:
    // Throws where the call is to end. Only the thread that made it asks, and twenty times a second at most.
    virtual void ask() = 0;

  private:
    LongCall* outer_;
    const void* caller_;     // of each thread another
    std::int64_t next_ = 0;  // in nanoseconds of a steady clock; 0 before the first look
    bool has_been_asked_ = false;
    std::atomic<bool> has_ended_{false};
};

// Thrown in the threads of a call that did not ask themselves.
struct CallEnded {};

LongCall* long_call_here();

// The calling thread works for a call of another, for as long as this lives.
class WorkFor {
  public:
    explicit WorkFor(LongCall* call);
    ~WorkFor();
    WorkFor(const WorkFor&) = delete;
    WorkFor& operator=(const WorkFor&) = delete;

  private:
    LongCall* outer_;
};

// For loops that may be long, once in some ten thousand numbers. Throws what asking threw, or CallEnded.
void look_at_call();

}  // namespace squarely
