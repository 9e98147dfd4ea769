"""Pictures of errors with matplotlib, of all pairs whatever their number: what the page of a report shows.

Every function takes what has counts (a report or an accumulator made with ``pictures=True``), draws on the axes it is
given or on those of a new figure, in the colours of matplotlib's settings, and returns the axes. What else it is given
goes to the method of these that draws the pairs, so that models can be told apart on the same axes.

matplotlib comes with ``pip install 'squarely[plot]'``.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from squarely.distribution import drawn
from squarely.distribution.reading import Chosen, chosen
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


def truth_and_prediction(
    source: object,
    prediction: str | None = None,
    *,
    output: int | str | None = None,
    ax: Axes | None = None,
    **options: Any,
) -> Axes:
    """Draw where pairs of truth and prediction are, with the diagonal on which predictions are the truth.

    Parameters
    ----------
    source : Report or Accumulator
        Made with ``pictures=True``.
    prediction : str, optional
        Of a report of several predictions the one to draw, by default the first.
    output : int or str, optional
        Of several outputs the one to draw, by its place or by the name of its column; by default the first.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.
    **options
        For `matplotlib.axes.Axes.pcolormesh`, as ``cmap``.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        Where the source has no counts, or there is no pair of two numbers.
    KeyError
        Where there is no such prediction or output.
    ImportError
        Where matplotlib is not installed.

    Examples
    --------
    >>> import squarely
    >>> accumulator = squarely.Accumulator("mse", pictures=True).update([1.0, 2.0, 4.0], [1.5, 2.0, 3.0])
    >>> squarely.plots.truth_and_prediction(accumulator).get_ylabel()
    'prediction'
    """
    one = chosen(source, prediction, output)
    density = drawn.truth_and_prediction(one.distribution)
    ax = _axes_or_new(ax)
    if isinstance(density, str):
        return _said(ax, _title("Truth and prediction", one), density)
    _draw_density(ax, density, options)
    ends = [density.x_edges[0], density.x_edges[-1]]
    ax.plot(ends, ends, "C1--")
    ax.set(xlabel="truth", ylabel="prediction", title=_title("Truth and prediction", one), xlim=ends, ylim=ends)
    return ax


def residual_histogram(
    source: object,
    prediction: str | None = None,
    *,
    output: int | str | None = None,
    ax: Axes | None = None,
    **options: Any,
) -> Axes:
    """Draw how large residuals are, beside the normal distribution of the same mean and variance.

    Parameters
    ----------
    source, prediction, output, ax
        As of `truth_and_prediction`.
    **options
        For `matplotlib.axes.Axes.stairs`, as ``color``.

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
    one = chosen(source, prediction, output)
    shown = drawn.residual_histogram(one.distribution)
    ax = _axes_or_new(ax)
    edges = shown.bars.edges
    ax.stairs(shown.bars.counts, edges, **{"fill": True, **options})
    ax.set(xlabel="residual", ylabel="pairs", title=_title("Residuals", one))
    if shown.normal.size:
        ax.plot((edges[:-1] + edges[1:]) / 2, shown.normal, "C1", label="normal")
        ax.legend()
    return ax


def residuals_by_prediction(
    source: object,
    prediction: str | None = None,
    *,
    output: int | str | None = None,
    ax: Axes | None = None,
    **options: Any,
) -> Axes:
    """Draw where residuals are for each prediction, with their mean and the quantiles 0.1, 0.5 and 0.9.

    Parameters
    ----------
    source, prediction, output, ax
        As of `truth_and_prediction`.
    **options
        For `matplotlib.axes.Axes.pcolormesh`, as ``cmap``.

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
    one = chosen(source, prediction, output)
    shown = drawn.residuals_by_prediction(one.distribution)
    ax = _axes_or_new(ax)
    if isinstance(shown, str):
        return _said(ax, _title("Residual by prediction", one), shown)
    _draw_density(ax, shown.density, options)
    ax.axhline(0, color="C7", linewidth=0.8)
    ax.plot(shown.running.centers, shown.running.quantiles.T, "C1", linewidth=1)
    ax.plot(shown.running.centers, shown.running.means, "C1", linewidth=2.5)
    ax.set(xlabel="prediction", ylabel="residual", title=_title("Residual by prediction", one))
    ax.set_ylim(*shown.density.y_edges[[0, -1]])
    return ax


def error_by_truth(
    source: object,
    prediction: str | None = None,
    *,
    output: int | str | None = None,
    ax: Axes | None = None,
    **options: Any,
) -> Axes:
    """Draw the mean residual, and its mean absolute value, of a tenth of the pairs after the other by their truth.

    Parameters
    ----------
    source, prediction, output, ax
        As of `truth_and_prediction`.
    **options
        For `matplotlib.axes.Axes.plot`, of both lines.

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
    one = chosen(source, prediction, output)
    bands = drawn.error_by_truth(one.distribution)
    ax = _axes_or_new(ax)
    if isinstance(bands, str):
        return _said(ax, _title("Error by truth", one), bands)
    truths = [band.mean_truth for band in bands]
    ax.axhline(0, color="C7", linewidth=0.8)
    sizes, means = [band.mean_absolute_residual for band in bands], [band.mean_residual for band in bands]
    ax.plot(truths, sizes, **{"color": "C0", "marker": "o", "label": "mean absolute residual", **options})
    ax.plot(truths, means, **{"color": "C1", "marker": "o", "label": "mean residual", **options})
    ax.set(xlabel="truth", ylabel="residual", title=_title("Error by truth", one))
    ax.legend()
    return ax


