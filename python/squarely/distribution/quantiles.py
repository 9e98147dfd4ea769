"""Quantiles from counts by size: the bucket of a rank is known exactly, a number in it to half of its width."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from squarely.distribution.counts import Counts, ends_of, middles_of

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["cumulated", "quantile", "quantiles"]


def quantile(counts: Counts, share: float) -> float:
    """Return the middle of the bucket with the least number that so large a share of all is not above.

    That number is NumPy's quantile of the method "inverted_cdf", and the middle is within 2^-(bits + 1) of it.
    """
    rank = max(1, math.ceil(share * counts.total))  # as NumPy does: 0.9 times 10 is 9, though 0.9 is a little more
    place = int(np.searchsorted(np.cumsum(counts.counts), rank))
    return float(middles_of(counts.buckets[place : place + 1], counts.bits)[0])


def quantiles(counts: Counts, shares: Sequence[float] | npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return where lines of a picture go: as `quantile`, but evenly between the ends of a bucket."""
    lower, upper = ends_of(counts.buckets, counts.bits)
    after = np.cumsum(counts.counts)
    ranks = np.asarray(shares, np.float64) * counts.total
    places = np.minimum(np.searchsorted(after, ranks), len(after) - 1)
    parts = (ranks - (after - counts.counts)[places]) / counts.counts[places]
    found: npt.NDArray[np.float64] = lower[places] + parts * (upper - lower)[places]
    return np.where(counts.buckets[places] == 0, 0.0, found)


def cumulated(counts: Counts, at: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return how many pairs have a number below each of these, those of a bucket evenly between its ends."""
    if not counts.buckets.size:
        return np.zeros(len(at))
    lower, upper = ends_of(counts.buckets, counts.bits)
    after = np.cumsum(counts.counts)
    ends = np.stack([lower, upper], axis=1).reshape(-1)
    pairs = np.stack([after - counts.counts, after], axis=1).reshape(-1)
    below: npt.NDArray[np.float64] = np.interp(at, ends, pairs, left=0, right=pairs[-1])
    return below
