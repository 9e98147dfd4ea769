"""Rows that a window can hold: plain arrays, whatever container they came in."""

from typing import Any

import numpy.typing as npt

from squarely.columns import Array, Columns, Table
from squarely.columns.beside import array_of
from squarely.pairing import PairedColumns

__all__ = ["plain_rows"]

AnyArray = npt.NDArray[Any]


def plain_rows(pairs: PairedColumns, y_true: object, y_pred: object) -> tuple[AnyArray, AnyArray, AnyArray | None]:
    """Return truth, predictions and weights as arrays, or raise why there are none."""
    weights = None if pairs.weights is None else array_of(pairs.weights)
    return _to_hold(pairs.truth, y_true, "y_true"), _to_hold(pairs.prediction, y_pred, "y_pred"), weights


def _to_hold(columns: Columns, values: object, name: str) -> AnyArray:
    if isinstance(columns, Array) and columns.mask is None:
        return columns.array
    if isinstance(columns, Table) and columns.is_flat and columns.breaks() <= {0, columns.shape[0]}:
        series, presence, _ = columns.columns[0].segment(0, columns.shape[0])
        if presence is None:
            return series
    raise ValueError(
        f"{name} is a {type(values).__name__}, and a window of rows holds plain arrays. Pass it as an array, with NaN "
        'where a value is missing, or take windows of chunks, unit="chunks".'
    )
