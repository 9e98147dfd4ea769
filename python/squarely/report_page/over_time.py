"""A score over time, where the key of the groups is one."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from squarely.report_page.axes import CHARACTER, Frame, axes, picture, widened
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
    edges = widened([0.0, *scores], 0.06 if min(scores) < 0 else 0, 0.06)
    frame = Frame(moments[0].at, moments[-1].at, *edges)
    yield from axes(frame, "", metric, x_ticks=0)
    for name, at, anchor in _names(frame, moments):
        yield f'<text x="{at:.1f}" y="{frame.box.floor + 20}" text-anchor="{anchor}">{html.escape(name)}</text>'
    yield line(frame, [moment.at for moment in moments], scores, "mean")
    if len(moments) <= 60:
        yield dots(frame, [moment.at for moment in moments], scores, "mean-dot", 3)


def _names(frame: Frame, moments: Sequence[Moment]) -> Iterator[tuple[str, float, str]]:
    """Yield names of the first moment, of the last, and of some between them that have room, and where they stand."""
    first, last = moments[0], moments[-1]
    yield first.name, frame.x(first.at), "middle" if first is last else "start"
    if first is last:
        return
    begins = frame.x(last.at) - CHARACTER * len(last.name)
    ends = frame.x(first.at) + CHARACTER * len(first.name)
    if begins > ends:
        yield last.name, frame.x(last.at), "end"
    for moment in _some(moments, int((frame.box.right - frame.box.left) / (CHARACTER * (len(first.name) + 2)))):
        at, half = frame.x(moment.at), CHARACTER * len(moment.name) / 2
        if ends + CHARACTER < at - half and at + half < begins - CHARACTER:
            yield moment.name, at, "middle"
            ends = at + half


def _some(moments: Sequence[Moment], most: int) -> Sequence[Moment]:
    """Return so many moments less the first and the last."""
    if len(moments) <= most:
        return moments[1:-1]
    return [moments[round(i * (len(moments) - 1) / (most - 1))] for i in range(1, most - 1)]
