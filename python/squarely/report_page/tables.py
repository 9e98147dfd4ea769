"""Tables of a page: scores side by side, worst rows, and what a page is made of."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from squarely.digits import shown

__all__ = ["breakable", "definitions", "score_table", "table"]

MOST_SIDE_BY_SIDE = 6
LONG = 12  # characters, of a name that may be broken


def score_table(scores: Mapping[str, Mapping[str, Any]], metrics: Sequence[str], best: Mapping[str, str | None]) -> str:
    """Return scores to four digits; all digits are told on hover.

    A few predictions stand side by side, with a row a metric; many one below the other.
    """
    cells = {
        (metric, name): _score(scores[name][metric], is_best=best.get(metric) == name)
        for metric in metrics
        for name in scores
    }
    if len(scores) <= MOST_SIDE_BY_SIDE:
        rows = [[_row_head(metric), *(cells[metric, name] for name in scores)] for metric in metrics]
        return _table(["", *(name or "score" for name in scores)], rows, "scores")
    rows = [[_row_head(name), *(cells[metric, name] for metric in metrics)] for name in scores]
    return _table(["", *metrics], rows, "scores")


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a table of texts and numbers, whose first column tells what each row is."""
    listed = list(rows)
    texts = [name for name, own in zip(heads, listed[0], strict=True) if not _is_number(own)] if listed else []
    return _table(heads, [[_row_head(str(first)), *map(_cell, others)] for first, *others in listed], "rows", texts)


def definitions(terms: Mapping[str, str]) -> str:
    """Return names and what they stand for."""
    parts = "".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(text)}</dd>" for name, text in terms.items())
    return f"<dl>{parts}</dl>"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], kind: str, texts: Sequence[str] = ()) -> str:
    head = "".join(f'<th scope="col"{_kind("text" * (one in texts))}>{breakable(one)}</th>' for one in heads)
    body = "\n".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return (
        f'<div class="wide"><table class="{kind}"><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>'
    )


def _row_head(text: str) -> str:
    return f'<th scope="row">{breakable(text)}</th>'


def breakable(text: str) -> str:
    """Return a text that may go on in another line after an underscore, as names of metrics must on a telephone."""
    return html.escape(text).replace("_", "_<wbr>" if len(text) > LONG else "_")


def _score(score: Any, *, is_best: bool) -> str:
    if isinstance(score, np.ndarray):
        text = ", ".join(shown(float(one)) for one in score.reshape(-1)[:8]) + (", …" if score.size > 8 else "")
        return f"<td>{text}</td>"
    return f'<td{_kind("best" * is_best)} title="{html.escape(repr(score))}">{shown(float(score))}</td>'


def _cell(value: Any) -> str:
    if not _is_number(value):
        return f'<td class="text">{html.escape(str(value))}</td>'
    if isinstance(value, (float, np.floating)):
        return f'<td title="{html.escape(repr(float(value)))}">{shown(float(value))}</td>'
    return f"<td>{value}</td>"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def _kind(name: str) -> str:
    return f' class="{name}"' if name else ""
