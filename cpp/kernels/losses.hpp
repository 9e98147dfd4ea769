// Losses of single pairs, and their derivatives with respect to the prediction. NaN and infinity flow through both.
// Each is unrolled so many vectors at a time: at eight, those of all lanes are block_multiple elements at most.
#pragma once

#include "kernels/elementary.hpp"
#include "kernels/hyperbolic.hpp"
#include "kernels/lanes.hpp"

namespace squarely {
namespace {

struct SquaredErrorLoss {
    static constexpr int unrolled = 8;
    static SQUARELY_INLINE Vector value(Vector y_true, Vector y_pred, Vector) {
        const Vector residual = y_true - y_pred;
        return residual * residual;
    }
    static SQUARELY_INLINE Vector derivative(Vector y_true, Vector y_pred, Vector) {
        const Vector error = y_pred - y_true;
        return error + error;
    }
};

struct AbsoluteErrorLoss {
    static constexpr int unrolled = 8;
    static SQUARELY_INLINE Vector value(Vector y_true, Vector y_pred, Vector) { return absolute(y_true - y_pred); }

    // At the kink, the middle of the subgradients.
    static SQUARELY_INLINE Vector derivative(Vector y_true, Vector y_pred, Vector) {
        const Vector error = y_pred - y_true;
        const Vector falling = error < Vector{} ? broadcast(-1.0) : error;
        return error > Vector{} ? broadcast(1.0) : falling;
    }
};

// Half the square up to the parameter, delta, and the tangent beyond.
struct HuberLoss {
    static constexpr int unrolled = 8;
    static SQUARELY_INLINE Vector value(Vector y_true, Vector y_pred, Vector delta) {
        const Vector size = absolute(y_true - y_pred);
        const Vector half = broadcast(0.5);
        return size <= delta ? half * size * size : delta * (size - half * delta);
    }
    static SQUARELY_INLINE Vector derivative(Vector y_true, Vector y_pred, Vector delta) {
        const Vector error = y_pred - y_true;
        const Vector bounded = error > delta ? delta : error;
        return bounded < -delta ? -delta : bounded;
    }
};

// About half the square of small errors, and the size of large ones less log(2).
struct LogCoshLoss {
    static constexpr int unrolled = 1;  // long enough to hide its own latencies
    static SQUARELY_INLINE Vector value(Vector y_true, Vector y_pred, Vector) { return log_cosh(y_true - y_pred); }
    static SQUARELY_INLINE Vector derivative(Vector y_true, Vector y_pred, Vector) {
        return hyperbolic_tangent(y_pred - y_true);
    }
};

// The parameter, alpha, is the quantile whose prediction has the least loss.
struct PinballLoss {
    static constexpr int unrolled = 8;
    static SQUARELY_INLINE Vector value(Vector y_true, Vector y_pred, Vector alpha) {
        const Vector residual = y_true - y_pred;
        return residual >= Vector{} ? alpha * residual : (alpha - broadcast(1.0)) * residual;
    }
    static SQUARELY_INLINE Vector derivative(Vector y_true, Vector y_pred, Vector alpha) {
        const Vector residual = y_true - y_pred;
        const Vector above = residual < Vector{} ? broadcast(1.0) - alpha : residual;
        return residual > Vector{} ? Vector{} - alpha : above;
    }
};

// What the templates below take from a loss. Only gradients of means are divided.
template <class Loss>
struct ValueOf {
    static constexpr int unrolled = Loss::unrolled;
    static constexpr bool may_be_divided = false;
    static SQUARELY_INLINE Vector apply(Vector y_true, Vector y_pred, Vector parameter) {
        return Loss::value(y_true, y_pred, parameter);
    }
};

template <class Loss>
struct DerivativeOf {
    static constexpr int unrolled = Loss::unrolled;
    static constexpr bool may_be_divided = true;
    static SQUARELY_INLINE Vector apply(Vector y_true, Vector y_pred, Vector parameter) {
        return Loss::derivative(y_true, y_pred, parameter);
    }
};

SQUARELY_INLINE Vector wide(const double* source) { return load<Vector>(source); }
SQUARELY_INLINE Vector wide(const float* source) { return widened(source); }
SQUARELY_INLINE void store_rounded(double* target, Vector value) { store(target, value); }
SQUARELY_INLINE void store_rounded(float* target, Vector value) {
#if defined(SQUARELY_PLAIN_LANES)
    *target = static_cast<float>(value);
#elif defined(__AVX512F__)
    _mm256_storeu_ps(target, _mm512_cvtpd_ps(value));
#elif defined(__AVX__)
    _mm_storeu_ps(target, _mm256_cvtpd_ps(value));
#elif defined(__SSE2__)
    _mm_storel_epi64(reinterpret_cast<__m128i*>(target), _mm_castps_si128(_mm_cvtpd_ps(value)));
#else
    store(target, __builtin_convertvector(value, NarrowVector));
#endif
}

// All of one type, without gaps; the results may lie where the others do.
template <class Element>
struct LossStreams {
    const Element* y_true;
    const Element* y_pred;
    Element* results;
    std::ptrdiff_t length;
    Ahead ahead;
};

template <class Formula, bool divided, class Element, int... I>
SQUARELY_INLINE void fill_group(const LossStreams<Element>& streams, std::ptrdiff_t first, Ahead& ahead,
                                Vector parameter, Vector divisor, Steps<I...>) {
    constexpr int elements_in_line = 64 / sizeof(Element);
    const auto step = [&](std::ptrdiff_t i) __attribute__((always_inline)) {
        if ((first + i) % elements_in_line == 0) prefetch_next(ahead);
        const Vector y_true = wide(streams.y_true + first + i);
        const Vector y_pred = wide(streams.y_pred + first + i);
        const Vector result = Formula::apply(y_true, y_pred, parameter);
        store_rounded(streams.results + first + i, divided ? result / divisor : result);
    };
    (step(I * lanes), ...);
}

template <class Formula, bool divided, class Element>
SQUARELY_INLINE void fill_streams(const LossStreams<Element>& streams, double parameter, double divisor) {
    const Vector parameters = broadcast(parameter);
    const Vector divisors = broadcast(divisor);
    Ahead ahead = streams.ahead;
    for (std::ptrdiff_t first = 0; first < streams.length; first += Formula::unrolled * lanes) {
        fill_group<Formula, divided>(streams, first, ahead, parameters, divisors, StepsUpTo<Formula::unrolled>{});
    }
}

template <class Formula, class Element>
SQUARELY_INLINE void fill_divided(const LossStreams<Element>& streams, double parameter, double divisor) {
    if constexpr (Formula::may_be_divided) {
        if (divisor != 1) return fill_streams<Formula, true>(streams, parameter, divisor);
    }
    fill_streams<Formula, false>(streams, parameter, divisor);
}

template <class Formula>
void fill(const Block& block, double parameter, double divisor, double* results) {
    fill_divided<Formula, double>({block.y_true, block.y_pred, results, block.length, block.ahead}, parameter, divisor);
}

// Loaded, computed and stored in one go: float32 arrays beyond the cache are otherwise not read as fast as they could.
template <class Formula>
void fill_float32(const NarrowBlock& block, double parameter, double divisor, float* results) {
    fill_divided<Formula, float>({reinterpret_cast<const float*>(block.y_true),
                                  reinterpret_cast<const float*>(block.y_pred), results, block.length, block.ahead},
                                 parameter, divisor);
}

void scale(double* results, const double* factors, double divisor, std::ptrdiff_t length) {
    const Vector divisors = broadcast(divisor);
    for (std::ptrdiff_t i = 0; i < length; i += lanes) {
        store(results + i, load<Vector>(results + i) * load<Vector>(factors + i) / divisors);
    }
}

}  // namespace
}  // namespace squarely
