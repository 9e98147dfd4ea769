"""Pictures of errors with matplotlib, of all pairs whatever their number: what the page of a report shows.

Every function takes what has counts (a report or an accumulator made with ``pictures=True``), draws on the axes it is
given or on those of a new figure, in the colours of matplotlib's settings, and returns the axes.

matplotlib comes with ``pip install 'squarely[plot]'``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from squarely.distribution import drawn
from squarely.distribution.reading import distribution_of
from squarely.extras import import_extra

if TYPE_CHECKING:
    from matplotlib.axes import Axes
else:
    Axes = Any  # matplotlib need not be there

__all__ = [
    "all_pictures",
    "error_by_truth",
    "normal_quantiles",
    "residual_histogram",
    "residuals_by_prediction",
    "shares_of_squares",
    "truth_and_prediction",
]


def truth_and_prediction(source: object, prediction: str | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw where pairs of truth and prediction are, with the diagonal on which predictions are the truth.

    Parameters
    ----------
    source : Report or Accumulator
        Made with ``pictures=True``.
    prediction : str, optional
        Of a report of several predictions the one to draw, by default the first.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        Where the source has no counts.
    ImportError
        Where matplotlib is not installed.

    Examples
    --------
    >>> import squarely
    >>> accumulator = squarely.Accumulator("mse", pictures=True).update([1.0, 2.0, 4.0], [1.5, 2.0, 3.0])
    >>> squarely.plots.truth_and_prediction(accumulator).get_ylabel()
    'prediction'
    """
    density = drawn.truth_and_prediction(distribution_of(source, prediction))
    ax = _axes_or_new(ax)
    _draw_density(ax, density)
    ends = [density.x_edges[0], density.x_edges[-1]]
    ax.plot(ends, ends, "C1--")
    ax.set(xlabel="truth", ylabel="prediction", title="Truth and prediction", xlim=ends, ylim=ends)
    return ax


