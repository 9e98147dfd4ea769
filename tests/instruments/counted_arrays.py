"""The counts of arrays by size, by NumPy: what the core gives, for tests of what is read off them."""

from __future__ import annotations

import numpy as np

from oracles.counts_by_size import sizes
from squarely.distribution.counts import Counts, Distribution, JointCounts


def counts_of(numbers, bits=7):
    """Return how many of the numbers are in each bucket."""
    return Counts(bits, *np.unique(sizes(numbers, bits), return_counts=True))


def joint_counts_of(first, second, bits=(6, 3)):
    """Return how many pairs of numbers are in each pair of buckets."""
    both = np.stack([sizes(first, bits[0]), sizes(second, bits[1])], axis=1)
    cells, counts = np.unique(both, axis=0, return_counts=True)
    return JointCounts(*bits, cells[:, 0], cells[:, 1], counts)


def distribution_of_arrays(y_true, y_pred):
    """Return all counts of a prediction."""
    y_true, y_pred = np.asarray(y_true, np.float64), np.asarray(y_pred, np.float64)
    residuals = y_true - y_pred
    return Distribution(
        counts_of(residuals),
        joint_counts_of(y_pred, residuals),
        joint_counts_of(y_true, residuals),
    )
