"""Which ranks a quantile and a trimmed mean are made of, without rounding: as cpp/order/levels.hpp has it."""

import math
from fractions import Fraction
from typing import NamedTuple

__all__ = ["Reached", "midpoint", "number_kept", "reached_among"]

# Digits beyond which a level was hardly written in binary: one half is exact, the double 0.1 a rounded tenth.
DIGITS_MEANT = 32


class Reached(NamedTuple):
    """The smallest number of values that reaches a level, and whether it meets the level rather than passing it."""

    number: int
    is_met: bool

    def ranks(self, present: int) -> list[int]:
        """Return the rank of the quantile, counted from zero, or both ranks that it lies between."""
        return [self.number - 1, *([self.number] if self.is_met and self.number < present else [])]


def reached_among(present: int, level: float) -> Reached:
    """Return how many of so many values reach a level."""
    exact = Fraction(level)
    is_meant = exact.numerator.bit_length() <= DIGITS_MEANT
    # Any other double stands for all numbers that round to it.
    margin = Fraction(0) if is_meant else Fraction(math.ulp(level)) / 2
    number = max(1, math.ceil((exact - margin) * present))
    return Reached(number, number <= (exact + margin) * present)


def number_kept(present: int, proportion: float) -> int:
    """Return how many of so many values are left without the largest share of them."""
    return present - math.floor(Fraction(proportion) * present)


def midpoint(a: float, b: float) -> float:
    """Return half of the sum, rounded once, also where the sum is beyond the largest double."""
    total = a + b
    has_overflowed = math.isinf(total) and math.isfinite(a) and math.isfinite(b)
    return a / 2 + b / 2 if has_overflowed else total / 2