def residual_histogram(source: object, prediction: str | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw how large residuals are, beside the normal distribution of the same mean and variance.

    Parameters
    ----------
    source, prediction, ax
        As of `truth_and_prediction`.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import squarely
    >>> accumulator = squarely.Accumulator("mse", pictures=True).update([1.0, 2.0, 4.0], [1.5, 2.0, 3.0])
    >>> squarely.plots.residual_histogram(accumulator).get_ylabel()
    'pairs'
    """
    shown = drawn.residual_histogram(distribution_of(source, prediction))
    ax = _axes_or_new(ax)
    edges = shown.bars.edges
    ax.stairs(shown.bars.counts, edges, fill=True)
    ax.plot((edges[:-1] + edges[1:]) / 2, shown.normal, "C1", label="normal")
    ax.set(xlabel="residual", ylabel="pairs", title="Residuals")
    ax.legend()
    return ax


def residuals_by_prediction(source: object, prediction: str | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw where residuals are for each prediction, with their mean and the quantiles 0.1, 0.5 and 0.9.

    Parameters
    ----------
    source, prediction, ax
        As of `truth_and_prediction`.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import squarely
    >>> accumulator = squarely.Accumulator("mse", pictures=True).update([1.0, 2.0, 4.0], [1.5, 2.0, 3.0])
    >>> squarely.plots.residuals_by_prediction(accumulator).get_xlabel()
    'prediction'
    """
    shown = drawn.residuals_by_prediction(distribution_of(source, prediction))
    ax = _axes_or_new(ax)
    _draw_density(ax, shown.density)
    ax.axhline(0, color="C7", linewidth=0.8)
    ax.plot(shown.running.centers, shown.running.quantiles.T, "C1", linewidth=1)
    ax.plot(shown.running.centers, shown.running.means, "C1", linewidth=2.5)
    y_edges = shown.density.y_edges
    ax.set(xlabel="prediction", ylabel="residual", title="Residual by prediction", ylim=(y_edges[0], y_edges[-1]))
    return ax


def error_by_truth(source: object, prediction: str | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw the mean residual, and its mean absolute value, of a tenth of the pairs after the other by their truth.

    Parameters
    ----------
    source, prediction, ax
        As of `truth_and_prediction`.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import squarely
    >>> accumulator = squarely.Accumulator("mse", pictures=True).update([1.0, 2.0, 4.0], [1.5, 2.0, 3.0])
    >>> squarely.plots.error_by_truth(accumulator).get_xlabel()
    'truth'
    """
    bands = drawn.error_by_truth(distribution_of(source, prediction))
    ax = _axes_or_new(ax)
    truths = [band.mean_truth for band in bands]
    ax.axhline(0, color="C7", linewidth=0.8)
    ax.plot(truths, [band.mean_absolute_residual for band in bands], "C0o-", label="mean absolute residual")
    ax.plot(truths, [band.mean_residual for band in bands], "C1o-", label="mean residual")
    ax.set(xlabel="truth", ylabel="residual", title="Error by truth")
    ax.legend()
    return ax


def normal_quantiles(source: object, prediction: str | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw quantiles of the residuals beside those of a normal distribution: a QQ plot.

    Parameters
    ----------
    source, prediction, ax
        As of `truth_and_prediction`.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import squarely
    >>> accumulator = squarely.Accumulator("mse", pictures=True).update([1.0, 2.0, 4.0], [1.5, 2.0, 3.0])
    >>> squarely.plots.normal_quantiles(accumulator).get_xlabel()
    'normal residual'
    """
    points = drawn.normal_quantiles(distribution_of(source, prediction)).points
    ax = _axes_or_new(ax)
    ax.plot(points.normal[[0, -1]], points.normal[[0, -1]], "C1--")
    ax.plot(points.normal, points.found, "C0.")
    ax.set(xlabel="normal residual", ylabel="residual", title="Residuals beside normal ones")
    return ax


def shares_of_squares(source: object, prediction: str | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw what share of the squared error the largest residuals have.

    Parameters
    ----------
    source, prediction, ax
        As of `truth_and_prediction`.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import squarely
    >>> accumulator = squarely.Accumulator("mse", pictures=True).update([1.0, 2.0, 4.0], [1.5, 2.0, 3.0])
    >>> squarely.plots.shares_of_squares(accumulator).get_ylabel()
    'share of squared errors'
    """
    shown = drawn.shares_of_squares(distribution_of(source, prediction))
    ax = _axes_or_new(ax)
    ax.plot([0, 1], [0, 1], "C1--")
    ax.plot(shown.pairs, shown.squares, "C0")
    labels = {"xlabel": "share of pairs, from the largest residual on", "ylabel": "share of squared errors"}
    ax.set(title="Who makes the squared error", **labels)
    return ax


PICTURES: tuple[Callable[..., Any], ...] = (
    truth_and_prediction,
    residual_histogram,
    residuals_by_prediction,
    error_by_truth,
    normal_quantiles,
    shares_of_squares,
)


def all_pictures(source: object, prediction: str | None = None) -> npt.NDArray[np.object_]:
    """Draw all six pictures in one figure, and return its axes.

    Parameters
    ----------
    source, prediction
        As of `truth_and_prediction`.

    Returns
    -------
    ndarray of matplotlib.axes.Axes, of shape (3, 2)

    Examples
    --------
    >>> import squarely
    >>> accumulator = squarely.Accumulator("mse", pictures=True).update([1.0, 2.0, 4.0], [1.5, 2.0, 3.0])
    >>> squarely.plots.all_pictures(accumulator).shape
    (3, 2)
    """
    distribution = distribution_of(source, prediction)
    pyplot = import_extra("matplotlib.pyplot")
    axes: npt.NDArray[np.object_] = pyplot.subplots(3, 2, figsize=(10, 12), layout="constrained")[1]
    for draw, ax in zip(PICTURES, axes.flat, strict=True):
        draw(distribution, ax=ax)
    return axes


def _draw_density(ax: Axes, density: drawn.Density) -> None:
    colors = import_extra("matplotlib.colors")
    counts = np.where(density.counts >= 0.5, density.counts, np.nan).T
    norm = colors.LogNorm(vmin=0.5, vmax=max(1.0, float(density.counts.max())))
    ax.pcolormesh(density.x_edges, density.y_edges, counts, norm=norm, rasterized=True)


def _axes_or_new(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    new: Axes = import_extra("matplotlib.pyplot").subplots(layout="constrained")[1]
    return new
