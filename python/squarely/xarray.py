"""Scores of labelled arrays along named dimensions, lazily where the arrays are."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from squarely.accumulator import Accumulator
from squarely.arguments import InvalidParameterError, NanPolicy, check_not_empty
from squarely.columns.beside import weight_of_all
from squarely.extras import import_extra
from squarely.groups.accumulator import GroupedAccumulator
from squarely.groups.scores import GroupScores
from squarely.named_metrics import MetricLike, as_metrics
from squarely.worst.labelled import worst_cells
from squarely.worst.losses import check_worst, row_loss
from squarely.worst.table import WorstTable

__all__ = ["evaluate", "worst_rows"]

METRIC = "metric"

# Rows of several dimensions that lie apart in memory are copied together, about this many elements at a time.
ELEMENTS_AT_ONCE = 2**20


def evaluate(
    truth: Any,
    prediction: Any,
    dim: Hashable | Iterable[Hashable] | None = None,
    *,
    metrics: MetricLike | Iterable[MetricLike] | None = None,
    sample_weight: Any = None,
    nan_policy: NanPolicy = "raise",
    keep_attrs: bool = False,
    by: Any = None,
) -> Any:
    """Score predictions along named dimensions; every index of the other dimensions has scores of its own.

    Parameters
    ----------
    truth, prediction : xarray.DataArray or xarray.Dataset
        Both of the same kind. Dimensions are paired by name, in whichever order, and coordinates must be equal.
        A dimension that only one of them has, as the members of an ensemble, is one of the result's, unless it is in
        dim. Of Datasets the variables that both have are scored.
    dim : str or iterable of str, optional
        The dimensions to score along, all by default.
    metrics : str, Metric or iterable of these, default=eight everyday metrics
        Names from `metric_names()`, or what `metric` makes of them. Metrics over order statistics, as the median, are
        refused.
    sample_weight : xarray.DataArray or float, optional
        Weights, over one or more of the dimensions in dim: cosines of the latitude, say.
    nan_policy : {"raise", "propagate", "omit", "omit_true"}, default="raise"
        What a missing value means, as in `mean_squared_error`. A land mask needs "omit".
    keep_attrs : bool, default=False
        Whether each variable of the result has the attributes of the truth. Units seldom stay true.
    by : str, xarray.DataArray, or list of such, optional
        What the rows are grouped by, every group scored on its own: the name of a coordinate, a part of a date as
        "time.month", or an array, over one or more of the dimensions in dim. Lazy arrays are computed for it. The
        groups are a dimension of the result in front of the others, with the name of the coordinate or the array,
        "group" where it has none, and with the keys as its coordinate, in order; NaN is a key too, the last. Several
        have a dimension each, and combinations that do not occur are NaN.

    Returns
    -------
    xarray.Dataset
        Of DataArrays with a variable for each metric. Of Datasets with the variables they have, each with a dimension
        "metric" in front, so that one is ``scores["t2m"].sel(metric="r2_score")``. Where a cell has no pairs, too few,
        or numbers outside the domain of a metric, that is NaN in this cell.

    Raises
    ------
    ImportError
        Where xarray is not installed: ``pip install 'squarely[xarray]'``.
    ValueError
        As in `squarely.evaluate`, and where coordinates differ or a dimension is missing. What only the data shows is
        raised by ``compute()`` where the data is lazy.

    Notes
    -----
    Over Dask the result is lazy too. Chunks stay as they are, along dim as well: each becomes a state, and states are
    merged. The scores have the bits of `squarely.evaluate` with ``multioutput="raw_values"``, for every chunking.

    Examples
    --------
    >>> import xarray as xr
    >>> import squarely.xarray
    >>> truth = xr.DataArray([[1.0, 2.0], [3.0, 4.0], [5.0, 9.0]], dims=("time", "x"), coords={"x": [10, 20]})
    >>> scores = squarely.xarray.evaluate(truth, truth + 1, "time", metrics=("mean_squared_error", "mean_error"))
    >>> scores["mean_error"].values
    array([1., 1.])
    >>> scores.x.values
    array([10, 20])
    >>> half = xr.DataArray(["first", "second", "second"], dims="time", name="half")
    >>> by_half = squarely.xarray.evaluate(truth, truth.shift(x=1, fill_value=0.0), by=half, metrics="mean_error")
    >>> by_half["mean_error"].to_series().to_dict()
    {'first': -1.0, 'second': -3.25}
    """
    xarray = import_extra("xarray")
    asked = as_metrics(metrics, "evaluate")
    kind = Accumulator if by is None else GroupedAccumulator
    empty = kind(asked, multioutput="raw_values", nan_policy=nan_policy)
    _check_kinds(truth, prediction, xarray)
    keys = _keys(by, truth, prediction, xarray)
    _check_aligned(truth, prediction, [sample_weight, *keys], xarray)
    dims = _dimensions(dim, truth, prediction)
    weights, own = _weights(sample_weight, dims, {**truth.sizes, **prediction.sizes}, xarray)
    groups = _groups(keys, dims, truth, prediction, xarray)
    along = [one for one in dims if one in groups.codes.dims] if keys else []
    rows = _Rows(
        empty=empty,
        dimensions=len(dims),
        weight_of_all=None if own else weights,
        along=tuple(map(dims.index, along)),
        groups=tuple(map(len, groups.keys)),
    )
    scores = xarray.apply_ufunc(
        partial(_scores, rows=rows),
        truth,
        prediction,
        *([weights] if own else []),
        *([groups.codes] if keys else []),
        input_core_dims=[dims, dims, *([own] if own else []), *([along] if keys else [])],
        # A group may have the name of a dimension that is scored along, which is there until it is done.
        output_core_dims=[[*range(len(keys)), METRIC]],
        join="exact",
        dataset_join="inner",
        keep_attrs=keep_attrs,
        dask="allowed",
    )
    scores = _with_groups(scores, groups).assign_coords({METRIC: [one.label for one in asked]})
    if isinstance(truth, xarray.Dataset):
        return scores.transpose(METRIC, *groups.names, ...)
    by_metric = scores.transpose(*groups.names, ...).to_dataset(dim=METRIC)
    for name in by_metric.data_vars if keep_attrs else ():
        by_metric[name].attrs.update(truth.attrs)
    return by_metric


def worst_rows(
    truth: Any,
    prediction: Any,
    count: int = 20,
    *,
    by: MetricLike | None = None,
    sample_weight: Any = None,
    nan_policy: NanPolicy = "raise",
) -> WorstTable:
    """Return the cells with the largest losses, with their coordinates: where and when a forecast failed.

    Parameters
    ----------
    truth, prediction : xarray.DataArray
        Dimensions are paired by name, and coordinates must be equal. Of Datasets pass the variables one by one.
    count : int, default=20
        How many cells are returned, at most 10,000.
    by : str, function or Metric, default="squared_error"
        The loss, as `worst_by` of `squarely.evaluate`.
    sample_weight : xarray.DataArray or float, optional
        Weights, over some of the dimensions: cells are in the order of the product of loss and weight.
    nan_policy : {"raise", "propagate", "omit", "omit_true"}, default="raise"
        What a missing value means, as in `mean_squared_error`. A cell with one is none of these.

    Returns
    -------
    WorstTable
        A row for each cell, the worst first, with a column for each dimension: its coordinate, or the place along it
        where it has none. Of equal losses the first cell counts, in the order of the dimensions of truth, and then of
        those that the prediction alone has; ``row`` is its number in that order.

    Raises
    ------
    ImportError
        Where xarray is not installed: ``pip install 'squarely[xarray]'``.
    ValueError
        As in `squarely.xarray.evaluate`.

    Notes
    -----
    Over Dask every block sends its own cells, at most so many, and the result is that of the whole in memory.

    Examples
    --------
    >>> import xarray as xr
    >>> import squarely.xarray
    >>> truth = xr.DataArray([[1.0, 2.0], [3.0, 4.0]], dims=("time", "x"), coords={"x": [10, 20]})
    >>> print(squarely.xarray.worst_rows(truth, truth.where(truth < 4, 9.0) + 1, 2))
    row  time  x   y_true  y_pred  residual  loss  share_percent  r2_influence
    3    1     20  4       10      -6        36    92.3077        6.3
    0    0     10  1       2       -1        1     2.5641         -11.2
    2 worst of 4 rows by squared_error: 94.8718 % of the sum
    """
    xarray = import_extra("xarray")
    for name, values in (("truth", truth), ("prediction", prediction)):
        if not isinstance(values, xarray.DataArray):
            raise InvalidParameterError(
                f"The {name!r} parameter of squarely.xarray.worst_rows must be a DataArray. Got "
                f"{type(values).__name__}."
            )
    most = check_worst(count, "squarely.xarray.worst_rows", "count")
    loss = row_loss(by, (), "squarely.xarray.worst_rows", "by")
    _check_aligned(truth, prediction, [sample_weight], xarray)
    dims = list(dict.fromkeys([*truth.dims, *prediction.dims]))
    weights, own = _weights(sample_weight, dims, {**truth.sizes, **prediction.sizes}, xarray, "worst_rows")
    cells = [one.transpose(*dims) for one in xarray.broadcast(truth, prediction, *([weights] if own else []))]
    return worst_cells(cells, None if own else weights, most, loss, nan_policy)


# What goes together


def _check_kinds(truth: Any, prediction: Any, xarray: Any) -> None:
    for name, values in (("truth", truth), ("prediction", prediction)):
        if not isinstance(values, (xarray.DataArray, xarray.Dataset)):
            raise InvalidParameterError(
                f"The {name!r} parameter of squarely.xarray.evaluate must be a DataArray or a Dataset. Got "
                f"{type(values).__name__}; squarely.evaluate takes arrays without labels."
            )
        if METRIC in values.dims:
            raise ValueError(f"{name} has a dimension 'metric', as the result will have. Rename it.")
    if type(truth) is not type(prediction):
        raise InvalidParameterError(
            "The 'truth' and 'prediction' parameters of squarely.xarray.evaluate must be of the same kind. Got "
            f"{type(truth).__name__} and {type(prediction).__name__}."
        )
    if isinstance(truth, xarray.Dataset) and not set(truth.data_vars) & set(prediction.data_vars):
        raise ValueError(
            f"No variable is in both Datasets: truth has {list(truth.data_vars)}, prediction "
            f"{list(prediction.data_vars)}."
        )


def _check_aligned(truth: Any, prediction: Any, others: Sequence[Any], xarray: Any) -> None:
    labelled = [truth, prediction, *(one for one in others if isinstance(one, xarray.DataArray))]
    try:
        xarray.align(*labelled, join="exact", copy=False)
    except ValueError as error:
        raise ValueError(
            "truth, prediction, sample_weight and by must have equal coordinates along the dimensions they share. "
            f"Align them first, as with xarray.align(truth, prediction, join='inner'). xarray says: {error}"
        ) from error


def _dimensions(dim: Any, truth: Any, prediction: Any) -> list[Hashable]:
    every = list(dict.fromkeys([*truth.dims, *prediction.dims]))
    dims = every if dim is None else [dim] if isinstance(dim, str) or not isinstance(dim, Iterable) else list(dim)
    if not dims or len(set(dims)) < len(dims):
        raise ValueError(f"The 'dim' parameter must name at least one dimension, each once. Got {dim!r}.")
    for name, values in (("truth", truth), ("prediction", prediction)):
        for label, variable in _variables(values, truth, prediction):
            missing = [one for one in dims if one not in variable.dims]
            if missing:
                raise ValueError(
                    f"{name}{label} has no dimension {missing[0]!r}, along which to score: it has "
                    f"{tuple(variable.dims)}."
                )
    return dims


def _variables(values: Any, truth: Any, prediction: Any) -> list[tuple[str, Any]]:
    if not hasattr(values, "data_vars"):
        return [("", values)]
    common = [name for name in truth.data_vars if name in prediction.data_vars]
    return [(f" (variable {name!r})", values[name]) for name in common]


def _weights(
    sample_weight: Any, dims: Sequence[Hashable], sizes: Mapping[Hashable, int], xarray: Any, function: str = "evaluate"
) -> tuple[Any, list[Hashable]]:
    """Return the weights and the dimensions they have, none where one weight is for all."""
    if sample_weight is None:
        return None, []
    if not isinstance(sample_weight, xarray.DataArray):
        if np.ndim(sample_weight) != 0:
            raise InvalidParameterError(
                f"The 'sample_weight' parameter of squarely.xarray.{function} must be a DataArray, a float or None. "
                f"Got {type(sample_weight).__name__}: without names it is not known along which dimension."
            )
        of_all = weight_of_all(sample_weight, f"squarely.xarray.{function}")
        return None if of_all is None else of_all.item(), []
    own = [one for one in dims if one in sample_weight.dims]
    beyond = [one for one in sample_weight.dims if one not in dims]
    if beyond or not own:
        raise ValueError(
            f"sample_weight has the dimensions {tuple(sample_weight.dims)}, and weights are of rows: it must have some "
            f"of {tuple(dims)}, along which to score, and no others."
        )
    # A view: rows along a dimension that the weights do not have count alike.
    return sample_weight.expand_dims({one: sizes[one] for one in dims if one not in own}), list(dims)


# Groups


class _Groups(NamedTuple):
    """Which groups there are, along one dimension of the result or several."""

    names: tuple[Hashable, ...]
    keys: tuple[Any, ...]  # of each dimension a variable
    codes: Any
    """A number for each row, which counts through the groups in the order of C."""


def _keys(by: Any, truth: Any, prediction: Any, xarray: Any) -> list[Any]:
    """Return DataArrays of the keys of rows, one for each dimension of groups."""
    if by is None:
        return []
    every = list(by) if isinstance(by, (list, tuple)) else [by]
    if not every:
        raise InvalidParameterError("The 'by' parameter names nothing to group by. Pass at least one coordinate.")
    return [one if isinstance(one, xarray.DataArray) else _coordinate(one, truth, prediction) for one in every]


def _coordinate(name: Any, truth: Any, prediction: Any) -> Any:
    for values in (truth, prediction) if isinstance(name, Hashable) else ():
        if name in values.coords:
            return values.coords[name]
        try:
            if isinstance(name, str):  # a variable, or a part of a date
                return values[name]
        except (KeyError, AttributeError, TypeError):
            continue
    raise InvalidParameterError(
        f"The 'by' parameter must be a DataArray, or name a coordinate of truth or prediction, of which there are "
        f"{', '.join(map(repr, dict.fromkeys([*truth.coords, *prediction.coords]))) or 'none'}. Got {name!r}."
    )


def _groups(keys: Sequence[Any], dims: Sequence[Hashable], truth: Any, prediction: Any, xarray: Any) -> _Groups:
    names = tuple("group" if one.name is None else one.name for one in keys)
    kept = [one for one in [*truth.dims, *prediction.dims] if one not in dims]
    for name, one in zip(names, keys, strict=True):
        if not one.dims or not set(one.dims) <= set(dims):
            raise ValueError(
                f"by {name!r} has the dimensions {tuple(one.dims)}, and groups are of rows: it must have some of "
                f"{tuple(dims)}, along which to score, and no others."
            )
        if name in kept or name == METRIC or names.count(name) > 1:
            raise ValueError(f"The result would have two dimensions {name!r}, one of them of groups. Rename by.")
    codes: Any = 0
    coordinates = []
    for name, one in zip(names, keys, strict=True):
        own, found = _numbered(one.values)
        coordinates.append(xarray.Variable(name, found, one.attrs))
        codes = codes * len(found) + xarray.DataArray(own, dims=one.dims)
    return _Groups(names, tuple(coordinates), codes)


def _numbered(values: npt.NDArray[Any]) -> tuple[npt.NDArray[np.intp], npt.NDArray[Any]]:
    """Return for each of the keys its number among those that differ, and these in order, a missing one last."""
    import pandas

    codes, found = pandas.factorize(values.ravel(), sort=True, use_na_sentinel=False)
    return codes.reshape(values.shape), np.asarray(found).astype(values.dtype)


def _with_groups(scores: Any, groups: _Groups) -> Any:
    dimensions = dict(enumerate(groups.names))
    hidden = [name for name in groups.names if name in scores.coords]
    return scores.drop_vars(hidden).rename(dimensions).assign_coords(dict(zip(groups.names, groups.keys, strict=True)))


# From arrays to scores, the rows along the last axes


class _Rows(NamedTuple):
    """How the rows of all arrays are scored."""

    empty: Accumulator | GroupedAccumulator
    dimensions: int
    """How many of the last axes they lie along."""
    weight_of_all: float | None
    along: tuple[int, ...]
    """Which of these the numbers of groups have, that come after truth, prediction and weights; none without groups."""
    groups: tuple[int, ...]


def _scores(*arrays: Any, rows: _Rows) -> Any:
    """Return an array of scores with axes of the groups and one of metrics behind the axes of the outputs."""
    truth, prediction, *others = arrays
    outputs = np.broadcast_shapes(truth.shape[: -rows.dimensions], prediction.shape[: -rows.dimensions])
    for name, array in (("truth", truth), ("prediction", prediction)):
        check_not_empty(array.shape, array.ndim - 1, name)
    if any(hasattr(array, "__dask_graph__") for array in arrays):
        return _scores_of_dask_arrays(arrays, outputs, rows)
    sides = [np.broadcast_to(np.asarray(array), outputs + array.shape[-rows.dimensions :]) for array in arrays[:2]]
    return _values(_state_of_block(*sides, *map(np.asarray, others), rows=rows), outputs, rows)


def _scores_of_dask_arrays(arrays: Sequence[Any], outputs: tuple[int, ...], rows: _Rows) -> Any:
    from squarely.dask.states import beside_others, cut_wherever_one_is, state_grid, tree_of

    dask, dask_array = import_extra("dask"), import_extra("dask.array")
    rank = len(outputs) + rows.dimensions
    lazy = [
        array if hasattr(array, "__dask_graph__") else dask_array.from_array(np.asarray(array), chunks=-1)
        for array in arrays
    ]
    lazy[:2] = [dask_array.broadcast_to(array, outputs + array.shape[-rows.dimensions :]) for array in lazy[:2]]
    dimensions = [tuple(range(rank - array.ndim, rank)) for array in lazy]
    if rows.along:
        dimensions[-1] = tuple(len(outputs) + axis for axis in rows.along)
    cut = cut_wherever_one_is(lazy, dimensions)
    grid = state_grid(cut, dimensions, partial(beside_others, partial(_state_of_block, rows=rows)))
    finish = dask.delayed(partial(_values, rows=rows), pure=False)
    behind = (*rows.groups, len(rows.empty.metrics))
    blocks = np.empty(grid.shape[: -rows.dimensions], dtype=object)
    for index in np.ndindex(blocks.shape):
        shape = tuple(cut[0].chunks[axis][place] for axis, place in enumerate(index))
        scores = finish(tree_of(list(grid[index].ravel())), shape)
        blocks[index] = dask_array.from_delayed(scores, (*shape, *behind), dtype=np.float64)
    return _assembled(blocks, dask_array)


def _assembled(blocks: npt.NDArray[Any], dask_array: Any, axis: int = 0) -> Any:
    """Return the blocks of a grid as one array, put together along the axis and those behind it."""
    if blocks.ndim == 0:
        return blocks.item()
    parts = [_assembled(blocks[i, ...], dask_array, axis + 1) for i in range(len(blocks))]
    return dask_array.concatenate(parts, axis=axis)


def _state_of_block(truth: Any, prediction: Any, *others: Any, rows: _Rows) -> list[Any]:
    """Return the state of a block, in a list as the tree of merges takes it."""
    state: Any = copy.copy(rows.empty)
    arrays = [truth, prediction, *others]
    if rows.along:
        arrays[-1] = _along_all_rows(arrays[-1], truth.shape[-rows.dimensions :], rows.along)
    for y_true, y_pred, *own in _pieces(arrays, rows.dimensions):
        if len(y_true):
            groups = {"by": own.pop()} if rows.along else {}
            state.update(y_true, y_pred, sample_weight=own[0] if own else rows.weight_of_all, **groups)
    return [state]


def _along_all_rows(array: npt.NDArray[Any], shape: tuple[int, ...], along: Sequence[int]) -> npt.NDArray[Any]:
    """Return a view of all rows, from an array of some of their dimensions."""
    missing = tuple(axis for axis in range(len(shape)) if axis not in along)
    return np.broadcast_to(np.expand_dims(array, missing), shape)


def _pieces(arrays: Sequence[npt.NDArray[Any]], rows: int) -> Iterable[list[npt.NDArray[Any]]]:
    """Yield arrays whose first axis is that of the rows, from arrays whose rows lie along several of the last axes."""
    rows_first = [np.moveaxis(array, range(-rows, 0), range(rows)) for array in arrays]
    first = rows_first[0]
    step = len(first)
    if not all(_is_one_axis(array, rows) for array in rows_first) and first.size:
        step = max(1, ELEMENTS_AT_ONCE // (first.size // len(first)))
    for start in range(0, len(first), step or 1):
        yield [array[start : start + step].reshape((-1, *array.shape[rows:])) for array in rows_first]


def _is_one_axis(array: npt.NDArray[Any], rows: int) -> bool:
    """Return whether the rows are evenly spaced in memory, so that they are reshaped without a copy."""
    steps = [(array.shape[axis], array.strides[axis]) for axis in range(rows) if array.shape[axis] != 1]
    return all(outer == length * inner for (_, outer), (length, inner) in itertools.pairwise(steps))


def _values(states: Sequence[Any], outputs: tuple[int, ...], rows: _Rows) -> npt.NDArray[np.float64]:
    """Return the scores of every output, of every group of it, and metrics along the last axis."""
    state = states[0]
    if rows.along:
        return _values_of_groups(state, outputs, rows.groups)
    if not state.core.shape:
        return np.full((*outputs, len(state.metrics)), math.nan)
    by_metric = [state.values_of_outputs(one).reshape(outputs) for one in state.asked]
    return np.stack(by_metric, axis=-1)


def _values_of_groups(
    state: GroupedAccumulator, outputs: tuple[int, ...], groups: tuple[int, ...]
) -> npt.NDArray[np.float64]:
    keys, core = state._keys_and_core()
    values = np.full((*outputs, math.prod(groups), len(state.metrics)), math.nan)
    if len(keys) > 0:
        (numbers,) = keys.columns().values()
        scores = GroupScores(core, state.asked, np.arange(len(keys)))
        for index in range(len(state.metrics)):
            by_group = scores.values(index).reshape(len(keys), *outputs)
            values[..., numbers, index] = np.moveaxis(by_group, 0, -1)
    return values.reshape(*outputs, *groups, len(state.metrics))
