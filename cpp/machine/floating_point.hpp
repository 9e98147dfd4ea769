// Kernels need round-to-nearest and subnormals. A host program, or a library it loaded, may have set otherwise.
#pragma once

#include <cfenv>
#include <cstdint>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace squarely {

#if defined(__SSE2__) || defined(__aarch64__)
// Sets the environment the proofs assume for as long as it lives, on the thread that made it.
class FloatingPointEnvironment {
  public:
    FloatingPointEnvironment() : saved_(get()) {
        if (saved_ != standard(saved_)) set(standard(saved_));
    }
    ~FloatingPointEnvironment() {
        if (saved_ != standard(saved_)) set(saved_);
    }
    FloatingPointEnvironment(const FloatingPointEnvironment&) = delete;
    FloatingPointEnvironment& operator=(const FloatingPointEnvironment&) = delete;

  private:
#if defined(__SSE2__)
    // MXCSR: flush-to-zero (bit 15), rounding (14-13), denormals-are-zero (6); exceptions stay masked (12-7).
    // The flags (5-0) are sticky records, not behaviour.
    static std::uint64_t standard(std::uint64_t control) { return (control & ~0xe040u) | 0x1f80u; }
    static std::uint64_t get() { return _mm_getcsr(); }
    static void set(std::uint64_t control) { _mm_setcsr(static_cast<unsigned>(control)); }
#else
    // FPCR: flush-to-zero (bit 24), rounding (23-22), half flush (19), the trap enables (15 and 12-8), and what newer
    // processors have of the kind (2-0).
    static std::uint64_t standard(std::uint64_t control) { return control & ~std::uint64_t{0x01c89f07}; }
    static std::uint64_t get() {
        std::uint64_t control;
        __asm__ volatile("mrs %0, fpcr" : "=r"(control));
        return control;
    }
    static void set(std::uint64_t control) { __asm__ volatile("msr fpcr, %0" : : "r"(control)); }
#endif

    std::uint64_t saved_;
};
#else
// The same in standard C++, which takes some longer, for processors that have no flush-to-zero: that has no name there.
class FloatingPointEnvironment {
  public:
    FloatingPointEnvironment() {
        std::fegetenv(&saved_);
        std::fesetenv(FE_DFL_ENV);
    }
    ~FloatingPointEnvironment() { std::fesetenv(&saved_); }
    FloatingPointEnvironment(const FloatingPointEnvironment&) = delete;
    FloatingPointEnvironment& operator=(const FloatingPointEnvironment&) = delete;

  private:
    std::fenv_t saved_;
};
#endif

}  // namespace squarely
