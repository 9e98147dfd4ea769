"""Scores over order statistics of every group, which need all of its pairs at once."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.columns import Array, Columns, Table
from squarely.columns.forms import Column, MaskedColumn, PlainColumn, missing_in
from squarely.groups.scores import GroupScores, NoteOfGroups, Values
from squarely.named_metrics import Metric, metric
from squarely.order_scores import pinball_level, score_of_order
from squarely.pairing import PairedColumns
from squarely.scoring import configuration_of

__all__ = ["RowsOfGroups", "note_of_none", "order_scores_of_groups"]

Rows = npt.NDArray[np.intp]

OF_ERRORS = ("median_absolute_error", "trimmed_mean_squared_error")


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
    values, reasons = _all_at_once(asked, rows, sums.core.configuration), dict[int, str]()
    if values is None:
        values, reasons = _one_by_one(asked, rows, sums.core.configuration)
    return values, note_of_none(asked, values, sums, reasons)


def note_of_none(
    asked: Metric, values: Values, sums: GroupScores, reasons: Mapping[int, str] = MappingProxyType({})
) -> str:
    """Return in how many groups there is no value, and why."""
    note = NoteOfGroups(len(values))
    are_none = np.isnan(values).any(axis=tuple(range(1, values.ndim)))
    for place in np.flatnonzero(are_none).tolist():
        note.add(sums.why_none(int(sums.order[place]), asked) or reasons.get(place, "no defined value"))
    return str(note)


def _one_by_one(asked: Metric, rows: RowsOfGroups, configuration: _core.Configuration) -> tuple[Values, dict[int, str]]:
    options = configuration.multioutput, configuration.nan_policy, configuration.summation
    none = np.full(rows.pairs.output_shape, np.nan) if configuration.multioutput == "raw_values" else math.nan
    values, reasons = [], {}
    for place, pairs in enumerate(rows):
        try:
            values.append(score_of_order(asked, pairs, *options))
        except (ValueError, ZeroDivisionError) as error:
            values.append(none)
            reasons[place] = str(error).rstrip(".")
    return np.array(values), reasons


def _all_at_once(asked: Metric, rows: RowsOfGroups, configuration: _core.Configuration) -> Values | None:
    """Return the value of every group from one order of all rows, or None where that is not simple."""
    pairs = rows.pairs
    if pairs.weights is not None or pairs.outputs != 1 or pairs.is_complex:
        return None
    statistics = pairs.order("absolute_error" if asked.name in OF_ERRORS else "truth")
    is_any_without = any((*statistics.missing_true, *statistics.missing_pred, *statistics.undefined))
    if configuration.nan_policy == "propagate" and is_any_without:
        return None
    by_group = statistics.by_group(rows.groups, len(rows))
    if asked.name == "median_absolute_error":
        values = by_group.quantiles(0.5)
    elif asked.name == "trimmed_mean_squared_error":
        values = by_group.trimmed_mean_squares(asked.parameter)
    elif configuration.summation == "exact":
        values = _explained_pinball_losses(asked, rows, configuration.nan_policy, statistics, by_group)
    else:
        return None
    shape = pairs.output_shape if configuration.multioutput == "raw_values" else ()
    return np.array(values)[rows.order].reshape(len(rows), *shape)


def _explained_pinball_losses(
    asked: Metric,
    rows: RowsOfGroups,
    nan_policy: str,
    statistics: _core.OrderStatistics,
    by_group: _core.OrderStatistics,
) -> list[float]:
    """Return the share of the loss against the quantile of the truth of its group that each prediction takes away."""
    pairs = rows.pairs
    alpha = pinball_level(asked)
    configuration = configuration_of((metric("mean_pinball_loss", alpha=alpha),), "raw_values", nan_policy, "exact")
    constant = np.array(by_group.quantiles(alpha))[rows.groups].reshape(pairs.truth.shape)
    where = pairs.where
    if statistics.pairs[0] < pairs.rows:
        where = ~np.isnan(statistics.values[0]).reshape(pairs.truth.shape)
    baseline = _sums(PairedColumns(pairs.truth, Array(constant), where, pairs.axis), rows, configuration)
    model = _sums(pairs, rows, configuration)
    values = _core.explained_pinball_loss(model, baseline, alpha)
    are_few = np.array(by_group.pairs) < asked.row.least_pairs
    return np.where(are_few, math.nan, values).tolist()  # type: ignore[no-any-return]


def _sums(pairs: PairedColumns, rows: RowsOfGroups, configuration: _core.Configuration) -> _core.State:
    """Return the sums of every group, as outputs of one state."""
    core = _core.GroupedAccumulator(configuration)
    core.add(pairs.sums_by_group(configuration, rows.groups, len(rows)), pairs.output_shape)
    state = core.as_accumulator().state()
    assert state is not None
    return state


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
