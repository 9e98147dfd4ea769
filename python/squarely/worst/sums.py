"""What the sums of all rows say of one of them: its share, and what R² would be without it, each rounded once.

A call that keeps no state knows ends that its sums lie between. What is the same double at both is right; where it is
not, the sums are needed without rounding, and both ends are the sum.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from squarely import _core
from squarely.worst.losses import RowLoss
from squarely.worst.rows import WorstRow

__all__ = ["Between", "RowTerms", "Sums", "UncertainError", "nearest"]

UNIT = Fraction(1, 2**2148)
R2_TERMS = ("sample_weight", "truth", "squared_truth", "squared_error")


class UncertainError(Exception):
    """Ends are too far apart for one double."""


@dataclass(frozen=True)
class Between:
    """A number that is not below one end and not above the other."""

    low: Fraction
    high: Fraction

    @classmethod
    def exactly(cls, number: Fraction) -> Between:
        return cls(number, number)

    @property
    def is_zero(self) -> bool:
        """Whether it is, which is known."""
        if self.low <= 0 <= self.high and self.low != self.high:
            raise UncertainError
        return self.low == 0

    def __add__(self, other: Between) -> Between:
        return Between(self.low + other.low, self.high + other.high)

    def __sub__(self, other: Between) -> Between:
        return Between(self.low - other.high, self.high - other.low)

    def __mul__(self, other: Between) -> Between:
        if self.low >= 0 and other.low >= 0:  # products and their comparisons take the time
            return Between(self.low * other.low, self.high * other.high)
        products = [one * two for one in (self.low, self.high) for two in (other.low, other.high)]
        return Between(min(products), max(products))

    def __truediv__(self, other: Between) -> Between:
        if other.is_zero:
            raise ZeroDivisionError
        return self * Between(1 / other.high, 1 / other.low)


def nearest(number: Between) -> float:
    """Return the nearest double, of what is beyond the largest one an infinity."""
    low, high = _double(number.low), _double(number.high)
    if low != high:
        raise UncertainError
    return low


def _double(number: Fraction) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


class RowTerms(NamedTuple):
    """What a row adds to sums, without rounding."""

    truth: Fraction
    prediction: Fraction
    weight: Fraction
    loss: Fraction

    @classmethod
    def of(cls, row: WorstRow, loss: RowLoss) -> RowTerms:
        truth, prediction = Fraction(row.y_true), Fraction(row.y_pred)
        own = loss.of(truth - prediction) if loss.is_of_difference else Fraction(row.loss)
        return cls(truth, prediction, Fraction(row.weight), own)

    @property
    def residual(self) -> Fraction:
        return self.truth - self.prediction

    @property
    def contribution(self) -> Fraction:
        return self.weight * self.loss


class Sums:
    """Sums over all rows, by the names of their terms; none of them where a score would be no number."""

    def __init__(self, pairs: int, ends: Mapping[str, Between], *, weighted: bool) -> None:
        self.pairs = pairs
        self.weighted = weighted
        self._ends = dict(ends)
        if not weighted and ends:
            self._ends["sample_weight"] = Between.exactly(Fraction(pairs))

    @classmethod
    def of_units(cls, pairs: int, units: Mapping[str, tuple[int, int]], *, weighted: bool) -> Sums:
        """Return those between ends in units of the exact sum."""
        return cls(
            pairs, {name: Between(low * UNIT, high * UNIT) for name, (low, high) in units.items()}, weighted=weighted
        )

    @classmethod
    def of(cls, accumulator: _core.Accumulator, loss: RowLoss) -> Sums:
        """Return those of an accumulator."""
        state, weighted = accumulator.state(), accumulator.weighted
        if state is None:
            return cls(0, {}, weighted=weighted)
        missing = sum(state.missing_true) + sum(state.missing_pred)
        is_unknown = accumulator.configuration.nan_policy == "propagate" and missing > 0
        pairs = sum(state.pairs)
        if is_unknown or sum(state.infinite) + sum(state.undefined) > 0:
            return cls(pairs, {}, weighted=weighted)
        asked = dict.fromkeys((*R2_TERMS, "absolute_error", "error"), 0.0) | {loss.term: loss.parameter_of_term}
        units = {name: state.sum_of(name, parameter) for name, parameter in asked.items()}
        return cls.of_units(
            pairs, {name: (one, one) for name, one in units.items() if one is not None}, weighted=weighted
        )

    def of_losses(self, loss: RowLoss) -> Between | None:
        """Return the sum of the losses of all rows, where it is there."""
        return loss.sum_of(self._ends)

    def influence(self, row: RowTerms, *, forces_finite: bool) -> float:
        """Return R² without a row minus R² with it, and NaN where one of them is undefined."""
        if not all(name in self._ends for name in R2_TERMS) or self.pairs < 3:
            return math.nan
        weights, errors = self._ends["sample_weight"], self._ends["squared_error"]
        weight = Between.exactly(row.weight)
        others = weights - weight
        if weights.is_zero or others.is_zero:
            return math.nan
        mean, spread = self._of_truth
        distance = Between.exactly(row.truth) - mean
        own_spread = weight * weights / others * distance * distance  # what the spread is less without the row
        own_error = Between.exactly(row.weight * row.residual**2)
        rest_of_spread, rest_of_errors = spread - own_spread, errors - own_error
        if not spread.is_zero and not rest_of_spread.is_zero:
            return nearest((own_error * spread - errors * own_spread) / (spread * rest_of_spread))
        if not forces_finite:
            return math.nan
        return nearest(_unexplained(errors, spread) - _unexplained(rest_of_errors, rest_of_spread))

    @functools.cached_property
    def _of_truth(self) -> tuple[Between, Between]:
        """The mean of the truth, and the sum of the squares of what it is away from that."""
        weights, truths, squares, _ = (self._ends[name] for name in R2_TERMS)
        mean = truths / weights
        return mean, squares - truths * mean


def _unexplained(errors: Between, spread: Between) -> Between:
    """Return 1 - R², which of a constant truth is 1 or 0."""
    return Between.exactly(Fraction(int(not errors.is_zero))) if spread.is_zero else errors / spread
