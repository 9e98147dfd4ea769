"""The worst rows of files: looked for in the chunks as they are scored, with the columns that are shown of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from squarely.files.sources.source import Chunk, Source
from squarely.named_metrics import Metric
from squarely.worst.evaluation import check_columns
from squarely.worst.losses import check_worst, row_loss
from squarely.worst.rows import KeptRows, WorstRow

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
    from squarely.pairing import pair

    if chunk.rows == 0:
        return
    pairs = pair(y_true, y_pred, None, 0, "score_files", most_dimensions=None, sample_weight=sample_weight)

    values_at = worst.values_in([(chunk.keys or {})[label] for label in worst.columns], chunk.rows)
    for first, found in pairs.found_in_pieces(worst.found_in):
        rows = []
        for nearest, rest, place, truth, prediction, weight, loss in found:
            row = first + place
            number = rows_before + row + 1 if source.rows_have_order else None
            order = (nearest, rest)
            rows.append(WorstRow(order, source.name, number, truth, prediction, weight, loss, values_at(row)))
        worst.add(rows)
