"""Scores of Spark DataFrames: a state for each partition, made where it is, and merged on the driver."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from squarely import _core
from squarely.accumulator import Accumulator
from squarely.arguments import InvalidParameterError, NanPolicy
from squarely.evaluation import naming, report_of
from squarely.groups.accumulator import GroupedAccumulator
from squarely.groups.evaluation import grouped_report_of
from squarely.named_metrics import MetricLike

__all__ = ["accumulate", "evaluate"]

# What a partition sends: the place of the prediction and its state, or why the data are refused.
SCHEMA = "prediction int, state binary, refused string"


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

    Returns
    -------
    Report or GroupedReport
        As from `squarely.evaluate`; of a list of predictions with their names.

    Raises
    ------
    ValueError
        As in `squarely.evaluate`. What only the data shows, such as NaN, is raised when the job has run.
    """
    states = accumulate(frame, true, pred, by=by, weight=weight, where=where, metrics=metrics, nan_policy=nan_policy)
    is_single = not isinstance(states, dict)
    by_name = {"": states} if is_single else states
    return (report_of if by is None else grouped_report_of)(by_name, is_single=is_single)


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
    if not hasattr(frame, "mapInArrow"):
        raise InvalidParameterError(
            "The 'frame' parameter of squarely.spark must be a DataFrame of Spark. Got "
            f"{type(frame).__name__} of {type(frame).__module__.partition('.')[0]}."
        )
    kind = Accumulator if by is None else GroupedAccumulator
    columns = _Columns(
        true=true,
        pred=(pred,) if isinstance(pred, str) else tuple(pred),
        by=() if by is None else (by,) if isinstance(by, str) else tuple(by),
        weight=weight,
        where=where,
    )
    _check_names(columns, is_grouped=by is not None)
    empty = kind(metrics, nan_policy=nan_policy)
    # By their places, since of a field of a structure only the last name is left.
    selected = frame.select(*(frame[name].alias(str(place)) for place, name in enumerate(columns.names)))
    rows = selected.mapInArrow(partial(_states_of_partition, columns=columns, empty=empty), SCHEMA).collect()
    totals = [copy.copy(empty) for _ in columns.pred]
    for refused in sorted(row["refused"] for row in rows if row["refused"] is not None):
        raise ValueError(refused)
    for row in rows:
        totals[row["prediction"]].merge(kind.from_bytes(bytes(row["state"])))
    return totals[0] if isinstance(pred, str) else dict(zip(columns.pred, totals, strict=True))


class _Columns(NamedTuple):
    """The names of the columns."""

    true: str
    pred: tuple[str, ...]
    by: tuple[str, ...]
    weight: str | None
    where: str | None

    @property
    def names(self) -> list[str]:
        """All that are read, some perhaps twice."""
        return [self.true, *self.pred, *self.by, *(one for one in (self.weight, self.where) if one is not None)]


def _check_names(columns: _Columns, *, is_grouped: bool) -> None:
    for name, own in (("pred", columns.pred), ("by", columns.by)):
        if (not own and (name == "pred" or is_grouped)) or len(set(own)) < len(own):
            raise InvalidParameterError(f"The {name!r} parameter must name at least one column, each once. Got {own}.")


# Where the partitions are


def _states_of_partition(batches: Iterator[Any], columns: _Columns, empty: Any) -> Iterator[Any]:
    """Return a batch of a row for each prediction, or of why one is refused."""
    import pyarrow

    # The other cores have partitions of their own.
    before = _core.use_one_thread_here(True)
    try:
        states = [copy.copy(empty) for _ in columns.pred]
        for batch in batches:
            _update(states, batch, columns)
        rows: list[dict[str, Any]] = [
            {"prediction": place, "state": state.to_bytes(), "refused": None} for place, state in enumerate(states)
        ]
    except ValueError as error:  # told by the driver, without a trace of what Spark was doing
        rows = [{"prediction": 0, "state": None, "refused": str(error)}]
    finally:
        _core.use_one_thread_here(before)
    schema = pyarrow.schema(
        [("prediction", pyarrow.int32()), ("state", pyarrow.binary()), ("refused", pyarrow.string())]
    )
    yield pyarrow.RecordBatch.from_pylist(rows, schema)


def _update(states: Sequence[Any], batch: Any, columns: _Columns) -> None:
    arrays = iter(batch.columns)
    y_true = next(arrays)
    predictions = [next(arrays) for _ in columns.pred]
    keys = {name: next(arrays) for name in columns.by}
    weights = None if columns.weight is None else next(arrays)
    where = None if columns.where is None else next(arrays)
    groups = {"by": keys} if keys else {}
    for name, state, y_pred in zip(columns.pred, states, predictions, strict=True):
        with naming(name if len(columns.pred) > 1 else ""):
            state.update(y_true, y_pred, sample_weight=weights, where=where, **groups)
