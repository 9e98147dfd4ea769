"""Terms of single pairs: as rationals where they are made by the four operations, with 60 digits where they are not."""

import functools
from collections.abc import Callable, Sequence
from fractions import Fraction

import mpmath
import numpy as np

from oracles import rational

LARGEST = Fraction(np.finfo(np.float64).max)
UNIT = Fraction(1, 2**53)
# The difference between one and the next double, which is what relative errors are divided by where truth is zero.
LEAST_TRUTH = Fraction(1, 2**52)


def huber_loss(error: Fraction, delta: Fraction) -> Fraction:
    size = abs(error)
    return size * size / 2 if size <= delta else delta * (size - delta / 2)


def tukey_loss(error: Fraction, c: Fraction) -> Fraction:
    outside = 1 - min(abs(error / c), Fraction(1)) ** 2
    return c**2 / 6 * (1 - outside**3)


def symmetric_percentage(y: Fraction, p: Fraction) -> Fraction:
    return 2 * abs(y - p) / (abs(y) + abs(p)) if y or p else Fraction(0)


# Of truth, prediction and parameter; zero where there is none.
RATIONAL: dict[str, Callable[[Fraction, Fraction, Fraction], Fraction]] = {
    "squared_error": lambda y, p, _: (y - p) ** 2,
    "error": lambda y, p, _: p - y,
    "absolute_error": lambda y, p, _: abs(y - p),
    "truth": lambda y, p, _: y,
    "squared_truth": lambda y, p, _: y * y,
    "prediction": lambda y, p, _: p,
    "squared_prediction": lambda y, p, _: p * p,
    "sample_weight": lambda y, p, _: Fraction(1),
    "absolute_truth": lambda y, p, _: abs(y),
    "squared_underprediction": lambda y, p, _: max(y - p, Fraction(0)) ** 2,
    "huber_loss": lambda y, p, delta: huber_loss(y - p, delta),
    "absolute_percentage_error": lambda y, p, _: abs(y - p) / max(abs(y), LEAST_TRUTH),
    "symmetric_absolute_percentage_error": lambda y, p, _: symmetric_percentage(y, p),
    "tukey_loss": lambda y, p, c: tukey_loss(y - p, c),
}


def real(value: float) -> mpmath.mpf:
    return mpmath.mpf(value if isinstance(value, int) else float(value))


def log_cosh(y: float, p: float, _: float) -> mpmath.mpf:
    size = abs(real(y) - real(p))
    if size < mpmath.mpf(2) ** -20:
        return size**2 / 2 - size**4 / 12 + size**6 / 45
    return size - mpmath.log(2) + mpmath.log1p(mpmath.exp(-2 * size))


# At many powers of the same sides.
@functools.lru_cache(maxsize=20_000)
def logarithm(value: float) -> mpmath.mpf:
    with mpmath.workdps(180):
        return mpmath.log(value)


def tweedie_parts(y: float, p: float, k: float) -> tuple[mpmath.mpf, mpmath.mpf, mpmath.mpf]:
    y, p, k = real(y), real(p), real(k)
    truth = y * mpmath.exp((1 - k) * logarithm(y)) if y > 0 else mpmath.mpf(0)
    power = mpmath.exp((1 - k) * logarithm(p))
    return 2 * truth / ((1 - k) * (2 - k)), -2 * y * power / (1 - k), 2 * p * power / (2 - k)


def tweedie_deviance(y: float, p: float, k: float) -> mpmath.mpf:
    # The powers are irrational: their sum, which is zero there, would be no zero with any number of digits.
    return mpmath.mpf(0) if y == p else mpmath.fsum(tweedie_parts(y, p, k))


def poisson_deviance(y: float, p: float, _: float) -> mpmath.mpf:
    logarithm = mpmath.log(real(y) / real(p)) if y > 0 else mpmath.mpf(0)
    return 2 * (real(y) * logarithm - real(y) + real(p))


def gamma_deviance(y: float, p: float, _: float) -> mpmath.mpf:
    return 2 * (real(y) / real(p) - 1 - mpmath.log(real(y) / real(p)))


