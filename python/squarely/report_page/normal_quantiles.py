"""The QQ plot: residuals beside normal ones of the same rank."""

from __future__ import annotations

from collections.abc import Iterator

from squarely.digits import shown
from squarely.distribution.counts import Distribution
from squarely.distribution.drawn import normal_quantiles
from squarely.distribution.normal import QuantilePairs
from squarely.report_page.axes import Frame, axes, picture, sentence, widened
from squarely.report_page.lines import dots, line

__all__ = ["drawn_normal_quantiles"]

TITLE = "Residuals beside normal ones"


def drawn_normal_quantiles(distribution: Distribution) -> str:
    """Return the figure."""
    drawn = normal_quantiles(distribution)
    if isinstance(drawn, str):
        return sentence(TITLE, drawn)
    least, greatest = drawn.points.found[[0, -1]].tolist()
    normal_least, normal_greatest = drawn.points.normal[[0, -1]].tolist()
    caption = (
        'Normal residuals would lie on the <span class="key diagonal">line</span>. The least is '
        f"{shown(least, 3)} and the greatest {shown(greatest, 3)}, where among so many pairs a normal "
        f"distribution has about {shown(normal_least, 3)} and {shown(normal_greatest, 3)}."
    )
    return picture(TITLE, _parts(drawn.points), caption)


def _parts(points: QuantilePairs) -> Iterator[str]:
    scores, normal, found = (one.tolist() for one in points)
    frame = Frame(scores[0], scores[-1], *widened([*found, normal[0], normal[-1]], 0.04, 0.04))
    yield from axes(frame, "standard deviations of a normal residual", "residual")
    yield line(frame, [scores[0], scores[-1]], [normal[0], normal[-1]], "diagonal")
    yield dots(frame, scores, found, "first-dot")
