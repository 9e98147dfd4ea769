"""Counts of pairs by size, as the core makes them: integers, which merge, and which numbers each of them is of.

The bucket of a double is its sign times the leading bits of its absolute value: those of the exponent and k of the
mantissa. So a bucket is a stretch of numbers that differ by less than 2^-k of their size, and no logarithm is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = [
    "Counts",
    "Distribution",
    "JointCounts",
    "ends_of",
    "mean_of",
    "means_of",
    "middles_of",
    "nearest_to_zero",
    "sizes_of",
]

MANTISSA_BITS = 52
LARGEST = np.finfo(np.float64).max


class Counts(NamedTuple):
    """How many pairs have a number in each bucket, in the order of the numbers."""

    bits: int
    buckets: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]

    @property
    def total(self) -> int:
        """All pairs."""
        return int(self.counts.sum())


class JointCounts(NamedTuple):
    """How many pairs have a first and a second number in each pair of buckets, in the order of the first."""

    first_bits: int
    second_bits: int
    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]

    @property
    def of_first(self) -> Counts:
        """The counts of the first number alone."""
        return _united(self.first_bits, self.first, self.counts)


class Distribution(NamedTuple):
    """All counts of one prediction: what its pictures are made of. A residual is the truth less the prediction."""

    residuals: Counts
    predictions_and_residuals: JointCounts
    truths_and_residuals: JointCounts

    @property
    def truths(self) -> Counts:
        """The counts of the truth alone."""
        return self.truths_and_residuals.of_first

    @property
    def predictions(self) -> Counts:
        """The counts of the prediction alone."""
        return self.predictions_and_residuals.of_first


def ends_of(buckets: npt.NDArray[np.int64], bits: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the ends of each bucket; that of zero holds what is next to it on both sides."""
    inner = _number_at(np.abs(buckets), bits)
    outer = _number_at(np.abs(buckets) + 1, bits)
    return (
        np.where(buckets > 0, inner, -outer),
        np.where(buckets < 0, -inner, outer),
    )


def middles_of(buckets: npt.NDArray[np.int64], bits: int) -> npt.NDArray[np.float64]:
    """Return the middle of each bucket, within 2^-(bits + 1) of all its numbers; zero for those next to zero."""
    lower, upper = ends_of(buckets, bits)
    middles: npt.NDArray[np.float64] = lower + (upper - lower) / 2
    return np.where(buckets == 0, 0.0, middles)


def nearest_to_zero(buckets: npt.NDArray[np.int64], bits: int) -> npt.NDArray[np.float64]:
    """Return the number of each bucket that is nearest to zero: the one that is there where numbers are whole."""
    lower, upper = ends_of(buckets, bits)
    return np.where(buckets > 0, lower, np.where(buckets < 0, upper, 0.0))


def means_of(buckets: npt.NDArray[np.int64], bits: int, finer: Counts) -> npt.NDArray[np.float64]:
    """Return the mean of the numbers in each bucket, of which finer counts of the same numbers tell more."""
    coarse, places = np.unique(
        np.sign(finer.buckets) * (np.abs(finer.buckets) >> (finer.bits - bits)), return_inverse=True
    )
    middles = middles_of(coarse, bits)
    ratios = middles_of(finer.buckets, finer.bits) / np.where(middles == 0, 1.0, middles)[places]  # no sum is too large
    mean_ratios = np.bincount(places, ratios * finer.counts) / np.bincount(places, finer.counts)
    means = np.clip(middles / 2 * mean_ratios, -LARGEST / 2, LARGEST / 2) * 2
    return means[np.searchsorted(coarse, buckets)]


def sizes_of(counts: Counts) -> Counts:
    """Return the counts of absolute values."""
    return _united(counts.bits, np.abs(counts.buckets), counts.counts)


def mean_of(numbers: npt.NDArray[np.float64], counts: npt.NDArray[np.int64]) -> float:
    """Return the mean of numbers that occur so often, however large they are."""
    scale = max(float(np.abs(numbers).max()), float(np.finfo(np.float64).tiny))
    return float(np.average(numbers / scale, weights=counts)) * scale


def _number_at(magnitudes: npt.NDArray[np.int64], bits: int) -> npt.NDArray[np.float64]:
    """Return the least number of a bucket; the largest double in place of what is beyond it."""
    infinity = np.int64(2047) << bits
    numbers = (np.minimum(magnitudes, infinity) << (MANTISSA_BITS - bits)).view(np.float64)
    return np.minimum(numbers, LARGEST)


def _united(bits: int, buckets: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> Counts:
    united, places = np.unique(buckets, return_inverse=True)
    sums = np.zeros(len(united), np.int64)
    np.add.at(sums, places, counts)
    return Counts(bits, united, sums)
