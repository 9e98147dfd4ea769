"""Exact sums of arrays, as integers in units of 2^-2148, which is what the core sums in."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from squarely.accumulator import Accumulator

__all__ = ["Values", "nearest", "squares_of", "sum_of", "units"]

Values = npt.NDArray[np.float64]

UNIT = 2**2148


def units(number: float | Fraction) -> int:
    """Return a number of which the unit is a part: a double, or a product of two."""
    return int(Fraction(number) * UNIT)


def sum_of(values: Values, weights: Values | None = None) -> int:
    """Return the sum of some numbers, each times its weight."""
    return _sum("mean_error", "error", values, weights)


def squares_of(values: Values) -> int:
    """Return the sum of the squares of some numbers."""
    return _sum("mean_squared_error", "squared_error", values, None)


def _sum(metric: Any, term: str, values: Values, weights: Values | None) -> int:
    if len(values) == 0:
        return 0
    zeros = np.broadcast_to(0.0, values.shape)
    state = Accumulator(metric).update(zeros, values, sample_weight=weights).core.state()
    assert state is not None
    found = state.sum_of(term)
    assert found is not None
    return found


def nearest(quotient: Fraction) -> float:
    """Return the double nearest to a quotient, an infinity where it is too large."""
    try:
        return float(quotient)
    except OverflowError:
        return float("inf") if quotient > 0 else float("-inf")
