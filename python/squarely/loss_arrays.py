"""The arrays of a loss: truth, predictions and weights of one shape, and where the results go."""

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.arguments import InvalidParameterError
from squarely.columns import Array, Columns, Table, as_columns
from squarely.columns.forms import missing_in
from squarely.columns.labels import check_one_order
from squarely.columns.number_types import as_numbers

__all__ = ["LossArrays", "check_no_out", "loss_arrays"]

Floats = npt.NDArray[Any]

# How long NumPy may search for an element two arrays share, before they count as overlapping.
OVERLAP_WORK: Any = 10_000


class LossArrays:
    """Truth, predictions and weights of the same shape."""

    def __init__(
        self, y_true: npt.NDArray[Any], y_pred: npt.NDArray[Any], weights: npt.NDArray[Any] | None, function: str
    ) -> None:
        self.y_true = y_true
        self.y_pred = y_pred
        self.weights = weights
        self.function = function

    def check_weights(self) -> None:
        """Refuse weights that are not finite, or negative."""
        if self.weights is not None:
            self._checked(_core.survey_weights(self.weights, is_summed=False))

    def divisor(self) -> float:
        """Return what a mean divides by: the sum of the weights, or the number of pairs where there are none."""
        if self.y_true.size == 0:
            return 1.0
        if self.weights is None:
            return float(self.y_true.size)
        weight = self._checked(_core.survey_weights(self.weights, is_summed=True))
        if weight == 0:
            raise self._zero_sum()
        return weight

    def reduced(self, parameter: float, reduction: str) -> float:
        """Return the sum or the mean of the losses."""
        if self.y_true.size == 0:
            raise ValueError(
                f"Found array with 0 sample(s) (shape={self.y_true.shape}) while a minimum of 1 is required for "
                f"reduction={reduction!r}. It is y_true."
            )
        total, mean, found = _core.sum_losses(self.function, self.y_true, self.y_pred, self.weights, parameter)
        self._checked(found)
        if reduction == "sum":
            return total
        if mean is None:
            raise self._zero_sum()
        return mean

    def results(self, out: object) -> Floats:
        """Return where the results go: a new array, or the one that was passed, if it fits."""
        dtype = _result_dtype(self.y_true.dtype, self.y_pred.dtype)
        if out is None:
            return np.empty_like(self.y_pred, dtype, subok=False)
        if not isinstance(out, np.ndarray) or isinstance(out, np.ma.MaskedArray):
            raise InvalidParameterError(
                f"The 'out' parameter of {self.function} must be a NumPy array. Got a {type(out).__name__} instead."
            )
        if out.shape != self.y_pred.shape or out.dtype != dtype:
            raise ValueError(
                f"The 'out' parameter of {self.function} must have shape {self.y_pred.shape} and dtype {dtype}. "
                f"Got shape {out.shape} and dtype {out.dtype}."
            )
        if not out.flags.writeable:
            raise ValueError(f"The 'out' parameter of {self.function} is read-only. Pass one that is writable.")
        self._check_overlap(out)
        return out

    def _check_overlap(self, out: Floats) -> None:
        if _overlaps_itself(out):
            raise ValueError(f"Elements of the 'out' parameter of {self.function} share memory. Pass a copy.")
        sides = {"y_true": self.y_true, "y_pred": self.y_pred, "sample_weight": self.weights}
        for name, array in sides.items():
            if array is not None and not _lies_exactly_on(out, array) and _overlap(out, array):
                raise ValueError(
                    f"The 'out' parameter of {self.function} overlaps {name}, which would change while it is read. "
                    f"Pass {name} itself, or memory of its own."
                )

    def _zero_sum(self) -> ZeroDivisionError:
        return ZeroDivisionError(f"The sample_weight of {self.function} sums to zero and can't be normalized.")

    def _checked(self, found: tuple[float, bool, bool]) -> float:
        total, are_finite, are_positive = found
        if not are_finite:
            raise ValueError(
                f"The sample_weight of {self.function} must hold finite numbers, and integers below 2**51. It holds "
                "NaN, infinity or something larger."
            )
        if not are_positive:
            raise ValueError(f"The sample_weight of {self.function} must not be negative.")
        return total


