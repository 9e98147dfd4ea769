"""Obviously right: rational arithmetic, and one rounding at the end.

Every double is an integer multiple of 2^-1074: a difference is an integer, and so is its square, in units of 2^-2148.
"""

import hashlib
import math
from collections.abc import Iterable
from fractions import Fraction

import numpy as np
import numpy.typing as npt

UNIT = 1074


def integer_of(value: float) -> int:
    numerator, denominator = float(value).as_integer_ratio()
    return numerator * (2**UNIT // denominator)


def integers_of(*sides: npt.ArrayLike) -> tuple[list[list[int]], int]:
    """Return doubles as multiples of 2 to one power, and that power: the last bit of the least, so as to be short."""
    significands, exponents = np.frexp(np.array([np.asarray(side, np.float64) for side in sides]))
    last = int(exponents.min(initial=UNIT)) - 53
    wholes, shifts = np.ldexp(significands, 53).astype(np.int64), exponents - (last + 53)
    return [
        [whole << shift for whole, shift in zip(*side, strict=True)]
        for side in zip(wholes.tolist(), shifts.tolist(), strict=True)
    ], last


# By what was added up: every target has the same pairs, and to add them takes longer than all else.
_SUMS_OF_SQUARES: dict[bytes, Fraction] = {}


def sum_of_squares(y_true: Iterable[float], y_pred: Iterable[float]) -> Fraction:
    sides = [side if isinstance(side, np.ndarray) else list(side) for side in (y_true, y_pred)]
    pairs = np.array([np.asarray(side, np.float64) for side in sides])
    key = hashlib.blake2b(pairs.tobytes()).digest()
    if key not in _SUMS_OF_SQUARES:
        (truths, predictions), last = integers_of(*pairs)
        squares = ((y - p) ** 2 for y, p in zip(truths, predictions, strict=True))
        _SUMS_OF_SQUARES[key] = sum(squares) * Fraction(4) ** last
    return _SUMS_OF_SQUARES[key]


def total(values: Iterable[Fraction], weights: Iterable[float] | None = None) -> Fraction:
    """Return the sum, weighed or not, brought to one denominator and reduced once, not at every addition."""
    if weights is None:
        parts = [value.as_integer_ratio() for value in values]
    else:
        pairs = [
            (*value.as_integer_ratio(), *weight.as_integer_ratio())
            for value, weight in zip(values, weights, strict=True)
        ]
        parts = [(n * of_weight, d * below) for n, d, of_weight, below in pairs]
    common = math.lcm(*{denominator for _, denominator in parts})
    return Fraction(sum(numerator * (common // denominator) for numerator, denominator in parts), common)


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