def normal_quantiles(
    source: object,
    prediction: str | None = None,
    *,
    output: int | str | None = None,
    ax: Axes | None = None,
    **options: Any,
) -> Axes:
    """Draw quantiles of the residuals beside those of a normal distribution: a QQ plot.

    Parameters
    ----------
    source, prediction, output, ax
        As of `truth_and_prediction`.
    **options
        For `matplotlib.axes.Axes.plot`, as ``label``.

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
    one = chosen(source, prediction, output)
    found = drawn.normal_quantiles(one.distribution)
    ax = _axes_or_new(ax)
    if isinstance(found, str):
        return _said(ax, _title("Residuals beside normal ones", one), found)
    points = found.points
    ax.plot(points.normal[[0, -1]], points.normal[[0, -1]], "C1--")
    ax.plot(points.normal, points.found, **{"color": "C0", "marker": ".", "linestyle": "none", **options})
    ax.set(xlabel="normal residual", ylabel="residual", title=_title("Residuals beside normal ones", one))
    return ax


def shares_of_squares(
    source: object,
    prediction: str | None = None,
    *,
    output: int | str | None = None,
    ax: Axes | None = None,
    **options: Any,
) -> Axes:
    """Draw what share of the squared error the largest residuals have.

    Parameters
    ----------
    source, prediction, output, ax
        As of `truth_and_prediction`.
    **options
        For `matplotlib.axes.Axes.plot`, as ``label``.

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
    one = chosen(source, prediction, output)
    shown = drawn.shares_of_squares(one.distribution)
    ax = _axes_or_new(ax)
    if isinstance(shown, str):
        return _said(ax, _title("Who makes the squared error", one), shown)
    ax.plot([0, 1], [0, 1], "C1--")
    ax.plot(shown.pairs, shown.squares, **{"color": "C0", **options})
    labels = {"xlabel": "share of pairs, from the largest residual on", "ylabel": "share of squared errors"}
    ax.set(title=_title("Who makes the squared error", one), **labels)
    return ax


PICTURES: tuple[Callable[..., Any], ...] = (
    truth_and_prediction,
    residual_histogram,
    residuals_by_prediction,
    error_by_truth,
    normal_quantiles,
    shares_of_squares,
)


def all_pictures(
    source: object, prediction: str | None = None, *, output: int | str | None = None
) -> npt.NDArray[np.object_]:
    """Draw all six pictures in one figure, and return its axes.

    Parameters
    ----------
    source, prediction, output
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
    one = chosen(source, prediction, output)
    figure, axes = import_extra("matplotlib.pyplot").subplots(3, 2, figsize=(10, 12), layout="constrained")
    if one.name:
        figure.suptitle(one.name)
    for draw, ax in zip(PICTURES, axes.flat, strict=True):
        draw(one.distribution, ax=ax)
    found: npt.NDArray[np.object_] = axes
    return found


def _title(title: str, one: Chosen) -> str:
    return f"{title}: {one.name}" if one.name else title


def _said(ax: Axes, title: str, why: str) -> Axes:
    """Write on the axes why there is nothing to see."""
    ax.text(0.5, 0.5, "\n".join(textwrap.wrap(why, 40)), ha="center", va="center", transform=ax.transAxes)
    ax.set(title=title, xticks=[], yticks=[])
    return ax


def _draw_density(ax: Axes, density: drawn.Density, options: Mapping[str, Any]) -> None:
    colors = import_extra("matplotlib.colors")
    counts = np.where(density.counts >= 0.5, density.counts, np.nan).T
    norm = colors.LogNorm(vmin=0.5, vmax=max(1.0, float(density.counts.max())))
    ax.pcolormesh(density.x_edges, density.y_edges, counts, **{"norm": norm, "rasterized": True, **options})


def _axes_or_new(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    new: Axes = import_extra("matplotlib.pyplot").subplots(layout="constrained")[1]
    return new
