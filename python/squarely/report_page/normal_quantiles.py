"""The QQ plot: residuals beside normal ones of the same rank."""

from __future__ import annotations

from collections.abc import Iterator

from squarely.digits import shown
from squarely.distribution.counts import Distribution
from squarely.distribution.drawn import NormalQuantiles, normal_quantiles
from squarely.report_page.axes import Frame, axes, picture
from squarely.report_page.lines import dots, line

__all__ = ["drawn_normal_quantiles"]


def drawn_normal_quantiles(distribution: Distribution) -> str:
    """Return the figure."""
    drawn = normal_quantiles(distribution)
    scores, least, greatest = _standard(drawn), drawn.points.found[0], drawn.points.found[-1]
    caption = (
        'Normal residuals would lie on the <span class="key diagonal">line</span>. The least is '
        f"{shown(float(least), 3)} and the greatest {shown(float(greatest), 3)}, where among so many pairs a normal "
        f"distribution has about {shown(drawn.mean + drawn.deviation * scores[0], 3)} and "
        f"{shown(drawn.mean + drawn.deviation * scores[-1], 3)}."
    )
    return picture("Residuals beside normal ones", _parts(drawn, scores), caption)


def _parts(drawn: NormalQuantiles, scores: list[float]) -> Iterator[str]:
    found = drawn.points.found.tolist()
    ends = [drawn.mean + drawn.deviation * score for score in (scores[0], scores[-1])]
    low, high = min(*found, *ends), max(*found, *ends)
    margin = 0.04 * (high - low or 1)
    frame = Frame(scores[0], scores[-1], low - margin, high + margin)
    yield from axes(frame, "standard deviations of a normal residual", "residual")
    yield line(frame, [scores[0], scores[-1]], ends, "diagonal")
    yield dots(frame, scores, found, "first-dot")


def _standard(drawn: NormalQuantiles) -> list[float]:
    if not drawn.deviation > 0:
        return [0.0] * len(drawn.points.normal)
    scores: list[float] = ((drawn.points.normal - drawn.mean) / drawn.deviation).tolist()
    return scores
