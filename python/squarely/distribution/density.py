"""How many pairs are where, over two numbers: the picture of truth against prediction, and of residuals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from squarely.distribution.counts import JointCounts, ends_of, nearest_to_zero
from squarely.distribution.histogram import NARROW

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["POINTS", "first_and_prediction", "first_and_second"]

# A cell of buckets is drawn as so many points in each direction, so that its pairs lie as evenly as they may.
POINTS = 4


def first_and_second(
    joint: JointCounts, first_edges: npt.NDArray[np.float64], second_edges: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return a count for each column of first numbers and row of second ones; what is beyond the edges is not in it."""
    return _spread(joint, first_edges, second_edges, lambda first, second: second)


def first_and_prediction(joint: JointCounts, edges: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return a count for each column of truths and row of predictions, from truths and residuals."""
    return _spread(joint, edges, edges, lambda truth, residual: truth - residual)


def _spread(joint: JointCounts, x_edges, y_edges, y_of) -> npt.NDArray[np.float64]:  # type: ignore[no-untyped-def]
    shape = (len(x_edges) - 1, len(y_edges) - 1)
    found = np.zeros(shape[0] * shape[1])
    share = joint.counts / POINTS**2
    for first in _points(joint.first, joint.first_bits, x_edges):
        columns = _places(first, x_edges)
        for second in _points(joint.second, joint.second_bits, y_edges):
            rows = _places(y_of(first, second), y_edges)
            inside = (columns >= 0) & (rows >= 0)
            found += np.bincount(columns[inside] * shape[1] + rows[inside], weights=share[inside], minlength=found.size)
    return found.reshape(shape)


def _points(buckets: npt.NDArray[np.int64], bits: int, edges: npt.NDArray[np.float64]) -> list[npt.NDArray[np.float64]]:
    """Return numbers that cut each bucket into equal parts, or are its end next to zero where it is a narrow one.

    So whole numbers are where they are.
    """
    lower, upper = ends_of(buckets, bits)
    width = upper - lower
    is_narrow = (width <= (edges[1] - edges[0]) * NARROW) | (buckets == 0)
    at = nearest_to_zero(buckets, bits)
    return [np.where(is_narrow, at, lower + width * ((i + 0.5) / POINTS)) for i in range(POINTS)]


def _places(numbers: npt.NDArray[np.float64], edges: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return between which edges each number is, -1 beyond them."""
    places = np.searchsorted(edges, numbers, side="right") - 1
    return np.where(places < len(edges) - 1, places, -1)
