"""Errors by the size of the truth, a tenth of the pairs after the other: whether it matters how large it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from squarely.distribution.counts import Counts, JointCounts, ends_of, mean_of, means_of, middles_of

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Band", "bands_of_truth"]


class Band(NamedTuple):
    """Pairs whose truths are neighbours. Means are those of the middles of buckets."""

    least_truth: float
    greatest_truth: float
    pairs: int
    mean_truth: float
    mean_prediction: float
    mean_residual: float
    mean_absolute_residual: float


def bands_of_truth(joint: JointCounts, residuals: Counts, bands: int = 10) -> list[Band]:
    """Return about so many bands of about as many pairs; a bucket of truths is in one, so there may be fewer.

    Counts of the residuals alone tell where in a bucket they lie.
    """
    truths = joint.of_first
    middle_ranks = np.cumsum(truths.counts) - truths.counts / 2
    band_of_bucket = np.floor(middle_ranks * bands / truths.total).astype(np.int64)
    band = band_of_bucket[np.searchsorted(truths.buckets, joint.first)]
    middles = means_of(joint.second, joint.second_bits, residuals)
    return [_band(joint, middles, np.flatnonzero(band == one)) for one in np.unique(band_of_bucket)]


def _band(
    joint: JointCounts, middles: npt.NDArray[np.float64], cells: np.ndarray[tuple[int], np.dtype[np.intp]]
) -> Band:
    lower, upper = ends_of(joint.first[cells], joint.first_bits)
    counts = joint.counts[cells]
    truth = mean_of(middles_of(joint.first[cells], joint.first_bits), counts)
    residuals = middles[cells]
    residual = mean_of(residuals, counts)
    return Band(
        float(lower.min()),
        float(upper.max()),
        int(counts.sum()),
        truth,
        truth - residual,
        residual,
        mean_of(np.abs(residuals), counts),
    )
