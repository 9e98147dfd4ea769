"""Scores over order statistics of every group, which need all of its pairs at once."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from squarely.columns import Array, Columns, Table
from squarely.columns.forms import Column, MaskedColumn, PlainColumn, missing_in
from squarely.groups.scores import GroupScores, NoteOfGroups, Values
from squarely.named_metrics import Metric
from squarely.order_scores import score_of_order
from squarely.pairing import PairedColumns

__all__ = ["RowsOfGroups", "order_scores_of_groups"]

Rows = npt.NDArray[np.intp]


class RowsOfGroups:
    """The pairs of every group, copied one group at a time."""

    def __init__(self, pairs: PairedColumns, groups: npt.NDArray[np.uint32], order: npt.NDArray[np.intp]) -> None:
        self.pairs = pairs
        self.groups = groups
        self.order = order

    def __len__(self) -> int:
        return len(self.order)

    def __iter__(self) -> Iterator[PairedColumns]:
        """Yield the pairs of the groups in their order; the rows of each are in the order they had."""
        pairs = self.pairs
        rows = np.argsort(self.groups, kind="stable")
        bounds = np.searchsorted(self.groups[rows], np.arange(len(self.order) + 1))
        truth, prediction = _in_one_piece(pairs.truth), _in_one_piece(pairs.prediction)
        weights = None if pairs.weights is None else _in_one_piece(pairs.weights)
        for group in self.order.tolist():
            own = rows[bounds[group] : bounds[group + 1]]
            yield PairedColumns(
                _taken(truth, own, pairs.axis),
                _taken(prediction, own, pairs.axis),
                None if pairs.where is None else _along(pairs.where, own, pairs.axis),
                pairs.axis,
                None if weights is None else _taken(weights, own, pairs.axis),
            )


def order_scores_of_groups(asked: Metric, rows: RowsOfGroups, sums: GroupScores) -> tuple[Values, str]:
    """Return the value of every group, NaN where one has none, and what is to be said of these.

    What all rows together refuse was refused before; of a group alone it only is why it has no value.
    """
    configuration = sums.core.configuration
    options = configuration.multioutput, configuration.nan_policy, configuration.summation
    none = np.full(rows.pairs.output_shape, np.nan) if configuration.multioutput == "raw_values" else math.nan
    note = NoteOfGroups(len(rows))
    values = []
    for group, pairs in zip(rows.order.tolist(), rows, strict=True):
        reason = "no defined value"
        try:
            value = score_of_order(asked, pairs, *options)
        except (ValueError, ZeroDivisionError) as error:
            value, reason = none, str(error).rstrip(".")
        if np.isnan(value).any():
            note.add(sums.why_none(group, asked) or reason)
        values.append(value)
    return np.array(values), str(note)


def _in_one_piece(columns: Columns) -> Columns:
    """Return the same, of a table each column in one piece."""
    if isinstance(columns, Array):
        return columns
    return Table([_column_in_one_piece(column) for column in columns.columns], is_flat=columns.is_flat)


def _column_in_one_piece(column: Column) -> Column:
    bounds = sorted({0, len(column)} | column.breaks())
    segments = [column.segment(start, stop) for start, stop in itertools.pairwise(bounds)]
    values = np.concatenate([segment[0] for segment in segments])
    missing = [missing_in(segment) for segment in segments]
    if all(one is None for one in missing):
        return PlainColumn(values)
    lengths = [len(segment[0]) for segment in segments]
    parts = [np.zeros(n, np.bool_) if one is None else one for one, n in zip(missing, lengths, strict=True)]
    return MaskedColumn(values, np.concatenate(parts))


def _taken(columns: Columns, rows: Rows, axis: int) -> Columns:
    if isinstance(columns, Array):
        mask = None if columns.mask is None else _along(columns.mask, rows, axis)
        return Array(_along(columns.array, rows, axis), mask, is_table=columns.is_table)
    return Table([_taken_of_column(column, rows) for column in columns.columns], is_flat=columns.is_flat)


def _taken_of_column(column: Column, rows: Rows) -> Column:
    values, missing, _ = column.segment(0, len(column))
    if missing is None:
        return PlainColumn(values[rows])
    return MaskedColumn(values[rows], missing[rows])  # type: ignore[arg-type]


def _along(array: npt.NDArray[Any], rows: Rows, axis: int) -> npt.NDArray[Any]:
    """Return some rows of an array, of which one without outputs has them along its only axis."""
    return array[(slice(None),) * (axis if array.ndim > 1 else 0) + (rows,)]
