"""Tables of notebooks: four digits to read, all of them on hover."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from squarely.digits import shown

__all__ = ["html_table"]


def html_table(heads: Sequence[str], rows: Iterable[Sequence[Any]], lines: Iterable[str]) -> str:
    """Return a table whose rows begin with a name, with lines below it."""
    head = "".join(f"<th>{html.escape(text)}</th>" for text in heads)
    body = "".join(f"<tr><th>{html.escape(str(name))}</th>{''.join(map(_cell, others))}</tr>" for name, *others in rows)
    foot = "<br>".join(html.escape(line) for line in lines)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{foot}</p>"


def _cell(value: Any) -> str:
    if isinstance(value, np.ndarray):
        texts = [shown(float(one)) for one in value.reshape(-1)[:8]] + (["…"] if value.size > 8 else [])
        return f'<td title="{html.escape(repr(value.tolist()[:100]))}">{", ".join(texts)}</td>'
    if isinstance(value, (float, np.floating)):
        return f'<td title="{float(value)!r}">{shown(float(value))}</td>'
    return f"<td>{html.escape('null' if value is None else str(value))}</td>"
