"""From collections to states: arrays are cut alike, frames and lists paired part by part."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from squarely.accumulator import Accumulator
from squarely.arguments import (
    InvalidParameterError,
    NanPolicy,
    VarianceMultioutput,
    check_axis,
    check_not_empty,
    check_output_weights,
    check_same_shape,
    check_where_shape,
)
from squarely.columns.beside import weight_of_all
from squarely.columns.frame_of_models import models_in
from squarely.columns.labels import check_one_order
from squarely.dask.fusion import without_journeys
from squarely.dask.states import Extras, States, cut_wherever_one_is, state_grid, states_of_chunks, tree_of
from squarely.dask.worst_rows import WorstOfChunks, in_all
from squarely.evaluation import naming, report_of
from squarely.extras import import_extra
from squarely.groups.accumulator import GroupedAccumulator
from squarely.groups.evaluation import grouped_report_of
from squarely.groups.output_blocks import joined_groups
from squarely.groups.report import GroupedReport
from squarely.named_metrics import MetricLike, as_metrics
from squarely.output_blocks import joined
from squarely.report import Report
from squarely.worst.evaluation import WorstAsked, check_columns, worst_asked

__all__ = ["accumulate", "evaluate"]


def evaluate(
    y_true: Any,
    y_pred: Any,
    *,
    metrics: MetricLike | Iterable[MetricLike] | None = None,
    sample_weight: Any = None,
    multioutput: VarianceMultioutput = "uniform_average",
    where: Any = None,
    nan_policy: NanPolicy = "raise",
    axis: int = 0,
    by: Any = None,
    worst: int = 0,
    worst_by: MetricLike | None = None,
    worst_columns: Any = None,
    pictures: bool = False,
    compute: bool = True,
) -> Any:
    """Score predictions in Dask collections, as `squarely.evaluate` scores arrays, without gathering them.

    Every chunk becomes a state of some hundred bytes an output where it lies, the states are merged by a tree, and
    only states move between workers. The scores have the bits of one call over the whole, for every chunking.

    Parameters
    ----------
    y_true : dask.array.Array, dask.dataframe.Series or DataFrame, or list of Delayed or of Future
        Truth. Arrays may be cut along any axis. Partitions of frames and the chunks in a list hold rows, which are
        paired by position, as everywhere in squarely, never by index; so are their columns.
    y_pred : as y_true, or mapping of str to such
        Predictions of the same shape. Arrays may be cut otherwise than the truth: both are cut further where
        their chunks end. Frames, lists, and arrays of unknown length must be cut alike. Of a mapping, or of a
        DataFrame of several columns beside a Series, every prediction is scored, and a chunk of truth is read once for
        all of them.
    metrics : str, Metric or iterable of these, default=eight everyday metrics
        Names from `metric_names()`, or what `metric` makes of them. Metrics over order statistics, as the median, are
        refused: no sum holds them.
    sample_weight : as y_true, of one dimension, or float, optional
        Weights of the rows.
    multioutput : {"uniform_average", "raw_values", "variance_weighted"} or array-like, default="uniform_average"
        As in `squarely.evaluate`.
    where : as y_true, of booleans, of the shape of the rows or of y_true, optional
        True where a pair counts.
    nan_policy : {"raise", "propagate", "omit", "omit_true"}, default="raise"
        What a missing value means, as in `mean_squared_error`.
    axis : int, default=0
        The axis of the rows, of arrays.
    by : as y_true, of one dimension, dask.dataframe.DataFrame, or mapping of str to such, optional
        The key of every row, or several columns of them, as in `squarely.evaluate`: every group of rows of one key is
        scored on its own. States hold the groups of their chunk, and are merged by their keys.
    worst : int, default=0
        Return the rows with the largest losses too, as `squarely.evaluate` does, with their numbers in the whole. Every
        chunk sends its own, at most so many.
    worst_by : str, function or Metric, optional
        The loss, as in `squarely.evaluate`.
    worst_columns : mapping of str to collections as y_true, of one dimension, or dask.dataframe.DataFrame, optional
        What is shown of these rows, as ids or dates.
    pictures : bool, default=False
        Count the pairs by size, too, as `squarely.evaluate` does.
    compute : bool, default=True
        Whether to run the graph now, on the scheduler that Dask is set to. If not, its Delayed is returned.

    Returns
    -------
    Report, GroupedReport or dask.delayed.Delayed
        As from `squarely.evaluate`.

    Raises
    ------
    ImportError
        Where Dask is not installed: ``pip install 'squarely[dask]'``.
    ValueError
        As in `squarely.evaluate`, and where chunks do not pair. What only the data shows, such as NaN, is raised when
        the graph runs.

    Notes
    -----
    Sums are exact; sums that round (``summation="kahan"``) would depend on the chunks, and are not offered. Where
    Dask runs tasks side by side, each is scored on one thread: the threads are Dask's.

    Examples
    --------
    >>> import dask.array as da
    >>> import squarely.dask
    >>> y_true = da.arange(1000, chunks=100)
    >>> y_pred = y_true + 1
    >>> print(squarely.dask.evaluate(y_true, y_pred, metrics=("mean_squared_error", "r2_score")))
    mean_squared_error 1.0
    r2_score           0.999987999988
    1000 pairs
    >>> squarely.dask.evaluate(y_true, y_pred, metrics="mae", by=y_true % 2)["mae"]
    array([1., 1.])
    >>> squarely.dask.evaluate(y_true, da.where(y_true == 700, 0, y_true), worst=1).worst["row"]
    [700]
    """
    rows_asked = None
    if worst != 0 or worst_by is not None or worst_columns is not None:
        asked = as_metrics(metrics, "evaluate")
        rows_asked = worst_asked(worst, worst_by, worst_columns, asked)
        check_columns(list(rows_asked.columns))
    states = _states(
        y_true,
        y_pred,
        metrics,
        sample_weight,
        multioutput,
        where,
        nan_policy,
        axis,
        by,
        pictures,
        "evaluate",
        rows_asked,
    )
    report = import_extra("dask").delayed(_report, pure=False)(states.delayed, states.names)
    return report.compute() if compute else report


def accumulate(
    y_true: Any,
    y_pred: Any,
    *,
    metrics: MetricLike | Iterable[MetricLike] | None = None,
    sample_weight: Any = None,
    multioutput: VarianceMultioutput = "uniform_average",
    where: Any = None,
    nan_policy: NanPolicy = "raise",
    axis: int = 0,
    by: Any = None,
    pictures: bool = False,
    compute: bool = True,
) -> Any:
    """Return the merged `Accumulator` of Dask collections, or by groups `GroupedAccumulator`, as of one update.

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput, where, nan_policy, axis, by, pictures
        As in `squarely.dask.evaluate`.
    metrics : str, Metric or iterable of these, optional
        As in `Accumulator`: the eight everyday ones when left out.
    compute : bool, default=True
        Whether to run the graph now. If not, its Delayed is returned.

    Returns
    -------
    Accumulator, GroupedAccumulator, dict of str to such, or dask.delayed.Delayed
        By groups a GroupedAccumulator; a dict where y_pred is a mapping.

    Raises
    ------
    ImportError, ValueError
        As in `squarely.dask.evaluate`.

    Examples
    --------
    >>> import dask.array as da
    >>> import numpy as np
    >>> import squarely.dask
    >>> y_true = np.random.default_rng(0).standard_normal(1000)
    >>> whole = squarely.Accumulator().update(y_true, np.zeros(1000))
    >>> cut = da.from_array(y_true, chunks=300)
    >>> squarely.dask.accumulate(cut, da.zeros(1000, chunks=70)).digest() == whole.digest()
    True
    """
    states = _states(
        y_true, y_pred, metrics, sample_weight, multioutput, where, nan_policy, axis, by, pictures, "accumulate"
    )
    accumulators = import_extra("dask").delayed(_by_name, pure=False)(states.delayed, states.names)
    return accumulators.compute() if compute else accumulators


class _MergedStates(NamedTuple):
    """Where the merged states will be, and whose they are."""

    delayed: Any
    names: tuple[str, ...] | None  # None where y_pred is no mapping


class _Sides(NamedTuple):
    """What was passed, by the names of parameters: first the truth, then predictions, weights, where and keys."""

    collections: dict[str, Any]
    extras: Extras
    beside: tuple[str, ...]  # of the collections that are keys of groups, or shown of the worst rows


def _states(
    y_true: Any,
    y_pred: Any,
    metrics: Any,
    sample_weight: Any,
    multioutput: Any,
    where: Any,
    nan_policy: Any,
    axis: Any,
    by: Any,
    pictures: bool,
    function: str,
    rows_asked: WorstAsked | None = None,
) -> _MergedStates:
    import_extra("dask")
    kind = Accumulator if by is None else GroupedAccumulator
    result = kind(metrics, multioutput=multioutput, nan_policy=nan_policy, pictures=pictures)
    models = models_in(y_true, y_pred)
    predictions = {"": y_pred} if models is None else models
    named = {f"y_pred[{name!r}]" if name else "y_pred": one for name, one in predictions.items()}
    of_all = weight_of_all(sample_weight, function)
    keys = _keys_of(by)
    shown = {} if rows_asked is None else {f"worst_columns[{name!r}]": one for name, one in rows_asked.columns.items()}
    collections = {
        "y_true": y_true,
        **named,
        **({} if sample_weight is None or of_all is not None else {"sample_weight": sample_weight}),
        **({} if where is None else {"where": where}),
        **keys,
        **shown,
    }
    extras = Extras(
        empty=result,
        names=tuple(predictions),
        axis=axis,
        has_weights="sample_weight" in collections,
        has_where=where is not None,
        weight_of_all=None if of_all is None else of_all.item(),
        by=None if by is None else tuple(by) if isinstance(by, Mapping) else (),
        worst=None
        if rows_asked is None
        else WorstOfChunks(rows_asked.rows, rows_asked.loss, tuple(rows_asked.columns)),
    )
    kinds = {_kind_of(one, name, function) for name, one in collections.items()}
    sides = _Sides(collections, extras, (*keys, *shown))
    if kinds == {"array"}:
        delayed = _merged_states_of_arrays(sides, function)
    else:
        if axis != 0:
            raise ValueError(f"Partitions of frames and chunks in a list hold rows: axis must be 0. Got {axis!r}.")
        chunks = _states_of_frames(sides) if kinds == {"frame"} else _states_of_lists(sides)
        delayed = tree_of(chunks, in_order=rows_asked is not None)
    return _MergedStates(delayed, None if models is None else extras.names)


def _keys_of(by: Any) -> dict[str, Any]:
    """Return the columns of keys by what they are called in messages."""
    if not isinstance(by, Mapping):
        return {} if by is None else {"by": by}
    if not by:
        raise InvalidParameterError("The 'by' parameter has no columns of keys. Pass at least one.")
    return {f"by[{name!r}]": column for name, column in by.items()}


def _by_name(states: States, names: tuple[str, ...] | None) -> Any:
    return states[0] if names is None else dict(zip(names, states, strict=True))


def _report(states: States, names: tuple[str, ...] | None) -> Report | GroupedReport:
    models = names or ("",)
    by_name = dict(zip(models, states[: len(models)], strict=True))
    worst = {name: in_all(rows).table(by_name[name]) for name, rows in zip(models, states[len(models) :], strict=False)}
    if isinstance(states[0], GroupedAccumulator):
        return grouped_report_of(by_name, is_single=names is None, worst=worst)
    return report_of(by_name, is_single=names is None, worst=worst)


def _kind_of(collection: Any, name: str, function: str) -> str:
    """Return whether it is an array, a frame or a list of what is still to come, or refuse it."""
    dask_array, dask_frame = sys.modules.get("dask.array"), sys.modules.get("dask.dataframe")
    if isinstance(collection, getattr(dask_array, "Array", ())):
        return "array"
    if isinstance(collection, (getattr(dask_frame, "Series", ()), getattr(dask_frame, "DataFrame", ()))):
        return "frame"
    if isinstance(collection, (list, tuple)) and collection and all(map(_is_to_come, collection)):
        return "list"
    library = type(collection).__module__.partition(".")[0]
    advice = {
        "xarray": "Pass it to squarely.xarray.evaluate.",
        "builtins": f"Pass the column itself, as frame[{collection!r}]." if isinstance(collection, str) else "",
        "numpy": "Pass dask.array.from_array of it, cut like y_true; if all is in memory, call squarely.evaluate.",
    }
    raise InvalidParameterError(
        f"The {name!r} parameter of squarely.dask.{function} must be a Dask array, Series or DataFrame, or a list of "
        f"Delayed or Future objects. Got {type(collection).__name__} of {library}. {advice.get(library, '')}".rstrip()
    )


def _is_to_come(chunk: object) -> bool:
    delayed, client = sys.modules.get("dask.delayed"), sys.modules.get("distributed.client")
    return isinstance(chunk, (getattr(delayed, "Delayed", ()), getattr(client, "Future", ())))


# Arrays


def _merged_states_of_arrays(sides: _Sides, function: str) -> Any:
    """Return the Delayed of the states of all rows, joined where outputs are cut too."""
    _check_dimensions(sides)
    axis = check_axis(sides.extras.axis, sides.collections["y_true"].ndim, function)
    _check_shapes(sides.collections, axis)
    arrays = [_without_column(array, axis) for array in sides.collections.values()]
    rank = arrays[0].ndim
    dimensions = [tuple(range(rank)) if array.ndim == rank else (axis,) for array in arrays]
    outputs = math.prod(size for number, size in enumerate(arrays[0].shape) if number != axis)
    if sides.extras.worst is not None and outputs != 1:
        raise ValueError(
            f"worst={sides.extras.worst.most} asks for rows of one output, and there are {outputs}. Pass the columns "
            "one by one, or as rows of their own: y_true.ravel() and y_pred.ravel()."
        )
    check_output_weights(sides.extras.empty.core.configuration.multioutput, outputs)
    cut = _cut_alike(arrays, dimensions, axis)
    is_cut_across = any(len(sizes) > 1 for number, sizes in enumerate(cut[0].chunks) if number != axis)
    result = sides.extras.empty
    empty = _without_output_weights(result) if is_cut_across else result
    extras = sides.extras._replace(axis=axis, empty=empty)
    grid = state_grid(cut, dimensions, partial(states_of_chunks, extras=extras, where_from="a block"))
    rows_last = np.moveaxis(grid, axis, -1)
    in_order = extras.worst is not None
    columns = [tree_of(rows_last[index], in_order=in_order) for index in np.ndindex(rows_last.shape[:-1])]
    if not is_cut_across:
        return columns[0]
    return import_extra("dask").delayed(_joined_states, pure=False)(columns, rows_last.shape[:-1], result)


def _check_dimensions(sides: _Sides) -> None:
    for name, array in sides.collections.items():
        if name in sides.beside and array.ndim != 1:
            what = "columns that are shown" if name.startswith("worst_columns") else "keys"
            raise ValueError(f"{name} has {array.ndim} dimensions, and {what} have one, that of the rows.")
        if array.ndim == 0:
            raise ValueError(f"{name} is a Dask array without dimensions, and must have an axis of rows. Compute it.")


def _check_shapes(arrays: Mapping[str, Any], axis: int) -> None:
    shapes = {name: _known(array.shape, axis, name) for name, array in arrays.items()}
    if any(-1 in shape for shape in shapes.values()):
        _check_same_number({name: array.numblocks[min(axis, array.ndim - 1)] for name, array in arrays.items()})
        shapes = {name: _with_rows(shape, axis if len(shape) > axis else 0, -1) for name, shape in shapes.items()}
    else:
        for name, shape in shapes.items():
            check_not_empty(shape, min(axis, len(shape) - 1), name)
    truth = shapes["y_true"]
    for name, shape in shapes.items():
        with naming(name if name.startswith("y_pred[") else ""):
            if name == "where":
                check_where_shape(shape, truth, truth, axis)
            elif name.startswith(("sample_weight", "by", "worst_columns")) and shape != (truth[axis],):
                raise ValueError(f"{name} has shape {shape}, and must have that of the rows, ({truth[axis]},).")
            elif name.startswith("y_pred"):
                check_same_shape(truth, shape, axis)


def _known(shape: tuple[float, ...], axis: int, name: str) -> tuple[int, ...]:
    """Return a shape with -1 for a number of rows that Dask does not know, or refuse unknown numbers of outputs."""
    known = tuple(-1 if np.isnan(size) else int(size) for size in shape)
    rows = axis if len(known) > axis else 0
    if any(size == -1 for number, size in enumerate(known) if number != rows):
        raise ValueError(f"{name} has shape {shape}: only the number of rows may be unknown. Compute its chunk sizes.")
    return known


def _with_rows(shape: tuple[int, ...], axis: int, rows: int) -> tuple[int, ...]:
    return (*shape[:axis], rows, *shape[axis + 1 :])


def _check_same_number(chunks: Mapping[str, int]) -> None:
    """Refuse chunks of unknown length that cannot be paired one by one."""
    if len(set(chunks.values())) > 1:
        counted = ", ".join(f"{name} has {number}" for name, number in chunks.items())
        raise ValueError(
            f"Chunks of unknown length are paired one by one, so each must have as many: {counted}. Cut them alike."
        )


def _without_column(array: Any, axis: int) -> Any:
    """Return a column (n, 1) as (n,): the only two shapes that go together."""
    return array[:, 0] if axis == 0 and array.ndim == 2 and array.shape[1] == 1 else array


def _cut_alike(arrays: list[Any], dimensions: Sequence[Sequence[int]], axis: int) -> list[Any]:
    """Return the arrays cut wherever one of them is."""
    truth = arrays[0]
    if any(np.isnan(size) for array in arrays for size in array.shape):
        across = {number: truth.chunks[number] for number in range(truth.ndim) if number != axis}
        return [array.rechunk(across) if array.ndim == truth.ndim else array for array in arrays]
    return cut_wherever_one_is(arrays, dimensions)


def _without_output_weights(accumulator: Any) -> Any:
    """Return the configuration for a part of the outputs: weights are those of all."""
    if isinstance(accumulator.multioutput, str):
        return accumulator
    return Accumulator(accumulator.asked, nan_policy=accumulator.nan_policy, pictures=accumulator.pictures)


def _joined_states(columns: Sequence[States], grid: tuple[int, ...], result: Any) -> States:
    """Return for each prediction the accumulator of all outputs."""
    together = []
    for states in zip(*columns, strict=True):
        blocks = np.empty(len(columns), dtype=object)
        blocks[:] = states
        join = joined_groups if isinstance(result, GroupedAccumulator) else joined
        together.append(join(blocks.reshape(grid), result))
    return together


# Partitions of frames, and lists


def _states_of_frames(sides: _Sides) -> list[Any]:
    frames = list(sides.collections.values())
    tables = {name: one for name, one in sides.collections.items() if one.ndim == 2 and name not in sides.beside}
    check_one_order({name: {1: one.columns} for name, one in tables.items()}, 0)
    _check_same_number({name: frame.npartitions for name, frame in sides.collections.items()})
    divisions = {frame.divisions for frame in frames if frame.known_divisions}
    if len(divisions) > 1:
        raise ValueError(
            "The frames have different divisions, and partitions are paired by position. Align them first, as with "
            "y_pred.repartition(divisions=y_true.divisions)."
        )
    # As one expression, so that Dask reads a partition of the file under them once.
    states = import_extra("dask.dataframe").map_partitions(
        partial(states_of_chunks, extras=sides.extras, where_from="a partition"),
        *frames,
        meta=frames[0]._meta,
        enforce_metadata=False,
        align_dataframes=False,
    )
    return list(states.to_delayed())


def _states_of_lists(sides: _Sides) -> list[Any]:
    chunks = {name: _list_of(collection) for name, collection in sides.collections.items()}
    _check_same_number({name: len(own) for name, own in chunks.items()})
    delayed = import_extra("dask").delayed
    states = [
        delayed(partial(states_of_chunks, extras=sides.extras, where_from=f"chunk {number}"), pure=False)(*own)
        for number, own in enumerate(zip(*chunks.values(), strict=True))
    ]
    return without_journeys(states)


def _list_of(collection: Any) -> list[Any]:
    """Return the chunks of rows, also of what stands beside a list: a frame or an array."""
    if isinstance(collection, (list, tuple)):
        return list(collection)
    if getattr(collection, "ndim", 1) > 1 and hasattr(collection, "rechunk"):
        collection = collection.rechunk(dict.fromkeys(range(1, collection.ndim), -1))
    return list(np.ravel(np.asarray(collection.to_delayed(), dtype=object)))
