"""The picture of a metric: its value over an error that all of five predictions have, and that one has alone."""

import html
import math
import warnings
from collections.abc import Iterator
from itertools import groupby

import numpy as np
import numpy.typing as npt

import squarely
from squarely import _core

TRUTH = np.array([4.0, 5.0, 6.0, 7.0, 8.0])
ALL = np.ones(5)
ONE = np.array([0.0, 0.0, 0.0, 0.0, 1.0])
ERRORS = np.linspace(-3, 3, 121)

# Defaults that show nothing, as a quantile in the middle, or that are missing: other values for the picture.
PARAMETERS = {"alpha": 0.8, "tau": 0.8, "data_range": 8.0, "power": 1.5}

WIDTH, HEIGHT = 320, 200
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 12, 34


def values(name: str, parameters: dict[str, float], moved: npt.NDArray[np.float64]) -> list[float]:
    """Return the metric where the moved predictions have each of the errors."""
    metric = getattr(squarely, name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [float(metric(TRUTH, TRUTH + error * moved, **parameters)) for error in ERRORS]


def shown_range(curves: list[list[float]]) -> tuple[float, float]:
    """Return the least and greatest value of the axis: of the finite ones, with zero where that is near."""
    finite = [value for curve in curves for value in curve if math.isfinite(value)]
    least, greatest = min(finite), max(finite)
    if least > 0 and least < greatest:
        least = 0.0
    margin = (greatest - least or 1.0) * 0.06
    return least - margin, greatest + margin


def ticks(least: float, greatest: float) -> list[float]:
    """Return some three to six round numbers between two."""
    step = 10.0 ** math.floor(math.log10(greatest - least))
    step = next(step * factor for factor in (0.2, 0.5, 1, 2) if (greatest - least) / (step * factor) <= 6)
    return [round(n * step, 12) for n in range(math.ceil(least / step), math.floor(greatest / step) + 1)]


def shown_parameters(row: _core.MetricRow) -> dict[str, float]:
    """Return what the metric is drawn with besides its defaults."""
    return {row.parameter: PARAMETERS[row.parameter]} if row.parameter in PARAMETERS else {}


def caption(name: str, row: _core.MetricRow) -> str:
    """Return the name with these parameters."""
    return html.escape(", ".join([name, *(f"{key} = {value:g}" for key, value in shown_parameters(row).items())]))


def drawing(name: str, row: _core.MetricRow) -> str:
    """Return the picture as SVG, in the colours of the page."""
    parameters = shown_parameters(row)
    curves = [values(name, parameters, moved) for moved in (ALL, ONE)]
    least, greatest = shown_range(curves)

    def x(error: float) -> float:
        return LEFT + (error + 3) / 6 * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return TOP + (greatest - value) / (greatest - least) * (HEIGHT - TOP - BOTTOM)

    def path(curve: list[float]) -> str:
        points = zip(ERRORS, curve, strict=True)
        runs = (list(run) for finite, run in groupby(points, lambda point: math.isfinite(point[1])) if finite)
        return " ".join("M" + " L".join(f"{x(e):.1f} {y(v):.1f}" for e, v in run) for run in runs)

    def grid() -> Iterator[str]:
        for value in ticks(least, greatest):
            yield f'<path class="grid" d="M{LEFT} {y(value):.1f}H{WIDTH - RIGHT}"/>'
            yield f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{signed(value)}</text>'
        for error in (-3, -2, -1, 0, 1, 2, 3):
            yield f'<text x="{x(error):.1f}" y="{HEIGHT - 18}" text-anchor="middle">{signed(error)}</text>'
        yield f'<path class="grid" d="M{x(0):.1f} {TOP}V{HEIGHT - BOTTOM}"/>'
        yield f'<text x="{x(0):.1f}" y="{HEIGHT - 3}" text-anchor="middle">error, prediction − truth</text>'

    lines = [
        f'<svg class="metric-drawing" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{caption(name, row)} over the error">',
        *grid(),
        f'<path class="all" d="{path(curves[0])}"/>',
        f'<path class="one" d="{path(curves[1])}"/>',
        "</svg>",
    ]
    return "\n".join(lines)


def figure(name: str, row: _core.MetricRow) -> str:
    """Return the picture with the words below it."""
    lines = [
        '<figure class="metric-picture">',
        drawing(name, row),
        f'<figcaption>{caption(name, row)}: <span class="all">all five predictions</span> wrong by the error, '
        'and <span class="one">one of them</span> alone</figcaption>',
        "</figure>",
    ]
    return "\n".join(lines)


def signed(value: float) -> str:
    """Return a number with the sign of mathematics."""
    return f"{value:g}".replace("-", "−")
