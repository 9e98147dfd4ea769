"""The normal distribution beside that of the residuals: of the same mean and variance."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from squarely.distribution.counts import LARGEST, Counts
from squarely.distribution.quantiles import quantiles

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["QuantilePairs", "normal_counts", "normal_quantile_pairs"]

POINTS = 129


class QuantilePairs(NamedTuple):
    """Quantiles of the same share: of the standard normal distribution, of that beside the residuals, and of these."""

    scores: npt.NDArray[np.float64]
    normal: npt.NDArray[np.float64]
    found: npt.NDArray[np.float64]


def normal_counts(edges: npt.NDArray[np.float64], mean: float, deviation: float, pairs: int) -> npt.NDArray[np.float64]:
    """Return how many of so many pairs a normal distribution has between each two edges."""
    from statistics import NormalDist

    if not deviation > 0:
        return np.histogram([mean], edges)[0] * float(pairs)
    largest = max(float(np.abs(edges[np.isfinite(edges)]).max(initial=0.0)), deviation)  # squares of it may be none
    distribution = NormalDist(mean / largest, deviation / largest)
    return np.diff([distribution.cdf(float(edge)) for edge in edges / largest]) * pairs


def normal_quantile_pairs(residuals: Counts, mean: float, deviation: float) -> QuantilePairs:
    """Return points of the QQ plot, even along the normal distribution, from the rank of half a pair on."""
    from statistics import NormalDist

    standard = NormalDist()
    end = -standard.inv_cdf(0.5 / residuals.total) if residuals.total > 1 else 0.0
    scores = np.linspace(-end, end, POINTS)
    found = quantiles(residuals, [standard.cdf(score) for score in scores])
    with np.errstate(over="ignore"):
        normal = np.clip(mean + deviation * scores, -LARGEST, LARGEST)
    return QuantilePairs(scores, normal, found)
