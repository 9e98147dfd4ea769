"""Scores of Spark DataFrames: a state for each partition, made where it is, and merged on the driver."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from squarely import _core
from squarely.accumulator import Accumulator
from squarely.arguments import InvalidParameterError, NanPolicy
from squarely.evaluation import naming, report_of
from squarely.groups.accumulator import GroupedAccumulator
from squarely.groups.evaluation import grouped_report_of
from squarely.named_metrics import MetricLike, as_metrics
from squarely.pairing import pair
from squarely.worst.evaluation import check_columns, worst_asked
from squarely.worst.rows import KeptRows
from squarely.worst.sums import Sums
from squarely.worst.table import WorstTable, worst_table
from squarely.worst.unordered import add_without_order

__all__ = ["accumulate", "evaluate"]

# What a partition sends: the place of the prediction, its state and its worst rows, or why the data are refused.
SCHEMA = "prediction int, state binary, worst binary, refused string"


def evaluate(
    frame: Any,
    true: str,
    pred: str | Sequence[str],
    *,
    by: str | Sequence[str] | None = None,
    weight: str | None = None,
    where: str | None = None,
    metrics: MetricLike | Iterable[MetricLike] | None = None,
    nan_policy: NanPolicy = "raise",
    worst: int = 0,
    worst_by: MetricLike | None = None,
    worst_columns: str | Sequence[str] | None = None,
) -> Any:
    """Score predictions in a Spark DataFrame, as `squarely.evaluate` scores arrays, without gathering them.

    Every partition becomes a state where it lies, read from Arrow batches, and the states are merged on the driver:
    nothing else is sent. The scores have the bits of one call over all rows, however these are ordered and partitioned.
    Workers need squarely, beside the pandas and pyarrow that Spark itself asks for.

    Parameters
    ----------
    frame : pyspark.sql.DataFrame
        Classic or of Spark Connect.
    true : str
        Name of the column with the true values.
    pred : str or sequence of str
        Name of the column with predictions, or names of several: the truth is read once for all of them.
    by : str or sequence of str, optional
        Names of the columns with the keys of groups: each is scored on its own, as in `squarely.evaluate`. States hold
        the groups of their partition; of many groups in each of many partitions repartition the frame by them before.
    weight : str, optional
        Name of the column with the weights of the rows.
    where : str, optional
        Name of a column that is true where a pair counts.
    metrics : str, Metric or iterable of these, default=eight everyday metrics
        As in `squarely.evaluate`, but for those that need all rows at once.
    nan_policy : {"raise", "propagate", "omit", "omit_true"}, default="raise"
        What a missing value means, NaN or null, as in `mean_squared_error`.
    worst : int, default=0
        Return the rows with the largest losses too, as `squarely.evaluate` does. Rows of Spark have no numbers: name
        the column with the id. Of equal losses the smaller truth counts, then the smaller prediction and weight, and
        then the columns that are shown, as text.
    worst_by : str, function or Metric, optional
        The loss, as in `squarely.evaluate`.
    worst_columns : str or sequence of str, optional
        Names of the columns that are shown of these rows, behind those of `by`.

    Returns
    -------
    Report or GroupedReport
        As from `squarely.evaluate`; of a list of predictions with their names.

    Raises
    ------
    ValueError
        As in `squarely.evaluate`. What only the data shows, such as NaN, is raised when the job has run.
    """
    kept = None
    shown = [] if worst_columns is None else [worst_columns] if isinstance(worst_columns, str) else list(worst_columns)
    if worst != 0 or worst_by is not None or shown:
        keys = [] if by is None else [by] if isinstance(by, str) else list(by)
        check_columns([*keys, *shown])
        asked = worst_asked(worst, worst_by, None, as_metrics(metrics, "evaluate"))
        kept = KeptRows(asked.rows, asked.loss, [*keys, *shown])
    empty = _empty(by, metrics, nan_policy)
    states, rows = _collected(frame, true, pred, by, weight, where, shown, _Empty(empty, kept))
    is_single = isinstance(pred, str)
    names = [""] if is_single else list(pred)
    by_name = dict(zip(names, states, strict=True))
    tables = {name: _table(own, by_name[name]) for name, own in zip(names, rows, strict=False)}
    return (report_of if by is None else grouped_report_of)(by_name, is_single=is_single, worst=tables)


def accumulate(
    frame: Any,
    true: str,
    pred: str | Sequence[str],
    *,
    by: str | Sequence[str] | None = None,
    weight: str | None = None,
    where: str | None = None,
    metrics: MetricLike | Iterable[MetricLike] | None = None,
    nan_policy: NanPolicy = "raise",
) -> Any:
    """Return the merged `Accumulator` of a Spark DataFrame, or by groups `GroupedAccumulator`, as of one update.

    Parameters
    ----------
    frame, true, pred, by, weight, where, nan_policy
        As in `squarely.spark.evaluate`.
    metrics : str, Metric or iterable of these, optional
        As in `Accumulator`: the eight everyday ones when left out.

    Returns
    -------
    Accumulator, GroupedAccumulator, or dict of str to such
        A dict where pred is a sequence.

    Raises
    ------
    ValueError
        As in `squarely.spark.evaluate`.
    """
    totals, _ = _collected(frame, true, pred, by, weight, where, [], _Empty(_empty(by, metrics, nan_policy), None))
    return totals[0] if isinstance(pred, str) else dict(zip(pred, totals, strict=True))


class _Empty(NamedTuple):
    """What states and worst rows begin with."""

    state: Any
    kept: KeptRows | None


def _empty(by: Any, metrics: Any, nan_policy: NanPolicy) -> Any:
    return (Accumulator if by is None else GroupedAccumulator)(metrics, nan_policy=nan_policy)


def _table(kept: KeptRows, state: Any) -> WorstTable:
    whole = state.overall() if isinstance(state, GroupedAccumulator) else state
    return worst_table(kept, Sums.of(whole.core, kept.loss), whole.asked)


def _collected(
    frame: Any, true: str, pred: Any, by: Any, weight: Any, where: Any, shown: Sequence[str], empty: _Empty
) -> tuple[list[Any], list[KeptRows]]:
    """Return the states of all partitions merged, one a prediction, and their worst rows where these are asked for."""
    if not hasattr(frame, "mapInArrow"):
        raise InvalidParameterError(
            "The 'frame' parameter of squarely.spark must be a DataFrame of Spark. Got "
            f"{type(frame).__name__} of {type(frame).__module__.partition('.')[0]}."
        )
    columns = _Columns(
        true=true,
        pred=(pred,) if isinstance(pred, str) else tuple(pred),
        by=() if by is None else (by,) if isinstance(by, str) else tuple(by),
        weight=weight,
        where=where,
        shown=tuple(shown),
    )
    _check_names(columns, is_grouped=by is not None)
    # By their places, since of a field of a structure only the last name is left.
    selected = frame.select(*(frame[name].alias(str(place)) for place, name in enumerate(columns.names)))
    rows = selected.mapInArrow(partial(_states_of_partition, columns=columns, empty=empty), SCHEMA).collect()
    for refused in sorted(row["refused"] for row in rows if row["refused"] is not None):
        raise ValueError(refused)
    totals = [copy.copy(empty.state) for _ in columns.pred]
    kept = [] if empty.kept is None else [empty.kept.copy() for _ in columns.pred]
    for row in rows:
        place = row["prediction"]
        totals[place].merge(type(empty.state).from_bytes(bytes(row["state"])))
        if kept:
            kept[place].merge(KeptRows.from_json(json.loads(bytes(row["worst"]))))
    return totals, kept


class _Columns(NamedTuple):
    """The names of the columns."""

    true: str
    pred: tuple[str, ...]
    by: tuple[str, ...]
    weight: str | None
    where: str | None
    shown: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """All that are read, some perhaps twice."""
        beside = [one for one in (self.weight, self.where) if one is not None]
        return [self.true, *self.pred, *self.by, *beside, *self.shown]


def _check_names(columns: _Columns, *, is_grouped: bool) -> None:
    for name, own in (("pred", columns.pred), ("by", columns.by)):
        if (not own and (name == "pred" or is_grouped)) or len(set(own)) < len(own):
            raise InvalidParameterError(f"The {name!r} parameter must name at least one column, each once. Got {own}.")


# Where the partitions are


def _states_of_partition(batches: Iterator[Any], columns: _Columns, empty: _Empty) -> Iterator[Any]:
    """Return a batch of a row for each prediction, or of why one is refused."""
    import pyarrow

    # The other cores have partitions of their own.
    before = _core.use_one_thread_here(True)
    try:
        states = [copy.copy(empty.state) for _ in columns.pred]
        kept = [None if empty.kept is None else empty.kept.copy() for _ in columns.pred]
        for batch in batches:
            _update(states, kept, batch, columns)
        rows: list[dict[str, Any]] = [
            {"prediction": place, "state": state.to_bytes(), "worst": _written(own), "refused": None}
            for place, (state, own) in enumerate(zip(states, kept, strict=True))
        ]
    except ValueError as error:  # told by the driver, without a trace of what Spark was doing
        rows = [{"prediction": 0, "state": None, "worst": None, "refused": str(error)}]
    finally:
        _core.use_one_thread_here(before)
    schema = pyarrow.schema(
        [
            ("prediction", pyarrow.int32()),
            ("state", pyarrow.binary()),
            ("worst", pyarrow.binary()),
            ("refused", pyarrow.string()),
        ]
    )
    yield pyarrow.RecordBatch.from_pylist(rows, schema)


def _written(kept: KeptRows | None) -> bytes | None:
    return None if kept is None else json.dumps(kept.to_json()).encode()


def _update(states: Sequence[Any], kept: Sequence[KeptRows | None], batch: Any, columns: _Columns) -> None:
    arrays = iter(batch.columns)
    y_true = next(arrays)
    predictions = [next(arrays) for _ in columns.pred]
    keys = {name: next(arrays) for name in columns.by}
    weights = None if columns.weight is None else next(arrays)
    where = None if columns.where is None else next(arrays)
    shown = [*keys.values(), *arrays]
    groups = {"by": keys} if keys else {}
    for name, state, own, y_pred in zip(columns.pred, states, kept, predictions, strict=True):
        with naming(name if len(columns.pred) > 1 else ""):
            state.update(y_true, y_pred, sample_weight=weights, where=where, **groups)
            if own is not None and batch.num_rows > 0:
                pairs = pair(y_true, y_pred, where, 0, "evaluate", most_dimensions=None, sample_weight=weights)
                add_without_order(own, pairs, shown)