REAL: dict[str, Callable[[float, float, float], mpmath.mpf]] = {
    "squared_log_error": lambda y, p, _: (mpmath.log1p(real(y)) - mpmath.log1p(real(p))) ** 2,
    "log_cosh_loss": log_cosh,
    "poisson_deviance": poisson_deviance,
    "gamma_deviance": gamma_deviance,
    "tweedie_deviance": tweedie_deviance,
    "truth_of_poisson_deviance": lambda y, p, _: real(y) * mpmath.log(real(y)) if y > 0 else mpmath.mpf(0),
    "truth_of_gamma_deviance": lambda y, p, _: mpmath.log(real(y)),
    "truth_of_tweedie_deviance": lambda y, p, k: tweedie_parts(y, p, k)[0] / 2,
}

# Compared, and not summed.
EXTREMES: dict[str, Callable[[Sequence[Fraction], Sequence[Fraction]], Fraction]] = {
    "largest_error": lambda truth, prediction: max(abs(y - p) for y, p in zip(truth, prediction, strict=True)),
    "least_truth": lambda truth, prediction: min(truth),
    "greatest_truth": lambda truth, prediction: max(truth),
}

# How many halves of an ulp a term may be off that is rounded to a double. One that is not named here loses no bit, or
# where its row says that it has two words, those beyond the hundredth.
HALVES_OF_AN_ULP: dict[str, int] = {
    "absolute_percentage_error": 3,
    "symmetric_absolute_percentage_error": 6,
    "squared_log_error": 16,
    "log_cosh_loss": 6,
    "tukey_loss": 12,
    "poisson_deviance": 32,
    "gamma_deviance": 16,
    "tweedie_deviance": 10,
    "truth_of_poisson_deviance": 4,
    "truth_of_gamma_deviance": 3,
    "truth_of_tweedie_deviance": 10,
}


def is_in_domain_of_tweedie(y: float, p: float, k: float) -> bool:
    return p > 0 and (k < 1 or y > 0 or (k < 2 and y == 0))


# For which pairs there is a term at all; where none is named, for all of them.
DOMAINS: dict[str, Callable[[float, float, float], bool]] = {
    "squared_log_error": lambda y, p, _: y > -1 and p > -1,
    "poisson_deviance": lambda y, p, _: y >= 0 and p > 0,
    "gamma_deviance": lambda y, p, _: y > 0 and p > 0,
    "tweedie_deviance": is_in_domain_of_tweedie,
}


def fraction_of(value: mpmath.mpf) -> Fraction:
    sign, significand, exponent, _ = value._mpf_
    return (-1) ** sign * int(significand) * Fraction(2) ** int(exponent)


@functools.lru_cache(maxsize=200_000)
def exact_term(term: str, y: float, p: float, parameter: float) -> Fraction:
    """Return a term of one pair, exactly or to 60 digits and more."""
    if term in RATIONAL:
        return RATIONAL[term](Fraction(y), Fraction(p), Fraction(parameter))
    # Of powers near 1 and 2 and of sides that are nearly equal, more than 60 digits may cancel.
    with mpmath.workdps(160 if term == "tweedie_deviance" else 60):
        return fraction_of(REAL[term](y, p, parameter))


def sums_of(
    terms: Sequence[str],
    parameter: float,
    y_true: Sequence[float],
    y_pred: Sequence[float],
    weights: Sequence[float] | None = None,
) -> dict[str, Fraction]:
    """Return the sums of terms of all pairs, and of their weights, as a metric is defined over them."""
    shares = [Fraction(1)] * len(y_true) if weights is None else [Fraction(weight) for weight in weights]
    sums = {"weight": sum(shares, Fraction(0))}
    for term in terms:
        if term in EXTREMES:
            sums[term] = EXTREMES[term]([Fraction(y) for y in y_true], [Fraction(p) for p in y_pred])
        else:
            pairs = zip(y_true, y_pred, strict=True)
            sums[term] = rational.total((exact_term(term, y, p, parameter) for y, p in pairs), weights)
    return sums
