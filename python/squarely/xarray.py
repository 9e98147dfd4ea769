"""Scores of labelled arrays along named dimensions, lazily where the arrays are."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from squarely.accumulator import Accumulator
from squarely.arguments import InvalidParameterError, NanPolicy, check_not_empty
from squarely.columns.beside import weight_of_all
from squarely.extras import import_extra
from squarely.named_metrics import EVERYDAY, MetricLike, as_metrics

__all__ = ["evaluate"]

METRIC = "metric"

# Rows of several dimensions that lie apart in memory are copied together, about this many elements at a time.
ELEMENTS_AT_ONCE = 2**20


def evaluate(
    truth: Any,
    prediction: Any,
    dim: Hashable | Iterable[Hashable] | None = None,
    *,
    metrics: MetricLike | Iterable[MetricLike] = EVERYDAY,
    sample_weight: Any = None,
    nan_policy: NanPolicy = "raise",
    keep_attrs: bool = False,
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
    >>> import numpy as np
    >>> import xarray as xr
    >>> import squarely.xarray
    >>> truth = xr.DataArray([[1.0, 2.0], [3.0, 4.0], [5.0, 9.0]], dims=("time", "x"), coords={"x": [10, 20]})
    >>> scores = squarely.xarray.evaluate(truth, truth + 1, "time", metrics=("mean_squared_error", "mean_error"))
    >>> scores["mean_error"].values
    array([1., 1.])
    >>> scores.x.values
    array([10, 20])
    """
    xarray = import_extra("xarray")
    asked = as_metrics(metrics, "evaluate")
    empty = Accumulator(asked, multioutput="raw_values", nan_policy=nan_policy)
    _check_kinds(truth, prediction, xarray)
    _check_aligned(truth, prediction, sample_weight, xarray)
    dims = _dimensions(dim, truth, prediction)
    weights, own = _weights(sample_weight, dims, {**truth.sizes, **prediction.sizes}, xarray)
    scores = xarray.apply_ufunc(
        partial(_scores, empty=empty, rows=len(dims), weight_of_all=None if own else weights),
        truth,
        prediction,
        *([weights] if own else []),
        input_core_dims=[dims, dims, *([own] if own else [])],
        output_core_dims=[[METRIC]],
        join="exact",
        dataset_join="inner",
        keep_attrs=keep_attrs,
        dask="allowed",
    )
    scores = scores.assign_coords({METRIC: [one.label for one in asked]})
    if isinstance(truth, xarray.Dataset):
        return scores.transpose(METRIC, ...)
    by_metric = scores.to_dataset(dim=METRIC)
    for name in by_metric.data_vars if keep_attrs else ():
        by_metric[name].attrs.update(truth.attrs)
    return by_metric


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


def _check_aligned(truth: Any, prediction: Any, sample_weight: Any, xarray: Any) -> None:
    labelled = [truth, prediction, *([sample_weight] if isinstance(sample_weight, xarray.DataArray) else [])]
    try:
        xarray.align(*labelled, join="exact", copy=False)
    except ValueError as error:
        raise ValueError(
            "truth, prediction and sample_weight must have equal coordinates along the dimensions they share. Align "
            f"them first, as with xarray.align(truth, prediction, join='inner'). xarray says: {error}"
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
    sample_weight: Any, dims: Sequence[Hashable], sizes: Mapping[Hashable, int], xarray: Any
) -> tuple[Any, list[Hashable]]:
    """Return the weights and the dimensions they have, none where one weight is for all."""
    if sample_weight is None:
        return None, []
    if not isinstance(sample_weight, xarray.DataArray):
        if np.ndim(sample_weight) != 0:
            raise InvalidParameterError(
                "The 'sample_weight' parameter of squarely.xarray.evaluate must be a DataArray, a float or None. Got "
                f"{type(sample_weight).__name__}: without names it is not known along which dimension."
            )
        of_all = weight_of_all(sample_weight, "squarely.xarray.evaluate")
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


# From arrays to scores, the rows along the last axes


def _scores(
    truth: Any, prediction: Any, *weights: Any, empty: Accumulator, rows: int, weight_of_all: float | None
) -> Any:
    """Return an array of scores with an axis of metrics behind the axes of the outputs."""
    arrays = [truth, prediction, *weights]
    rank = max(truth.ndim, prediction.ndim)
    outputs = np.broadcast_shapes(truth.shape[:-rows], prediction.shape[:-rows])
    for name, array in (("truth", truth), ("prediction", prediction)):
        check_not_empty(array.shape, array.ndim - 1, name)
    update = partial(_state_of_block, empty=empty, rows=rows, weight_of_all=weight_of_all)
    if any(hasattr(array, "__dask_graph__") for array in arrays):
        return _scores_of_dask_arrays(arrays, outputs, rank, update, rows)
    sides = [np.broadcast_to(np.asarray(array), outputs + array.shape[-rows:]) for array in arrays[:2]]
    states = update(*sides, *weights)
    return _values(states, outputs)


def _scores_of_dask_arrays(arrays: list[Any], outputs: tuple[int, ...], rank: int, update: Any, rows: int) -> Any:
    from squarely.dask.states import beside_others, cut_wherever_one_is, state_grid, tree_of

    dask, dask_array = import_extra("dask"), import_extra("dask.array")
    lazy = [
        array if hasattr(array, "__dask_graph__") else dask_array.from_array(np.asarray(array), chunks=-1)
        for array in arrays
    ]
    lazy[:2] = [dask_array.broadcast_to(array, outputs + array.shape[-rows:]) for array in lazy[:2]]
    dimensions = [tuple(range(rank - array.ndim, rank)) for array in lazy]
    cut = cut_wherever_one_is(lazy, dimensions)
    grid = state_grid(cut, dimensions, partial(beside_others, update))
    finish = dask.delayed(_values, pure=False)
    metrics = len(update.keywords["empty"].metrics)
    blocks = np.empty(grid.shape[:-rows], dtype=object)
    for index in np.ndindex(blocks.shape):
        shape = tuple(cut[0].chunks[axis][place] for axis, place in enumerate(index))
        scores = finish(tree_of(list(grid[index].ravel())), shape)
        blocks[index] = dask_array.from_delayed(scores, (*shape, metrics), dtype=np.float64)
    return _assembled(blocks, dask_array)


def _assembled(blocks: npt.NDArray[Any], dask_array: Any, axis: int = 0) -> Any:
    """Return the blocks of a grid as one array, put together along the axis and those behind it."""
    if blocks.ndim == 0:
        return blocks.item()
    parts = [_assembled(blocks[i, ...], dask_array, axis + 1) for i in range(len(blocks))]
    return dask_array.concatenate(parts, axis=axis)


def _state_of_block(
    truth: Any, prediction: Any, *weights: Any, empty: Accumulator, rows: int, weight_of_all: float | None
) -> list[Accumulator]:
    """Return the state of a block, in a list as the tree of merges takes it."""
    state = copy.copy(empty)
    for piece in _pieces([truth, prediction, *weights], rows):
        y_true, y_pred, *own = piece
        if len(y_true):
            state.update(y_true, y_pred, sample_weight=own[0] if own else weight_of_all)
    return [state]


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


def _values(states: Sequence[Accumulator], outputs: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Return the scores of every output, metrics along the last axis."""
    accumulator = states[0]
    if not accumulator.core.shape:
        return np.full((*outputs, len(accumulator.metrics)), math.nan)
    by_metric = [accumulator.values_of_outputs(one).reshape(outputs) for one in accumulator.asked]
    return np.stack(by_metric, axis=-1)
