"""Terms of single pairs: as rationals where they are polynomials, with 60 digits where they are not."""

from collections.abc import Callable
from fractions import Fraction

import mpmath
import numpy as np

LARGEST = Fraction(np.finfo(np.float64).max)


def huber_loss(error: Fraction, delta: float) -> Fraction:
    size, bound = abs(error), Fraction(delta)
    return size * size / 2 if size <= bound else bound * (size - bound / 2)


RATIONAL: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "squared_error": lambda y, p: (y - p) ** 2,
    "error": lambda y, p: p - y,
    "absolute_error": lambda y, p: abs(y - p),
    "truth": lambda y, p: y,
    "squared_truth": lambda y, p: y * y,
    "prediction": lambda y, p: p,
    "squared_prediction": lambda y, p: p * p,
    "absolute_truth": lambda y, p: abs(y),
    "squared_underprediction": lambda y, p: max(y - p, Fraction(0)) ** 2,
}


def real(value: float) -> mpmath.mpf:
    return mpmath.mpf(float(value))


def tukey_loss(y: float, p: float, c: float) -> mpmath.mpf:
    square = ((real(y) - real(p)) / real(c)) ** 2
    return real(c) ** 2 / 6 * (square * (square * (square - 3) + 3) if square <= 1 else 1)


def log_cosh(y: float, p: float, _: float) -> mpmath.mpf:
    size = abs(real(y) - real(p))
    if size < mpmath.mpf(2) ** -20:
        return size**2 / 2 - size**4 / 12 + size**6 / 45
    return size - mpmath.log(2) + mpmath.log1p(mpmath.exp(-2 * size))


def tweedie_parts(y: float, p: float, k: float) -> tuple[mpmath.mpf, mpmath.mpf, mpmath.mpf]:
    truth = real(max(y, 0.0)) ** (2 - real(k)) if y > 0 else mpmath.mpf(0)
    k = real(k)
    cross = real(y) * real(p) ** (1 - k) / (1 - k)
    return 2 * truth / ((1 - k) * (2 - k)), -2 * cross, 2 * real(p) ** (2 - k) / (2 - k)


def poisson_deviance(y: float, p: float, _: float) -> mpmath.mpf:
    logarithm = mpmath.log(real(y) / real(p)) if y > 0 else mpmath.mpf(0)
    return 2 * (real(y) * logarithm - real(y) + real(p))


def gamma_deviance(y: float, p: float, _: float) -> mpmath.mpf:
    return 2 * (real(y) / real(p) - 1 - mpmath.log(real(y) / real(p)))


REAL: dict[str, Callable[[float, float, float], mpmath.mpf]] = {
    "absolute_percentage_error": lambda y, p, _: abs(real(y) - real(p)) / max(abs(real(y)), mpmath.mpf(2) ** -52),
    "symmetric_absolute_percentage_error": lambda y, p, _: (
        2 * abs(real(y) - real(p)) / (abs(real(y)) + abs(real(p))) if y or p else mpmath.mpf(0)
    ),
    "squared_log_error": lambda y, p, _: (mpmath.log1p(real(y)) - mpmath.log1p(real(p))) ** 2,
    "log_cosh_loss": log_cosh,
    "tukey_loss": tukey_loss,
    "poisson_deviance": poisson_deviance,
    "gamma_deviance": gamma_deviance,
    "tweedie_deviance": lambda y, p, k: mpmath.fsum(tweedie_parts(y, p, k)),
    "truth_of_poisson_deviance": lambda y, p, _: real(y) * mpmath.log(real(y)) if y > 0 else mpmath.mpf(0),
    "truth_of_gamma_deviance": lambda y, p, _: mpmath.log(real(y)),
    "truth_of_tweedie_deviance": lambda y, p, k: tweedie_parts(y, p, k)[0] / 2,
}


def fraction_of(value: mpmath.mpf) -> Fraction:
    sign, significand, exponent, _ = value._mpf_
    return (-1) ** sign * int(significand) * Fraction(2) ** int(exponent)
