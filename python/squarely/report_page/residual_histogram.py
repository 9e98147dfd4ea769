"""The picture of how large residuals are, beside the normal distribution."""

from __future__ import annotations

from collections.abc import Iterator

from squarely.digits import percent, shown
from squarely.distribution.counts import Distribution, sizes_of
from squarely.distribution.drawn import ResidualHistogram, residual_histogram
from squarely.distribution.quantiles import quantile
from squarely.report_page.axes import Frame, axes, picture
from squarely.report_page.lines import bars, steps

__all__ = ["drawn_residual_histogram"]

NORMAL = ' <span class="key normal">Line</span>: the normal distribution of the same mean and variance.'


def drawn_residual_histogram(distribution: Distribution) -> str:
    """Return the figure."""
    shown_bars = residual_histogram(distribution)
    return picture("Residuals", _parts(shown_bars), _caption(distribution, shown_bars))


def _parts(shown_bars: ResidualHistogram) -> Iterator[str]:
    edges, heights = shown_bars.bars.edges.tolist(), shown_bars.bars.counts.tolist()
    normal = shown_bars.normal.tolist()
    frame = Frame(edges[0], edges[-1], 0, max(*heights, *normal) * 1.05)
    yield from axes(frame, "residual, truth less prediction", "pairs")
    yield bars(frame, edges, heights, "first")
    if normal:
        yield steps(frame, edges, normal, "normal")


def _caption(distribution: Distribution, shown_bars: ResidualHistogram) -> str:
    sizes = sizes_of(distribution.residuals)
    half, nearly_all = quantile(sizes, 0.5), quantile(sizes, 0.95)
    beyond = (shown_bars.bars.below + shown_bars.bars.above) / distribution.residuals.total
    return (
        f"Half of all residuals are within ±{shown(half, 3)}, 95 % within ±{shown(nearly_all, 3)}."
        + (NORMAL if shown_bars.normal.size else "")
        + (f" {percent(beyond)} lie beyond the ends." if beyond > 0 else "")
    )
