"""Whether numbers are multiples of one, as whole numbers and prices are: their bars and cells must be that wide."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from squarely.distribution.counts import Counts, ends_of, nearest_to_zero

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["common_step"]

ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)


def common_step(counts: Sequence[Counts], least: float, greatest: float) -> float:
    """Return a round number of which all these are multiples as far as their buckets tell, or 0 where there is none."""
    shown = [_between(one, least, greatest) for one in counts]
    numbers, widths = (np.concatenate(parts) for parts in zip(*shown, strict=True))
    if not numbers.size:
        return 0.0
    gap = float(np.diff(np.unique(np.append(numbers, 0.0))).min())
    power = 10.0 ** math.floor(math.log10(gap))
    step = min((one * power for one in ROUND), key=lambda one: abs(one - gap))
    if not 0 < step / 2 <= greatest / 2 - least / 2 or np.any(2 * widths >= step):
        return 0.0
    parts = numbers / step
    return step if np.all(np.abs(parts - np.rint(parts)) <= widths / step) else 0.0


def _between(counts: Counts, least: float, greatest: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the numbers between two but for zero, each that next to zero in its bucket, and how wide that is."""
    lower, upper = ends_of(counts.buckets, counts.bits)
    shown = (upper >= least) & (lower <= greatest) & (counts.buckets != 0)
    return nearest_to_zero(counts.buckets, counts.bits)[shown], (upper - lower)[shown]