def loss_arrays(y_true: object, y_pred: object, sample_weight: object, function: str) -> LossArrays:
    """Return the arrays, or raise why they do not fit."""
    given = {"y_true": y_true, "y_pred": y_pred, **({} if sample_weight is None else {"sample_weight": sample_weight})}
    columns = {name: _as_columns(values, name, function) for name, values in given.items()}
    truth, prediction, *weights = (_as_array(own, name) for name, own in columns.items())
    if truth.shape != prediction.shape:
        raise ValueError(
            f"y_true and y_pred must have the same shape, because nothing is broadcast. y_true has shape "
            f"{truth.shape}, y_pred {prediction.shape}."
        )
    check_one_order({name: own.labels for name, own in columns.items() if own.shape == truth.shape}, 0)
    return LossArrays(truth, prediction, _of_pairs(weights[0], truth.shape) if weights else None, function)


def check_no_out(out: object, reduction: str, function: str) -> None:
    """Refuse a place for results that are one number."""
    if out is not None:
        raise ValueError(
            f"The 'out' parameter of {function} is for reduction='none'. reduction={reduction!r} returns a float."
        )


def _of_pairs(weights: npt.NDArray[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """Return the weights in the shape of the pairs."""
    if weights.shape == shape:
        return weights
    if shape and weights.shape == shape[:1]:
        return np.broadcast_to(weights.reshape(weights.shape + (1,) * (len(shape) - 1)), shape)
    raise ValueError(
        f"sample_weight has shape {weights.shape}, and must have that of the rows, {shape[:1]}, or of the arrays, "
        f"{shape}."
    )


def _as_columns(values: Any, name: str, function: str) -> Columns:
    """Return what the container holds, also if it is one number, or raise what it is and what to do."""
    if isinstance(values, (int, float, np.generic)) or (type(values) is np.ndarray and values.ndim == 0):
        return Array(as_numbers(np.asarray(values), name))
    return as_columns(values, name, function)


def _as_array(columns: Columns, name: str) -> npt.NDArray[Any]:
    """Return the array as it lies, or a copy of a table."""
    if isinstance(columns, Table):
        return _array_of_table(columns)
    if columns.mask is not None:
        raise ValueError(
            f"{name} is a masked array, and a loss of every pair has no place for those that are left out. Pass "
            f"{name}.filled(nan), or the weight 0 and a finite number."
        )
    return columns.array


def _array_of_table(table: Table) -> npt.NDArray[Any]:
    rows = table.shape[0]
    bounds = sorted({0, rows} | table.breaks())
    pieces = [table.piece(start, stop, 0) for start, stop in itertools.pairwise(bounds)]
    has_nulls = any(validity is not None for piece in pieces for _, validity, _ in piece)
    if table.is_flat and len(pieces) == 1 and not has_nulls:
        return pieces[0][0][0]
    dtype = np.result_type(*table.dtypes)
    array = np.empty((rows, len(table.columns)), _float_dtype(dtype) if has_nulls else dtype)
    for start, piece in zip(bounds, pieces, strict=False):
        for column, segment in enumerate(piece):
            target = array[start : start + len(segment[0]), column]
            target[...] = segment[0]
            missing = missing_in(segment)
            if missing is not None:
                target[missing] = np.nan
    return array[:, 0] if table.is_flat else array


def _result_dtype(y_true: np.dtype[Any], y_pred: np.dtype[Any]) -> np.dtype[Any]:
    """Return what NumPy promotes both to, and float64 for what is no float."""
    if y_true.kind in "biu" and y_pred.kind in "biu":
        return np.dtype(np.float64)
    try:
        return _float_dtype(np.result_type(y_true, y_pred))
    except TypeError:  # bfloat16 and the wider integers have no common type
        return np.dtype(np.float64)


def _float_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype(np.float64) if dtype.kind in "biu" else dtype


def _overlaps_itself(array: npt.NDArray[Any]) -> bool:
    reach = array.itemsize
    for stride, length in sorted((abs(s), n) for s, n in zip(array.strides, array.shape, strict=True)):
        if length > 1 and stride < reach:
            return True
        reach += stride * (length - 1)
    return False


def _lies_exactly_on(out: Floats, array: npt.NDArray[Any]) -> bool:
    return (
        out.__array_interface__["data"][0] == array.__array_interface__["data"][0]
        and out.strides == array.strides
        and out.itemsize == array.itemsize
    )


def _overlap(out: Floats, array: npt.NDArray[Any]) -> bool:
    return np.may_share_memory(out, array) and np.may_share_memory(out, array, max_work=OVERLAP_WORK)
