// Losses of single pairs, and their derivatives with respect to the prediction. NaN and infinity flow through both.
#pragma once

#include "lanes.hpp"

namespace squarely {
namespace {

struct SquaredErrorLoss {
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

// The parameter, alpha, is the quantile whose prediction has the least loss.
struct PinballLoss {
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

// What the template below takes from a loss.
template <class Loss>
struct ValueOf {
    static SQUARELY_INLINE Vector apply(Vector y_true, Vector y_pred, Vector parameter) {
        return Loss::value(y_true, y_pred, parameter);
    }
};

template <class Loss>
struct DerivativeOf {
    static SQUARELY_INLINE Vector apply(Vector y_true, Vector y_pred, Vector parameter) {
        return Loss::derivative(y_true, y_pred, parameter);
    }
};

constexpr int vectors_of_losses = 8;  // lanes of them are block_multiple at most

template <class Formula, int... I>
SQUARELY_INLINE void fill_group(const Block& block, std::ptrdiff_t first, Ahead& ahead, Vector parameter,
                                double* results, Steps<I...>) {
    const auto step = [&](std::ptrdiff_t i) __attribute__((always_inline)) {
        if (i % 8 == 0) prefetch_next(ahead);
        const Vector y_true = load<Vector>(block.y_true + first + i);
        const Vector y_pred = load<Vector>(block.y_pred + first + i);
        store(results + first + i, Formula::apply(y_true, y_pred, parameter));
    };
    (step(I * lanes), ...);
}

template <class Formula>
void fill(const Block& block, double parameter, double* results) {
    constexpr int group = vectors_of_losses * lanes;
    const Vector parameters = broadcast(parameter);
    Ahead ahead = block.ahead;
    for (std::ptrdiff_t first = 0; first < block.length; first += group) {
        fill_group<Formula>(block, first, ahead, parameters, results, StepsUpTo<vectors_of_losses>{});
    }
}

void multiply(double* results, const double* factors, std::ptrdiff_t length) {
    for (std::ptrdiff_t i = 0; i < length; i += lanes) {
        store(results + i, load<Vector>(results + i) * load<Vector>(factors + i));
    }
}

// Divided, not multiplied by a reciprocal: that would round twice.
void divide(double* results, double divisor, std::ptrdiff_t length) {
    const Vector divisors = broadcast(divisor);
    for (std::ptrdiff_t i = 0; i < length; i += lanes) {
        store(results + i, load<Vector>(results + i) / divisors);
    }
}

}  // namespace
}  // namespace squarely
