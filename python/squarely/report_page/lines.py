"""Lines, areas, bars and cells of a drawing."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from squarely.report_page.axes import Frame

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["area", "bars", "cells", "dots", "line", "steps"]

LEVELS = 7

Numbers = Sequence[float]


def line(frame: Frame, xs: Numbers, ys: Numbers, kind: str) -> str:
    """Return a line through points; what is beyond the frame is left out by its edge."""
    points = " ".join(f"{frame.x(x):.1f} {_inside(frame, y):.1f}" for x, y in zip(xs, ys, strict=True))
    return f'<path class="{kind}" d="M{points}"/>' if points else ""


def area(frame: Frame, xs: Numbers, lower: Numbers, upper: Numbers, kind: str) -> str:
    """Return what is between two lines."""
    there = [f"{frame.x(x):.1f} {_inside(frame, y):.1f}" for x, y in zip(xs, upper, strict=True)]
    back = [f"{frame.x(x):.1f} {_inside(frame, y):.1f}" for x, y in zip(xs, lower, strict=True)]
    return f'<path class="{kind}" d="M{" ".join([*there, *reversed(back)])}Z"/>' if there else ""


def bars(frame: Frame, edges: Numbers, heights: Numbers, kind: str) -> str:
    """Return bars that stand on the lower end, as one shape."""
    parts = []
    for left, right, height in zip(edges[:-1], edges[1:], heights, strict=True):
        x, width = frame.x(left), frame.x(right) - frame.x(left)
        tall = frame.box.floor - _inside(frame, height)
        if tall >= 0.05:
            parts.append(f"M{x + 0.5:.1f} {frame.box.floor}v{-tall:.1f}h{max(width - 1, 0.6):.1f}v{tall:.1f}z")
    return f'<path class="{kind}" d="{"".join(parts)}"/>'


def steps(frame: Frame, edges: Numbers, heights: Numbers, kind: str) -> str:
    """Return a line over bars: the middles of their tops."""
    middles = [left + (right - left) / 2 for left, right in itertools.pairwise(edges)]
    return line(frame, middles, heights, kind)


def dots(frame: Frame, xs: Numbers, ys: Numbers, kind: str, radius: float = 2.2) -> str:
    """Return a dot a point: lines of no length with round ends, all in one shape."""
    points = "".join(
        f"M{frame.x(x):.1f} {frame.y(y):.1f}h0"
        for x, y in zip(xs, ys, strict=True)
        if math.isfinite(y) and frame.lower <= y <= frame.upper
    )
    return f'<path class="dots {kind}" stroke-width="{2 * radius:g}" d="{points}"/>' if points else ""


def cells(frame: Frame, x_edges: Numbers, y_edges: Numbers, counts: npt.NDArray[np.float64]) -> Iterator[str]:
    """Yield a shape for each level of density, darker for some times as many; neighbours of a row are one run.

    Runs are lines as thick as a row, in units of cells that are scaled, which takes a sixth of the bytes.
    """
    levels = levels_of(counts)
    left, bottom = frame.x(x_edges[0]), frame.y(y_edges[0])
    wide, high = frame.x(x_edges[1]) - left, frame.y(y_edges[1]) - bottom
    yield f'<g class="cells" transform="translate({left:.2f} {bottom + high / 2:.2f}) scale({wide:.5f} {high:.5f})">'
    for level in range(1, LEVELS + 1):
        runs = "".join(f"M{first} {row}h{last - first}" for row, first, last in _runs(levels == level))
        if runs:
            yield f'<path class="level{level}" d="{runs}"/>'
    yield "</g>"


def levels_of(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return which level each cell has: even steps of the logarithm, none for less than half a pair."""
    top = max(float(counts.max(initial=0.0)), 1.0)
    share = np.log1p(counts) / math.log1p(top)
    return np.where(counts >= 0.5, np.clip(np.ceil(share * LEVELS), 1, LEVELS), 0).astype(np.int64)


def _runs(filled: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int, int]]:
    """Yield row, first column and the column after the last, of runs of cells."""
    edges = np.diff(filled.T.astype(np.int8), axis=1, prepend=0, append=0)
    for row in np.flatnonzero(filled.any(axis=0)).tolist():
        starts, ends = np.flatnonzero(edges[row] == 1), np.flatnonzero(edges[row] == -1)
        for first, last in zip(starts.tolist(), ends.tolist(), strict=True):
            yield row, first, last


def _inside(frame: Frame, number: float) -> float:
    return frame.y(min(max(number, frame.lower), frame.upper))
