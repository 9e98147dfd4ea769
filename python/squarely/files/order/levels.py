"""Which value a quantile is, by the weight of those up to it, without rounding: as cpp/order/levels.hpp has it."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

__all__ = ["Share", "midpoint", "number_kept", "share_of"]

# Digits beyond which a level was hardly written in binary: one half is exact, the double 0.1 a rounded tenth.
DIGITS_MEANT = 32


class Share(NamedTuple):
    """The first value is meant up to which the weights are such a share of all, or half way to the next one."""

    least: Fraction
    most: Fraction | None
    """Up to which the next one has a part; None where it never has."""


def share_of(level: float) -> Share:
    """Return the share that is meant by the level of a quantile."""
    exact = Fraction(level)
    is_meant = exact.numerator.bit_length() <= DIGITS_MEANT
    # Any other double stands for all numbers that round to it.
    margin = Fraction(0) if is_meant else Fraction(math.ulp(level)) / 2
    return Share(exact - margin, exact + margin)


def number_kept(present: int, proportion: float) -> int:
    """Return how many of so many values are left without the largest share of them."""
    return present - math.floor(Fraction(proportion) * present)


def midpoint(a: float, b: float) -> float:
    """Return half of the sum, rounded once, also where the sum is beyond the largest double."""
    total = a + b
    has_overflowed = math.isinf(total) and math.isfinite(a) and math.isfinite(b)
    return a / 2 + b / 2 if has_overflowed else total / 2
