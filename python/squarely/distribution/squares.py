"""How much of the squared error is of how few pairs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from squarely.distribution.counts import Counts, ends_of, middles_of, sizes_of

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Share", "cumulated_squares", "share_of_largest"]


class Share(NamedTuple):
    """Between what the share is, as the numbers of a bucket are only known to be in it."""

    least: float
    greatest: float


def cumulated_squares(residuals: Counts) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return shares of the pairs, from the largest residual on, and the shares of all squares that these have."""
    sizes = sizes_of(residuals)
    # Of the largest, so that no square is beyond the doubles.
    middles = middles_of(sizes.buckets, sizes.bits)
    squares = (middles / max(middles[-1], np.finfo(np.float64).tiny)) ** 2 * sizes.counts
    pairs = np.cumsum(sizes.counts[::-1]) / sizes.total
    shares = np.cumsum(squares[::-1]) / max(squares.sum(), np.finfo(np.float64).tiny)
    return np.append(0.0, pairs), np.append(0.0, shares)


def share_of_largest(residuals: Counts, part: float) -> Share:
    """Return what share of all squares the largest residuals have, of a part of the pairs that is rounded up to one."""
    sizes = sizes_of(residuals)
    pairs = max(1, math.ceil(part * sizes.total))
    counts = sizes.counts[::-1]
    among = np.clip(pairs - (np.cumsum(counts) - counts), 0, counts)
    lower, upper = (ends[::-1] for ends in ends_of(sizes.buckets, sizes.bits))
    lower, upper = np.where(sizes.buckets[::-1] == 0, 0.0, (lower, upper))
    largest = max(upper[0], np.finfo(np.float64).tiny)
    least, greatest = ((ends / largest) ** 2 for ends in (lower, upper))
    return Share(
        _ratio((among * least).sum(), ((counts - among) * greatest).sum()),
        _ratio((among * greatest).sum(), ((counts - among) * least).sum()),
    )


def _ratio(these: float, others: float) -> float:
    return float(these / (these + others)) if these > 0 else 0.0
