"""What each picture of one prediction shows, as plain numbers: pages and plots draw the same.

Where there is nothing to see a function returns a sentence that says why.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from squarely.digits import percent, shown
from squarely.distribution.bands import Band, bands_of_truth
from squarely.distribution.counts import LARGEST, Counts, Distribution, mean_of, middles_of, sizes_of
from squarely.distribution.density import POINTS, first_and_prediction, first_and_second
from squarely.distribution.histogram import Histogram, bins_around_zero, edges_around_zero, histogram, round_width
from squarely.distribution.normal import QuantilePairs, normal_counts, normal_quantile_pairs
from squarely.distribution.quantiles import quantile, quantiles
from squarely.distribution.running import Running, running
from squarely.distribution.squares import Share, cumulated_squares, share_of_largest
from squarely.distribution.steps import common_step

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = [
    "Density",
    "NormalQuantiles",
    "ResidualHistogram",
    "ResidualsByPrediction",
    "SharesOfSquares",
    "error_by_truth",
    "mean_and_deviation",
    "normal_quantiles",
    "residual_histogram",
    "residuals_by_prediction",
    "shares_of_squares",
    "truth_and_prediction",
]

# Axes show so large a share of the pairs: a few that are far away would make dots of all others.
SHOWN = 0.99
CELLS = 70
FEWEST_BUCKETS = 4
LARGEST_PARTS = (0.001, 0.01, 0.1)


class ResidualHistogram(NamedTuple):
    """Bars of residuals, and those that a normal distribution of the same mean and variance has, where there is one."""

    bars: Histogram
    normal: npt.NDArray[np.float64]


class Density(NamedTuple):
    """How many pairs are in each cell, column by column, and in none of them."""

    x_edges: npt.NDArray[np.float64]
    y_edges: npt.NDArray[np.float64]
    counts: npt.NDArray[np.float64]
    beyond: float


class ResidualsByPrediction(NamedTuple):
    """Where residuals are for each prediction, with their mean and quantiles."""

    density: Density
    running: Running


class NormalQuantiles(NamedTuple):
    """The points of a QQ plot, and the line on which normal residuals would lie."""

    points: QuantilePairs
    mean: float
    deviation: float


class SharesOfSquares(NamedTuple):
    """The share of all squared errors that the largest residuals have."""

    pairs: npt.NDArray[np.float64]
    squares: npt.NDArray[np.float64]
    of_largest: dict[float, Share]


def mean_and_deviation(counts: Counts) -> tuple[float, float]:
    """Return mean and standard deviation as far as counts tell: each number is taken for the middle of its bucket."""
    middles = middles_of(counts.buckets, counts.bits)
    scale = max(float(np.abs(middles).max()), float(np.finfo(np.float64).tiny))
    mean = mean_of(middles / scale, counts.counts)
    variance = mean_of((middles / scale - mean) ** 2, counts.counts)
    return mean * scale, variance**0.5 * scale


def residual_histogram(distribution: Distribution) -> ResidualHistogram:
    """Return what the picture of the residuals shows."""
    edges = bins_around_zero(distribution.residuals, share=SHOWN)
    mean, deviation = mean_and_deviation(distribution.residuals)
    normal = normal_counts(edges, mean, deviation, distribution.residuals.total) if deviation > 0 else np.empty(0)
    return ResidualHistogram(histogram(distribution.residuals, edges), normal)


def truth_and_prediction(distribution: Distribution, cells: int = CELLS) -> Density | str:
    """Return where pairs of truth and prediction are, over one range for both, of at most so many cells each."""
    joint = distribution.truths_and_residuals
    grain = max(_grain(distribution.truths, joint.first_bits), _grain(distribution.residuals, joint.second_bits))
    edges = _edges([distribution.truths, distribution.predictions], joint.first_bits, grain, cells)
    if edges is None:
        return _too_near("Truths and predictions", joint.first_bits)
    return _density(edges, edges, first_and_prediction(joint, edges), distribution)


def residuals_by_prediction(distribution: Distribution) -> ResidualsByPrediction | str:
    """Return where residuals are for each prediction."""
    joint, residuals = distribution.predictions_and_residuals, distribution.residuals
    x_edges = _edges([distribution.predictions], joint.first_bits, _grain(distribution.predictions, joint.first_bits))
    y_edges = _edges([residuals], joint.second_bits, _grain(residuals, joint.second_bits))
    if x_edges is None:
        return _too_near("Predictions", joint.first_bits)
    if y_edges is None:
        return _too_near("Residuals", joint.second_bits)
    density = _density(x_edges, y_edges, first_and_second(joint, x_edges, y_edges), distribution)
    columns = x_edges if len(x_edges) <= CELLS // 2 else x_edges[::2]
    return ResidualsByPrediction(density, running(joint, columns, residuals))


def error_by_truth(distribution: Distribution) -> list[Band] | str:
    """Return the tenths of the pairs by their truth, with their errors."""
    bands = bands_of_truth(distribution.truths_and_residuals, distribution.residuals)
    if len(bands) == 1:
        return f"All truths are about {shown(bands[0].mean_truth, 3)}: there are no small and large ones to compare."
    return bands


def normal_quantiles(distribution: Distribution) -> NormalQuantiles | str:
    """Return residuals beside normal ones, quantile by quantile."""
    mean, deviation = mean_and_deviation(distribution.residuals)
    if not deviation > 0:
        return f"All residuals are about {shown(mean, 3)}: there is no spread to look at."
    return NormalQuantiles(normal_quantile_pairs(distribution.residuals, mean, deviation), mean, deviation)


def shares_of_squares(distribution: Distribution) -> SharesOfSquares | str:
    """Return how few residuals make how much of the squared error."""
    pairs, squares = cumulated_squares(distribution.residuals)
    if not squares[-1] > 0:
        return "All residuals are zero, or next to it."
    shares = {part: share_of_largest(distribution.residuals, part) for part in LARGEST_PARTS}
    return SharesOfSquares(pairs, squares, shares)


def _edges(counts: Sequence[Counts], bits: int, grain: float, cells: int = CELLS) -> npt.NDArray[np.float64] | None:
    """Return edges of cells of one round width over what all of these show, with zero in the middle of one.

    No cell is narrower than what a bucket of this width is drawn as. None where buckets are too wide to tell.
    """
    tail = (1 - SHOWN) / 2
    ends = np.array([quantiles(one, [tail, 1 - tail]) for one in counts])
    least, greatest = float(ends[:, 0].min()), float(ends[:, 1].max())
    step = common_step(counts, least, greatest)
    if step == 0 and grain * FEWEST_BUCKETS > greatest - least:
        return None
    if step == 0:
        # A number is drawn somewhere in its bucket.
        before, behind = (grain / 2 + abs(end) * 2.0 ** -(bits + 1) for end in (least, greatest))
        least, greatest = max(least - before, -LARGEST), min(greatest + behind, LARGEST)
    width = max(round_width(max(greatest / cells - least / cells, grain / POINTS)), step)
    return edges_around_zero(least, greatest, width)


def _grain(counts: Counts, bits: int) -> float:
    """Return how wide the bucket of the middle pair is, by its size, where so many bits are counted."""
    middle = quantile(sizes_of(counts), 0.5)
    return math.ldexp(1.0, math.frexp(middle)[1] - 1 - bits) if middle > 0 else 0.0


def _too_near(what: str, bits: int) -> str:
    return (
        f"{what} are counted to {percent(2.0**-bits)} of their size, and these lie too near to each other for that. "
        "Subtract what they have in common from truths and predictions alike to see more."
    )


def _density(
    x_edges: npt.NDArray[np.float64],
    y_edges: npt.NDArray[np.float64],
    counts: npt.NDArray[np.float64],
    distribution: Distribution,
) -> Density:
    return Density(x_edges, y_edges, counts, distribution.residuals.total - float(counts.sum()))
