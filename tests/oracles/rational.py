"""Slow and obviously right: rational arithmetic, and one rounding at the end.

Every double is an integer multiple of 2^-1074: a difference is an integer, and so is its square, in units of 2^-2148.
"""

import math
import struct
from collections.abc import Iterable
from fractions import Fraction

UNIT = 1074


def integer_of(value: float) -> int:
    numerator, denominator = float(value).as_integer_ratio()
    return numerator * (2**UNIT // denominator)


def sum_of_squares(y_true: Iterable[float], y_pred: Iterable[float]) -> Fraction:
    total = sum((integer_of(y) - integer_of(p)) ** 2 for y, p in zip(y_true, y_pred, strict=True))
    return Fraction(total, 4**UNIT)


TERMS = (
    "squared_error",
    "error",
    "absolute_error",
    "truth",
    "squared_truth",
    "prediction",
    "squared_prediction",
    "sample_weight",
    "absolute_truth",
    "squared_underprediction",
    "huber_loss",
    "absolute_percentage_error",
    "symmetric_absolute_percentage_error",
    "squared_log_error",
    "log_cosh_loss",
    "tukey_loss",
    "poisson_deviance",
    "gamma_deviance",
    "tweedie_deviance",
    "truth_of_poisson_deviance",
    "truth_of_gamma_deviance",
    "truth_of_tweedie_deviance",
    "largest_error",
    "least_truth",
    "greatest_truth",
)
SUMMED = TERMS.index("largest_error")
FIRST_WITH_COUNTS = TERMS.index("huber_loss")


def terms_held_by(state: bytes) -> list[dict[str, Fraction]]:
    """Return the exact sums of every output of `_core.State.to_bytes()`, by the documented byte form.

    A rounded score shows the leading 53 bits of a sum. This shows the rest.
    """
    weighted = state[6]
    outputs = int.from_bytes(state[7:15], "little")
    summands = int.from_bytes(state[15:17], "little")
    terms = [state[17 + 9 * i] for i in range(summands)]
    position = 17 + 9 * summands
    sums = []
    for _ in range(outputs):
        position += 6 * 8
        of_output = {}
        for term in terms:
            if term >= SUMMED:
                of_output[TERMS[term]] = Fraction(struct.unpack_from("<d", state, position)[0])
                position += 8
                continue
            sign, bottom, used = state[position : position + 3]
            limbs = state[position + 3 : position + 3 + 8 * used]
            magnitude = int.from_bytes(limbs, "little") << (64 * bottom)
            of_output[TERMS[term]] = Fraction(-magnitude if sign else magnitude, 4**UNIT)
            position += 3 + 8 * used + (16 if weighted or term >= FIRST_WITH_COUNTS else 0)
        sums.append(of_output)
    return sums


def sums_held_by(state: bytes) -> list[Fraction]:
    """Return the exact sum of squared errors of every output."""
    return [of_output["squared_error"] for of_output in terms_held_by(state)]


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
