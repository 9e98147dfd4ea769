"""What goes beside truth and predictions, of the rows or of every element: masks and weights, from any container."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from squarely.arguments import InvalidParameterError, check_where_shape
from squarely.columns import Array, Columns, Table, as_columns
from squarely.columns.forms import Column, Segment, missing_in
from squarely.columns.labels import Labels
from squarely.columns.number_types import check_are_doubles, from_list
from squarely.columns.one_row import as_rows

__all__ = ["Mask", "array_of", "mask_of", "weight_of_all", "weights_of"]

Mask = npt.NDArray[np.bool_]
Shape = tuple[int, ...]


def mask_of(where: object, y_true: Shape, y_pred: Shape, axis: int, function: str) -> tuple[Mask, Labels]:
    """Return the mask as an array of booleans of the shape of the rows or of the arrays, and the names in it."""
    columns = _columns_of_mask(where, function)
    mask = _booleans(columns, where, function)
    check_where_shape(mask.shape, y_true, y_pred, axis)
    return mask, columns.labels


def _columns_of_mask(where: object, function: str) -> Columns:
    # As they are: booleans are not to be made of other types.
    if type(where) is np.ndarray:
        return Array(where)
    if isinstance(where, (list, tuple)):
        return Array(from_list(where, "where") if where else np.empty(0, np.bool_))
    return as_columns(where, "where", function)


def _booleans(columns: Columns, where: object, function: str) -> Mask:
    mask = columns.array if isinstance(columns, Array) else _array_of(columns)
    if mask is None or mask.dtype != np.bool_ or mask.ndim == 0 or _is_masked(columns):
        what = "with missing values" if mask is None or _is_masked(columns) else f"of dtype {mask.dtype}"
        raise InvalidParameterError(
            f"The 'where' parameter of {function} must be an array of booleans without missing values, True where a "
            f"pair counts. Got a {type(where).__name__} {what} instead."
        )
    return mask


def _is_masked(columns: Columns) -> bool:
    return columns.mask is not None


def array_of(columns: Columns) -> npt.NDArray[Any]:
    """Return columns of which no value is missing as an array: of tables a copy."""
    array = columns.array if isinstance(columns, Array) else _array_of(columns)
    assert array is not None
    return array


def _array_of(table: Table) -> npt.NDArray[Any] | None:
    """Return a table as an array, or None where a value is missing."""
    if _has_missing(table):
        return None
    columns = []
    for column in table.columns:
        parts = [segment[0] for segment in _segments_of(column)]
        columns.append(np.concatenate(parts) if parts else np.empty(0, column.dtype))
    return columns[0] if table.is_flat else np.stack(columns, axis=-1)


def weights_of(sample_weight: object, y_true: Shape, y_pred: Shape, axis: int, function: str) -> Columns:
    """Return the weights as columns: one of the rows, for all outputs, or of the shape of the arrays."""
    weights = _columns_of_weights(sample_weight, y_true[axis], function)
    _check_complete(weights)
    _check_are_doubles(weights)
    if weights.shape == (y_true[axis],) or weights.shape in (y_true, y_pred):
        return weights
    if len(weights.shape) == 1:
        raise ValueError(
            "Found input variables with inconsistent numbers of samples: "
            f"[{y_true[axis]}, {y_true[axis]}, {weights.shape[0]}]. The last is that of sample_weight."
        )
    raise ValueError(
        f"Sample weights must be 1D array or scalar, got {len(weights.shape)}D array. Expected either a scalar value, "
        f"a 1D array of length {y_true[axis]}, or one weight for every element, of shape {y_true}. Got {weights.shape}."
    )


def _columns_of_weights(sample_weight: Any, rows: int, function: str) -> Columns:
    is_sparse = hasattr(sample_weight, "nnz") and hasattr(sample_weight, "toarray")
    if is_sparse or isinstance(sample_weight, (str, bytes, dict, set)):
        raise InvalidParameterError(
            f"The 'sample_weight' parameter of {function} must be an array-like, a float or None. "
            f"Got {sample_weight!r} instead."
        )
    of_all = weight_of_all(sample_weight, function)
    if of_all is not None:
        return Array(np.broadcast_to(of_all, (rows,)))
    return as_columns(sample_weight, "sample_weight", function)


def weight_of_all(sample_weight: object, function: str) -> npt.NDArray[Any] | None:
    """Return the one weight of all rows, of the type it has, or None where every row has its own."""
    row = as_rows(sample_weight)
    if row is sample_weight:
        return None
    columns = as_columns(row, "sample_weight", function)
    _check_complete(columns)
    _check_are_doubles(columns)
    return array_of(columns)


def _check_are_doubles(weights: Columns) -> None:
    if isinstance(weights, Array):
        check_are_doubles(weights.array, "sample_weight")
        return
    for column in weights.columns:
        for segment in _segments_of(column):
            check_are_doubles(segment[0], "sample_weight")


def _check_complete(weights: Columns) -> None:
    if weights.mask is not None:
        if not weights.mask.any():
            weights.mask = None
            return
        raise ValueError(
            "sample_weight has masked elements. Give those rows a weight of 0, or leave them out by where."
        )
    if isinstance(weights, Table) and _has_missing(weights):
        raise ValueError("sample_weight has missing values. Give those rows a weight of 0, or leave them out by where.")


def _has_missing(table: Table) -> bool:
    missing = (missing_in(segment) for column in table.columns for segment in _segments_of(column))
    return any(one is not None and bool(one.any()) for one in missing)


def _segments_of(column: Column) -> Iterator[Segment]:
    bounds = sorted({0, len(column)} | column.breaks())
    return (column.segment(start, stop) for start, stop in itertools.pairwise(bounds))
