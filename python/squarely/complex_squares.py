"""The squared absolute errors of complex numbers: those of the real parts and of the imaginary parts together."""

from typing import Any

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.columns import Array, Columns, Table
from squarely.columns.forms import Column, PlainColumn, Segment, missing_in
from squarely.pairing import PairedColumns

__all__ = ["sums_of_complex"]

Values = npt.NDArray[Any]

ZERO = np.zeros(1)


def sums_of_complex(pairs: PairedColumns, configuration: _core.Configuration) -> _core.State:
    """Return the sums of both parts, in which every pair is counted once."""
    parts = [_part(pairs, part).sums(configuration) for part in ("real", "imag")]
    if all(map(_are_all_finite, parts)):
        state, imaginary = parts
        state.merge(imaginary)
        # Both parts have counted every pair. As many pairs of zeros take one of the two counts away.
        state.subtract(_part(pairs, "zero").sums(configuration))
    else:
        state = _sums_of_marked(pairs, configuration)
    return state


def _are_all_finite(state: _core.State) -> bool:
    return not any(map(sum, (state.missing_true, state.missing_pred, state.infinite, state.undefined)))


def _part(pairs: PairedColumns, part: str) -> PairedColumns:
    return PairedColumns(
        _part_of(pairs.truth, part), _part_of(pairs.prediction, part), pairs.where, pairs.axis, pairs.weights
    )


def _part_of(columns: Columns, part: str) -> Columns:
    if isinstance(columns, Array):
        return Array(_part_of_values(columns.array, part), columns.mask)
    return Table([_part_of_column(column, part) for column in columns.columns], is_flat=columns.is_flat)


def _part_of_column(column: Column, part: str) -> Column:
    if part == "real" and column.dtype.kind != "c":
        return column
    if isinstance(column, PlainColumn) and column.dtype.kind == "c":
        return PlainColumn(_part_of_values(column.values, part))
    return PlainColumn(np.broadcast_to(ZERO[0], (len(column),)))


def _part_of_values(values: Values, part: str) -> Values:
    if values.dtype.kind == "c" and part != "zero":
        part_of_values: Values = getattr(values, part)
        return part_of_values
    return values if part == "real" else np.broadcast_to(ZERO[0], values.shape)


def _sums_of_marked(pairs: PairedColumns, configuration: _core.Configuration) -> _core.State:
    """Return the sums where some pair is not of finite numbers: that one is counted by what its parts are together."""
    state, zeros = (_core.State(pairs.outputs, configuration, pairs.weights is not None) for _ in range(2))
    for start, stop in pairs.pieces(are_short=True):
        truth, prediction = (_as_array(columns, start, stop, pairs.axis) for columns in (pairs.truth, pairs.prediction))
        if truth.ndim != prediction.ndim:
            truth, prediction = truth.reshape(-1, 1), prediction.reshape(-1, 1)
        counting = pairs.counting(start, stop)
        (real_truth, imaginary_truth), (real_prediction, imaginary_prediction) = _marked(truth, prediction)
        weights = pairs.weights_piece(start, stop)
        state.update(real_truth, real_prediction, counting, pairs.axis, weights)
        state.update(imaginary_truth, imaginary_prediction, counting, pairs.axis, weights)
        zero = np.broadcast_to(ZERO[0], truth.shape)
        zeros.update(zero, zero, counting, pairs.axis, weights)
    state.subtract(zeros)
    return state


def _marked(truth: Values, prediction: Values) -> tuple[tuple[Values, Values], tuple[Values, Values]]:
    """Return the parts of both sides, where a pair that is not finite has zeros, and in its real parts what it is."""
    missing_true = np.isnan(truth)
    missing_pred = np.isnan(prediction) & ~missing_true
    are_numbers = ~(missing_true | missing_pred)
    infinite_true = np.isinf(truth) & are_numbers
    infinite_pred = np.isinf(prediction) & are_numbers
    with np.errstate(invalid="ignore", over="ignore"):
        undefined = np.isnan(truth - prediction) & are_numbers
    is_special = missing_true | missing_pred | infinite_true | infinite_pred
    return (
        _parts_with(truth, is_special, missing_true, infinite_true),
        _parts_with(prediction, is_special, missing_pred, undefined | (infinite_pred & ~infinite_true)),
    )


def _parts_with(values: Values, is_zero: Values, is_nan: Values, is_infinite: Values) -> tuple[Values, Values]:
    real, imaginary = (np.where(is_zero, part.dtype.type(0), part) for part in (values.real, values.imag))
    if real.dtype.kind == "f":
        real[is_nan] = np.nan
        real[is_infinite] = np.inf
    return real, imaginary


def _as_array(columns: Columns, start: int, stop: int, axis: int) -> Values:
    if isinstance(columns, Table):
        values = np.stack([_as_floats(column.segment(start, stop)) for column in columns.columns], axis=-1)
        return values[:, 0] if columns.is_flat else values
    values = columns.piece(start, stop, axis)
    return values.astype(np.float32) if values.dtype.kind == "V" else values  # bfloat16


def _as_floats(segment: Segment) -> Values:
    values, missing = segment[0], missing_in(segment)
    if values.dtype.kind in "iu" and values.dtype.itemsize == 8:
        raise ValueError(
            "A table with columns of 64-bit integers is not compared with complex numbers where NaN, nulls or "
            "infinities are among them. Pass the table as an array."
        )
    floats = np.array(values, np.result_type(values.dtype, np.float64))
    if missing is not None:
        floats[missing] = np.nan
    return floats
