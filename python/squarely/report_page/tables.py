"""Tables of a page: scores side by side, worst rows, and what a page is made of."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from squarely.digits import shown

__all__ = ["definitions", "score_table", "table"]


def score_table(scores: Mapping[str, Mapping[str, Any]], metrics: Sequence[str], best: Mapping[str, str | None]) -> str:
    """Return scores to four digits, a row a metric and a column a prediction; all digits are told on hover."""
    heads = ["", *(name or "score" for name in scores)]
    rows = [
        [f'<th scope="row">{html.escape(metric).replace("_", "_<wbr>")}</th>']
        + [_score(scores[name][metric], is_best=best.get(metric) == name) for name in scores]
        for metric in metrics
    ]
    return _table(heads, rows, "scores")


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a table of texts and numbers."""
    return _table(heads, [[_cell(value) for value in row] for row in rows], "rows")


def definitions(terms: Mapping[str, str]) -> str:
    """Return names and what they stand for."""
    parts = "".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(text)}</dd>" for name, text in terms.items())
    return f"<dl>{parts}</dl>"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], kind: str) -> str:
    head = "".join(f'<th scope="col">{html.escape(text)}</th>' for text in heads)
    body = "\n".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return (
        f'<div class="wide"><table class="{kind}"><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>'
    )


def _score(score: Any, *, is_best: bool) -> str:
    if isinstance(score, np.ndarray):
        text = ", ".join(shown(float(one)) for one in score.reshape(-1)[:8]) + (", …" if score.size > 8 else "")
        return f"<td>{text}</td>"
    kind = ' class="best"' if is_best else ""
    return f'<td{kind} title="{html.escape(repr(score))}">{shown(float(score))}</td>'


def _cell(value: Any) -> str:
    if isinstance(value, (float, np.floating)):
        return f'<td title="{html.escape(repr(float(value)))}">{shown(float(value))}</td>'
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return f"<td>{value}</td>"
    return f'<td class="text">{html.escape(str(value))}</td>'
