"""Mean and quantiles of residuals, prediction by prediction: whether they bend or spread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from squarely.distribution.counts import Counts, JointCounts, mean_of, means_of, middles_of

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Running", "running"]


class Running(NamedTuple):
    """Columns of a picture, from left to right, but for those of too few pairs."""

    centers: npt.NDArray[np.float64]
    pairs: npt.NDArray[np.int64]
    means: npt.NDArray[np.float64]
    quantiles: npt.NDArray[np.float64]
    """A row for each share that was asked for."""


def running(
    joint: JointCounts,
    edges: npt.NDArray[np.float64],
    seconds_alone: Counts,
    shares: Sequence[float] = (0.1, 0.5, 0.9),
    least_pairs: int = 10,
) -> Running:
    """Return the mean and the quantiles of second numbers in each column of first ones.

    Counts of the second numbers alone tell where in a bucket they lie.
    """
    columns = np.searchsorted(edges, middles_of(joint.first, joint.first_bits), side="right") - 1
    seconds = means_of(joint.second, joint.second_bits, seconds_alone)
    pairs = np.bincount(columns[columns >= 0], joint.counts[columns >= 0], minlength=len(edges))[: len(edges) - 1]
    kept = np.flatnonzero(pairs >= max(least_pairs, 1))
    rows = [_of_column(seconds[columns == i], joint.counts[columns == i], shares) for i in kept]
    return Running(
        edges[kept] + np.diff(edges)[kept] / 2,
        pairs[kept].astype(np.int64),
        np.array([mean for mean, _ in rows], np.float64),
        np.array([found for _, found in rows], np.float64).reshape(len(rows), len(shares)).T,
    )


def _of_column(
    numbers: npt.NDArray[np.float64], counts: npt.NDArray[np.int64], shares: Sequence[float]
) -> tuple[float, list[float]]:
    order = np.argsort(numbers, kind="stable")
    after = np.cumsum(counts[order])
    places = np.searchsorted(after, np.ceil(np.asarray(shares) * after[-1]))
    return mean_of(numbers, counts), numbers[order][places].tolist()
