"""The picture of truth against prediction."""

from __future__ import annotations

from collections.abc import Iterator

from squarely.digits import percent
from squarely.distribution.counts import Distribution
from squarely.distribution.drawn import Density, truth_and_prediction
from squarely.report_page.axes import Frame, axes, picture, sentence
from squarely.report_page.lines import cells, line

__all__ = ["drawn_truth_and_prediction"]

TITLE = "Truth and prediction"


def drawn_truth_and_prediction(distribution: Distribution) -> str:
    """Return the figure."""
    density = truth_and_prediction(distribution)
    if isinstance(density, str):
        return sentence(TITLE, density)
    beyond = density.beyond / distribution.residuals.total
    caption = (
        "Each cell is darker the more pairs it has, in steps of equal factors. On the "
        '<span class="key diagonal">line</span> predictions are the truth.'
        + (f" {percent(beyond)} of the pairs lie beyond the ends." if beyond > 1e-12 else "")
    )
    return picture(TITLE, _parts(density), caption)


def _parts(density: Density) -> Iterator[str]:
    least, greatest = float(density.x_edges[0]), float(density.x_edges[-1])
    frame = Frame(least, greatest, least, greatest)
    yield from axes(frame, "truth", "prediction")
    yield from cells(frame, density.x_edges.tolist(), density.y_edges.tolist(), density.counts)
    yield line(frame, [least, greatest], [least, greatest], "diagonal")
