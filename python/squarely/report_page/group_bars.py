"""Groups, the worst first, as bars with their names and scores."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from squarely.digits import shown
from squarely.report_page.axes import WIDTH, picture

__all__ = ["GroupScore", "drawn_group_bars"]

ROW = 22
MOST = 20
NAMES = 150
SCORES = 70


class GroupScore(NamedTuple):
    """One group: its name, its pairs and its score."""

    name: str
    pairs: int
    score: float


def drawn_group_bars(scores: Sequence[GroupScore], metric: str, groups: int) -> str:
    """Return the figure of the worst groups, which come first, of so many there are."""
    most = scores[:MOST]
    of_all = f"All {groups} groups" if groups <= MOST else f"The worst {MOST} of {groups} groups"
    caption = f"{of_all} by {html.escape(metric)}; beside the name how many pairs there are."
    return picture("Groups", _parts(most), caption, height=ROW * len(most) + 12)


def _parts(scores: Sequence[GroupScore]) -> Iterator[str]:
    largest = max((abs(group.score) for group in scores if group.score == group.score), default=0) or 1
    room = WIDTH - NAMES - SCORES
    for row, group in enumerate(scores):
        top = 6 + ROW * row
        length = abs(group.score) / largest * room if group.score == group.score else 0
        pairs = f'<tspan class="quiet"> {shown(group.pairs, 9)}</tspan>'
        name = html.escape(_short(group.name))
        yield f'<text x="{NAMES - 8}" y="{top + 15}" text-anchor="end">{name}{pairs}</text>'
        yield f'<path class="first" d="M{NAMES} {top + 3}h{length:.1f}v{ROW - 6}h{-length:.1f}z"/>'
        yield f'<text x="{NAMES + length + 6:.1f}" y="{top + 15}">{shown(group.score)}</text>'


def _short(name: str, most: int = 16) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"
