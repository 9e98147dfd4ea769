"""Doubles as integers of the same order, and stretches of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from squarely.distribution.counts import MANTISSA_BITS

__all__ = ["EVERYTHING", "Keys", "Stretch", "as_keys", "bucket_stretch", "value_of", "values_of"]

Keys = npt.NDArray[np.int64]

MAGNITUDE = np.int64(2**63 - 1)


def as_keys(values: npt.NDArray[np.float64]) -> Keys:
    """Return integers that are greater for greater values: those of negative numbers have their bits turned round."""
    keys: Keys = _turned(values.view(np.int64))
    return keys


def values_of(keys: Keys) -> npt.NDArray[np.float64]:
    """Return the doubles of keys."""
    values: npt.NDArray[np.float64] = _turned(keys).view(np.float64)
    return values


def value_of(key: int) -> float:
    """Return the double of a key."""
    return float(values_of(np.array([key], np.int64))[0])


def _turned(patterns: Any) -> Any:
    return patterns ^ ((patterns >> 63) & MAGNITUDE)


class Stretch(NamedTuple):
    """All doubles from one to another, by their keys, both included."""

    first: int
    last: int

    def ends(self) -> tuple[float, float]:
        """Return the doubles, for values among which there is no negative zero: it is equal to a key above its own."""
        is_negative_zero = self.last == -1
        return value_of(self.first), value_of(self.last - is_negative_zero)

    def within(self, other: Stretch) -> Stretch:
        """Return what both have in common."""
        return Stretch(max(self.first, other.first), min(self.last, other.last))


EVERYTHING = Stretch(*(int(key) for key in as_keys(np.array([-np.inf, np.inf]))))


def bucket_stretch(bucket: int, bits: int) -> Stretch:
    """Return the numbers that are counted in a bucket by their size."""
    shift = MANTISSA_BITS - bits
    inner, outer = abs(bucket) << shift, ((abs(bucket) + 1) << shift) - 1
    if bucket > 0:
        return Stretch(inner, outer).within(EVERYTHING)
    return Stretch(~outer, ~inner if bucket < 0 else outer).within(EVERYTHING)
