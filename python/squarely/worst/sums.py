"""What the sums of all rows say of one of them: its share, and what R² would be without it, each rounded once.

A call that keeps no state knows ends that its sums lie between. What is the same double at both is right; where it is
not, the sums are needed without rounding, and both ends are the sum.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from squarely import _core
from squarely.worst.losses import RowLoss
from squarely.worst.rows import WorstRow

__all__ = ["Between", "RowTerms", "Sums", "Total", "UncertainError", "nearest"]

BITS_OF_UNIT = 2148  # sums are whole numbers of 2^-2148
R2_TERMS = ("sample_weight", "truth", "squared_truth", "squared_error")


class UncertainError(Exception):
    """Ends are too far apart for one double."""


class Between:
    """A whole number that is not below one end and not above the other. Fractions would look for common divisors."""

    __slots__ = ("high", "low")

    def __init__(self, low: int, high: int) -> None:
        self.low = low
        self.high = high

    @classmethod
    def exactly(cls, number: int) -> Between:
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
        if self.low >= 0 and other.low >= 0:
            return Between(self.low * other.low, self.high * other.high)
        products = [one * two for one in (self.low, self.high) for two in (other.low, other.high)]
        return Between(min(products), max(products))

    def times(self, number: int) -> Between:
        """Return the product with a number that is known."""
        low, high = self.low * number, self.high * number
        return Between(low, high) if number >= 0 else Between(high, low)

    @property
    def square(self) -> Between:
        if self.low <= 0 <= self.high:
            return Between(0, max(-self.low, self.high) ** 2)
        low, high = sorted((abs(self.low), abs(self.high)))
        return Between(low * low, high * high)

    def shifted(self, bits: int) -> Between:
        """Return the product with a power of two that leaves it whole."""
        if bits >= 0:
            return Between(self.low << bits, self.high << bits)
        return Between(self.low >> -bits, self.high >> -bits)

    @property
    def zeros(self) -> int:
        """How many bits at the end are zeros at both ends."""
        return (
            min((end & -end).bit_length() - 1 for end in (self.low, self.high) if end) if self.low or self.high else 0
        )


def nearest(number: Fraction) -> float:
    """Return the nearest double, of what is beyond the largest one an infinity."""
    return _double(number.numerator, number.denominator)


def _double(numerator: int, denominator: int) -> float:
    try:
        return numerator / denominator + 0.0  # of two zeros one
    except OverflowError:
        return math.inf if (numerator > 0) == (denominator > 0) else -math.inf


def _ratio(numerator: Between, denominator: Between) -> float:
    """Return the double nearest to a ratio, wherever both lie; the denominator is not zero, as is known."""
    if denominator.is_zero:
        raise ZeroDivisionError
    ends = [(one, two) for one in {numerator.low, numerator.high} for two in {denominator.low, denominator.high}]
    found = {_double(one, two) for one, two in ends}
    if len(found) > 1:
        raise UncertainError
    return found.pop()


class Total(NamedTuple):
    """A sum of losses, in units of a power of two."""

    units: Between
    bits: int

    def percent(self, part: Fraction) -> float:
        """Return what a part is of it, in percent."""
        if self.units.is_zero:
            return math.nan
        bits = self.bits - (part.denominator.bit_length() - 1)
        numerator, denominator = Between.exactly(100 * part.numerator), self.units
        return _ratio(numerator.shifted(max(bits, 0)), denominator.shifted(max(-bits, 0)))


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
            self._ends["sample_weight"] = Between.exactly(pairs << BITS_OF_UNIT)

    @classmethod
    def of_units(cls, pairs: int, units: Mapping[str, tuple[int, int]], *, weighted: bool) -> Sums:
        """Return those between ends in units of the exact sum."""
        return cls(pairs, {name: Between(low, high) for name, (low, high) in units.items()}, weighted=weighted)

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

    def of_losses(self, loss: RowLoss) -> Total | None:
        """Return the sum of the losses of all rows, where it is there."""
        total = loss.sum_of(self._ends)
        if total is None:
            return None
        zeros = total.units.zeros
        return Total(total.units.shifted(-zeros), BITS_OF_UNIT + total.bits - zeros)

    def influences(self, rows: Sequence[RowTerms], *, forces_finite: bool) -> list[float]:
        """Return R² without each of the rows minus R² with it, and NaN where one of them is undefined."""
        if not all(name in self._ends for name in R2_TERMS) or self.pairs < 3:
            return [math.nan] * len(rows)
        return _Influences([self._ends[name] for name in R2_TERMS], rows).all(forces_finite=forces_finite)


class _Influences:
    """What R² would be without a row, by whole numbers alone.

    With weights W in units of 2^-w and truths in units of 2^-v, every term of a formula is a whole number of one unit,
    and those of a numerator and its denominator are the same.
    """

    def __init__(self, ends: Sequence[Between], rows: Sequence[RowTerms]) -> None:
        weights, truths, squares, errors = ends
        of_weights = max(_bits_of_sum(weights), *(_bits_of(row.weight) for row in rows), 0)
        of_squares = max(map(_bits_of_sum, (squares, errors))) - of_weights
        of_values = max(_bits_of_sum(truths) - of_weights, -(-of_squares // 2), 0)
        for row in rows:
            of_values = max(of_values, _bits_of(row.truth), _bits_of(row.prediction))
        self._rows = rows
        self._bits = of_weights, of_values
        self._weights = weights.shifted(of_weights - BITS_OF_UNIT)
        self._truths = truths.shifted(of_weights + of_values - BITS_OF_UNIT)
        self._errors = errors.shifted(of_weights + 2 * of_values - BITS_OF_UNIT)
        # The weighted sum of squares of what truths are away from their mean, times the sum of weights.
        squares_of_truth = squares.shifted(of_weights + 2 * of_values - BITS_OF_UNIT)
        self._spread = squares_of_truth * self._weights - self._truths.square

    def all(self, *, forces_finite: bool) -> list[float]:
        return [self._of(row, forces_finite=forces_finite) for row in self._rows]

    def _of(self, row: RowTerms, *, forces_finite: bool) -> float:
        of_weights, of_values = self._bits
        weight, truth = _units(row.weight, of_weights), _units(row.truth, of_values)
        own_error = weight * _units(row.residual, of_values) ** 2
        weights, errors, spread = self._weights, self._errors, self._spread
        others = weights - Between.exactly(weight)
        if weights.is_zero or others.is_zero:
            return math.nan
        # What the spread is less without the row is this divided by the sums of weights with it and without.
        own_spread = (weights.times(truth) - self._truths).square.times(weight)
        rest = spread * others - own_spread
        if not spread.is_zero and not rest.is_zero:
            change = (spread * others).times(own_error) - errors * own_spread
            return _ratio(weights * change, spread * rest)
        if not forces_finite:
            return math.nan
        rest_of_errors = errors - Between.exactly(own_error)
        with_row, whole = _unexplained(errors, weights, spread)
        without, part = _unexplained(rest_of_errors, weights * others, rest)
        return _ratio(with_row * part - without * whole, whole * part)


def _unexplained(errors: Between, weights: Between, spread: Between) -> tuple[Between, Between]:
    """Return 1 - R² as numerator and denominator; of a constant truth it is 1 or 0."""
    if spread.is_zero:
        return Between.exactly(int(not errors.is_zero)), Between.exactly(1)
    return errors * weights, spread


def _bits_of(number: Fraction) -> int:
    """Return how many bits behind the point a number has."""
    return number.denominator.bit_length() - 1


def _bits_of_sum(units: Between) -> int:
    return BITS_OF_UNIT - units.zeros if units.low or units.high else 0


def _units(number: Fraction, bits: int) -> int:
    return number.numerator << (bits - _bits_of(number))
