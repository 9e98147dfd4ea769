"""Worst rows where rows have no order, as those of a database: of equal losses what is in them decides."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from squarely import _core
from squarely.worst.losses import MOST_ROWS
from squarely.worst.rows import Found, KeptRows, WorstRow

if TYPE_CHECKING:
    from squarely.pairing import PairedColumns

__all__ = ["add_without_order"]


def add_without_order(kept: KeptRows, pairs: PairedColumns, columns: Sequence[Any], file: str = "") -> None:
    """Take in the rows of pairs that are among the worst, by their losses and then by their numbers and values."""
    values_at = kept.values_in(columns, pairs.rows)
    for start, stop in pairs.pieces(are_short=True) if kept.count > 0 else ():
        for found in _reaching(kept, pairs, start, stop):
            kept.add(
                WorstRow((nearest, rest), file, None, y_true, y_pred, weight, loss, values_at(start + row))
                for nearest, rest, row, y_true, y_pred, weight, loss in found
            )


def _reaching(kept: KeptRows, pairs: PairedColumns, start: int, stop: int) -> Iterator[list[Found]]:
    """Yield all rows whose losses reach those of the worst ones: of equal ones every row, so many at a time."""
    where = pairs.counting(start, stop)
    first = pairs.found_in(kept.found_in, start, stop, where)
    own = (first[-1][0], first[-1][1]) if len(first) == kept.count else None
    limit = max((one for one in (own, kept.at_least) if one is not None), default=None)
    loss = kept.loss
    find = functools.partial(
        _core.worst_rows, loss=loss.name, parameter=loss.parameter, count=MOST_ROWS, at_least=limit
    )
    found = pairs.found_in(find, start, stop, where)
    yield found
    while len(found) == MOST_ROWS:  # there may be more, anywhere: found are in the order of losses
        where = np.ones(stop - start, np.bool_) if where is None else where.copy()
        np.moveaxis(where, pairs.axis if where.ndim > 1 else 0, 0)[[one[2] for one in found]] = False
        found = pairs.found_in(find, start, stop, where)
        yield found
