"""Groups, the worst first: a table with their names, pairs and scores, and a bar for each score."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from squarely.digits import shown
from squarely.report_page.tables import breakable

__all__ = ["GroupScore", "drawn_group_bars"]

MOST = 20
LONGEST_NAME = 80


class GroupScore(NamedTuple):
    """One group: its name, its pairs and its score."""

    name: str
    pairs: int
    score: float


def drawn_group_bars(scores: Sequence[GroupScore], by: str, metric: str, groups: int) -> str:
    """Return the figure of the worst groups by some keys, which come first, of so many there are."""
    of_all = f"All {groups} groups" if groups <= MOST else f"The worst {MOST} of {groups} groups"
    of_all = "The only group" if groups == 1 else of_all
    rows = "\n".join(_rows(scores[:MOST]))
    named = (breakable(_short(by)), "pairs", '<span class="unseen">bar</span>', breakable(metric))
    heads = "".join(f'<th scope="col">{head}</th>' for head in named)
    table = f'<table class="bars"><thead><tr>{heads}</tr></thead><tbody>\n{rows}\n</tbody></table>'
    return (
        f"<figure><h3>Groups</h3>\n{table}\n"
        f"<figcaption>{of_all} by {html.escape(metric)}, the worst first.</figcaption></figure>"
    )


def _rows(scores: Sequence[GroupScore]) -> Iterator[str]:
    known = [group.score for group in scores if math.isfinite(group.score)]
    least, greatest = min(0.0, *known, 0.0), max(0.0, *known, 0.0)
    for group in scores:
        bar = _bar(group.score, least, greatest) if math.isfinite(group.score) else ""
        yield (
            f'<tr><th scope="row" dir="auto">{html.escape(_short(group.name))}</th>'
            f"<td>{shown(group.pairs, 9)}</td><td>{bar}</td>"
            f'<td title="{group.score!r}">{shown(group.score)}</td></tr>'
        )


def _short(text: str) -> str:
    name = " ".join(text.split()) or "(no name)"
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def _bar(score: float, least: float, greatest: float) -> str:
    """Return a bar from zero on, which is where negative scores end."""
    whole = greatest / 100 - least / 100 or 1.0
    zero, end = -least / whole, (score - least) / whole
    return (
        '<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<path class="first" d="M{zero:.1f} 0H{end:.1f}V10H{zero:.1f}z"/></svg>'
    )
