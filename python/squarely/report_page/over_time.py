"""A score over time, where the key of the groups is one."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from squarely.report_page.axes import Frame, axes, picture
from squarely.report_page.lines import dots, line

__all__ = ["Moment", "drawn_over_time"]


class Moment(NamedTuple):
    """A time in words, as a number that tells distances, and its score."""

    name: str
    at: float
    score: float


def drawn_over_time(moments: Sequence[Moment], metric: str) -> str:
    """Return the figure of moments in their order."""
    known = [moment for moment in moments if moment.score == moment.score]
    caption = f"{html.escape(metric)} from {html.escape(moments[0].name)} to {html.escape(moments[-1].name)}."
    return picture("Over time", _parts(known, metric), caption)


def _parts(moments: Sequence[Moment], metric: str) -> Iterator[str]:
    if not moments:
        return
    scores = [moment.score for moment in moments]
    low, high = min(0.0, *scores), max(0.0, *scores)
    margin = 0.06 * (high - low or 1)
    frame = Frame(moments[0].at, moments[-1].at, low - (margin if low < 0 else 0), high + margin)
    yield from axes(frame, "", metric, x_ticks=False)
    for moment in _some(moments):
        anchor = {moments[0]: "start", moments[-1]: "end"}.get(moment, "middle")
        at = f'x="{frame.x(moment.at):.1f}" y="{frame.floor + 17:.1f}"'
        yield f'<text {at} text-anchor="{anchor}">{html.escape(moment.name)}</text>'
    yield line(frame, [moment.at for moment in moments], scores, "mean")
    if len(moments) <= 60:
        yield dots(frame, [moment.at for moment in moments], scores, "mean-dot", 3)


def _some(moments: Sequence[Moment], most: int = 4) -> Sequence[Moment]:
    """Return the first, the last, and some between them."""
    if len(moments) <= most:
        return moments
    return [moments[round(i * (len(moments) - 1) / (most - 1))] for i in range(most)]
