"""Slow and obviously right: rational arithmetic, and one rounding at the end.

Every double is an integer multiple of 2^-1074: a difference is an integer, and so is its square, in units of 2^-2148.
"""

import math
from collections.abc import Iterable
from fractions import Fraction

UNIT = 1074


def integer_of(value: float) -> int:
    numerator, denominator = float(value).as_integer_ratio()
    return numerator * (2**UNIT // denominator)


def sum_of_squares(y_true: Iterable[float], y_pred: Iterable[float]) -> Fraction:
    total = sum((integer_of(y) - integer_of(p)) ** 2 for y, p in zip(y_true, y_pred, strict=True))
    return Fraction(total, 4**UNIT)


def nearest_double(value: Fraction) -> float:
    try:
        return float(value)  # Python divides integers with one correct rounding
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def nearest_root(value: Fraction) -> float:
    if value == 0:
        return 0.0
    # Enough bits for any double, and one more that says whether anything follows: it settles every tie.
    shift = max(0, 2400 - value.numerator.bit_length() + value.denominator.bit_length())
    scaled = (value.numerator << (2 * shift)) // value.denominator
    root = math.isqrt(scaled)
    exact = root * root == scaled and scaled * value.denominator == value.numerator << (2 * shift)
    return nearest_double(Fraction(2 * root + (0 if exact else 1), 2 << shift))


def scores(y_true: Iterable[float], y_pred: Iterable[float]) -> dict[str, float]:
    pairs = list(zip(y_true, y_pred, strict=True))
    total = sum_of_squares((y for y, _ in pairs), (p for _, p in pairs))
    return {
        "sum_squared_error": nearest_double(total),
        "mean_squared_error": nearest_double(total / len(pairs)),
        "root_mean_squared_error": nearest_root(total / len(pairs)),
    }


def average(values: Iterable[float], weights: Iterable[float]) -> float:
    pairs = [(Fraction(value), Fraction(weight)) for value, weight in zip(values, weights, strict=True)]
    return nearest_double(sum(v * w for v, w in pairs) / sum(w for _, w in pairs))
