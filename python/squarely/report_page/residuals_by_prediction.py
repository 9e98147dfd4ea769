"""The picture of residuals against predictions: whether they bend, spread or jump."""

from __future__ import annotations

from collections.abc import Iterator

from squarely.digits import percent
from squarely.distribution.counts import Distribution
from squarely.distribution.drawn import ResidualsByPrediction, residuals_by_prediction
from squarely.report_page.axes import Frame, axes, picture, sentence
from squarely.report_page.lines import cells, line

__all__ = ["drawn_residuals_by_prediction"]

TITLE = "Residual by prediction"


def drawn_residuals_by_prediction(distribution: Distribution) -> str:
    """Return the figure."""
    drawn = residuals_by_prediction(distribution)
    if isinstance(drawn, str):
        return sentence(TITLE, drawn)
    beyond = drawn.density.beyond / distribution.residuals.total
    lines = (
        '<span class="key running-mean">Thick line</span>: the mean residual for each prediction. '
        '<span class="key quantile">Thin lines</span>: what a tenth, half and nine tenths of the residuals are below.'
        if drawn.running.centers.size
        else "There are too few pairs for lines of their means."
    )
    caption = lines + (f" {percent(beyond)} of the pairs lie beyond the ends." if beyond > 1e-12 else "")
    return picture(TITLE, _parts(drawn), caption)


def _parts(drawn: ResidualsByPrediction) -> Iterator[str]:
    x_edges, y_edges = drawn.density.x_edges.tolist(), drawn.density.y_edges.tolist()
    frame = Frame(x_edges[0], x_edges[-1], y_edges[0], y_edges[-1])
    yield from axes(frame, "prediction", "residual")
    yield from cells(frame, x_edges, y_edges, drawn.density.counts)
    yield line(frame, [x_edges[0], x_edges[-1]], [0, 0], "zero")
    centers = drawn.running.centers.tolist()
    for quantile in drawn.running.quantiles.tolist():
        yield line(frame, centers, quantile, "halo") + line(frame, centers, quantile, "quantile")
    means = drawn.running.means.tolist()
    yield line(frame, centers, means, "halo") + line(frame, centers, means, "running-mean")
