"""Values beside each other in the order: of one number, or of a stretch of them."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import numpy as np

from squarely.files.order.exact import UNIT, Values, squares_of, sum_of

__all__ = ["Heap", "Many", "Met", "One"]


class Met(NamedTuple):
    """The value that is met first in a heap, and what is known of those around it."""

    value: float
    weight: int
    weight_before: int
    sum_before: int
    next_value: float | None
    """The smallest of the heap above it."""


def _product(value: float, weight: int, *, weighted: bool) -> int:
    """Return a value times a weight in the units of sums: those of weights are the same, and numbers have none."""
    return int(Fraction(value) * weight * (1 if weighted else UNIT))


class One(NamedTuple):
    """A number that occurs so often."""

    value: float
    number: int
    weight: int
    """How often it occurs, or the sum of the weights, in units of 2^-2148."""
    weighted: bool

    @property
    def is_whole(self) -> bool:
        """Whether all of it is known."""
        return True

    @property
    def least(self) -> float:
        """The smallest value."""
        return self.value

    def sum_up(self, summed: str) -> int:
        """Return the sum of all."""
        if summed == "squared_error":
            return self.number * int(Fraction(self.value) ** 2 * UNIT)
        return _product(self.value, self.weight, weighted=self.weighted) if summed else 0

    def meet(self, needed: Fraction, summed: str) -> Met:
        """Return the first value up to which the weights are so much."""
        return Met(self.value, self.weight, 0, 0, None)


class Many(NamedTuple):
    """Any numbers, or a sample of them."""

    values: Values
    weights: Values | None
    number: int
    weight: int
    is_whole: bool

    @property
    def least(self) -> float:
        """The smallest value."""
        return float(self.values.min())

    def sum_up(self, summed: str) -> int:
        """Return the sum of all."""
        return _sum_up(self.values, self.weights, summed)

    def meet(self, needed: Fraction, summed: str) -> Met:
        """Return the first value up to which the weights are so much."""
        value = self._value_of_rank(needed) if self.weights is None else self._value_at_weight(needed)
        below, equal, above = (compare(self.values, value) for compare in (np.less, np.equal, np.greater))
        return Met(
            value,
            self._weight(equal),
            self._weight(below),
            _sum_up(self.values[below], None if self.weights is None else self.weights[below], summed),
            float(self.values[above].min()) if above.any() else None,
        )

    def _weight(self, where: np.ndarray) -> int:
        return int(np.count_nonzero(where)) if self.weights is None else sum_of(self.weights[where])

    def _value_of_rank(self, needed: Fraction) -> float:
        rank = max(0, -(-needed.numerator // needed.denominator) - 1)
        return float(np.partition(self.values, rank)[rank])

    def _value_at_weight(self, needed: Fraction) -> float:
        """Halve what is left, and sum one half, exactly."""
        assert self.weights is not None
        order = np.argsort(self.values, kind="stable")
        weights = self.weights[order]
        first, last, before = 0, len(order) - 1, 0
        while first < last:
            middle = (first + last) // 2
            up_to = before + sum_of(weights[first : middle + 1])
            if up_to >= needed:
                last = middle
            else:
                first, before = middle + 1, up_to
        return float(self.values[order[first]])


Heap = One | Many


def _sum_up(values: Values, weights: Values | None, summed: str) -> int:
    if not summed:
        return 0
    return squares_of(values) if summed == "squared_error" else sum_of(values, weights)
