"""The worst rows of files: looked for in the chunks as they are scored, with the columns that are shown of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from squarely.files.sources.source import Chunk, Source
from squarely.named_metrics import Metric
from squarely.worst.evaluation import check_columns, rows_of
from squarely.worst.losses import check_worst, row_loss
from squarely.worst.rows import Found, KeptRows
from squarely.worst.unordered import add_without_order

if TYPE_CHECKING:
    from squarely.pairing import PairedColumns

__all__ = ["add_chunk", "worst_rows_asked"]


def worst_rows_asked(
    worst: object, by: Any, columns: Any, read: Sequence[str], asked: Sequence[Metric]
) -> KeptRows | None:
    """Return what rows are looked for with, or raise what is wrong with it; read are the columns that they show."""
    count = check_worst(worst, "score_files")
    if count == 0 and (by is not None or columns is not None):
        raise ValueError("worst_by and worst_columns say which rows worst= returns, and how: pass worst=20 or so")
    if count == 0:
        return None
    check_columns(read)
    return KeptRows(count, row_loss(by, asked, "score_files"), read)


def add_chunk(
    worst: KeptRows, source: Source, chunk: Chunk, rows_before: int, y_true: Any, y_pred: Any, sample_weight: Any
) -> None:
    """Take in the rows of a chunk, which are so many behind the first row of the file, counted from 1."""
    if chunk.rows == 0 or len(y_true) == 0:  # a batch of a join has rows of which none may match
        return
    columns = [(chunk.keys or {})[label] for label in worst.columns]
    if not source.rows_have_order:
        add_without_order(worst, _paired(y_true, y_pred, sample_weight), columns, source.name)
        return
    values_at = worst.values_in(columns, chunk.rows)
    for first, found in _pieces(worst, y_true, y_pred, sample_weight):
        worst.add(rows_of(found, first, values_at, source.name, rows_before + 1))


def _pieces(worst: KeptRows, y_true: Any, y_pred: Any, sample_weight: Any) -> Iterable[tuple[int, list[Found]]]:
    """Yield what is found in each piece of a chunk: columns of files are arrays, and chunks in memory anything."""
    sides = [y_true, y_pred, *([] if sample_weight is None else [sample_weight])]
    if all(isinstance(side, np.ndarray) and side.ndim == 1 and side.dtype.kind in "fiu" for side in sides):
        return [(0, worst.found_in(y_true, y_pred, sample_weight=sample_weight))]
    return _paired(y_true, y_pred, sample_weight).found_in_pieces(worst.found_in)


def _paired(y_true: Any, y_pred: Any, sample_weight: Any) -> PairedColumns:
    from squarely.pairing import pair

    return pair(y_true, y_pred, None, 0, "score_files", most_dimensions=None, sample_weight=sample_weight)
