"""Bars of equal width, from counts by size."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from squarely.distribution.counts import LARGEST, Counts, ends_of, nearest_to_zero
from squarely.distribution.quantiles import cumulated, quantiles
from squarely.distribution.steps import common_step

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["NARROW", "Histogram", "bins_around_zero", "edges_around_zero", "histogram", "round_width"]


NARROW = 0.25  # of a bar
FEWEST = 8


class Histogram(NamedTuple):
    """How many pairs are in each bar, from its left edge up to its right one, and beyond them."""

    edges: npt.NDArray[np.float64]
    counts: npt.NDArray[np.float64]
    below: float
    above: float


def histogram(counts: Counts, edges: npt.NDArray[np.float64]) -> Histogram:
    """Return the bars between these edges.

    A bucket much narrower than a bar is in the one that has its end next to zero, so that whole numbers are where NumPy
    counts them. Bars share a wider one by how much of it they have: they would be a comb otherwise.
    """
    lower, upper = ends_of(counts.buckets, counts.bits)
    narrow = upper - lower <= (edges[1] - edges[0]) * NARROW
    at = nearest_to_zero(counts.buckets, counts.bits)[narrow]
    before = cumulated(_some(counts, ~narrow), edges)
    before += np.append(0, np.cumsum(counts.counts[narrow]))[np.searchsorted(at, edges)]
    return Histogram(edges, np.diff(before), float(before[0]), float(counts.total - before[-1]))


def _some(counts: Counts, which: npt.NDArray[np.bool_]) -> Counts:
    return Counts(counts.bits, counts.buckets[which], counts.counts[which])


def bins_around_zero(counts: Counts, bars: int = 60, share: float = 0.98) -> npt.NDArray[np.float64]:
    """Return edges of about so many bars over so large a share of the pairs, with zero in the middle of one."""
    tail = (1 - share) / 2
    least, greatest = quantiles(counts, [tail, 1 - tail])
    least, greatest = min(least, 0.0), max(greatest, 0.0)
    width = max(round_width(greatest / bars - least / bars), common_step([counts], least, greatest))
    return edges_around_zero(least, greatest, width)


def edges_around_zero(least: float, greatest: float, width: float) -> npt.NDArray[np.float64]:
    """Return edges of bars of a width over all between two numbers, with zero in the middle of one that is or were."""
    first, last = math.floor(least / width + 0.5), math.floor(greatest / width + 0.5)
    beside = max(0, FEWEST - (last - first)) // 2
    return _edges_of(np.arange(first - beside, last + beside + 2) - 0.5, width)


def _edges_of(multiples: npt.NDArray[Any], width: float) -> npt.NDArray[np.float64]:
    """Return these multiples of a width, the largest doubles in place of what is beyond them."""
    with np.errstate(over="ignore"):
        return np.clip(multiples * width, -LARGEST, LARGEST)


def round_width(width: float) -> float:
    """Return the next 1, 2 or 5 times a power of ten, a number people can read; 1 for nothing."""
    if width <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(width))
    return next((step * power for step in (1, 2, 5, 10, 20) if step * power >= width), width)  # at the least doubles
