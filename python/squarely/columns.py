"""Containers become NumPy arrays the core reads in place: float64 or float32, of one or two dimensions."""

import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from squarely.validation import InvalidParameterError

__all__ = ["FloatArray", "as_columns"]

FloatArray = npt.NDArray[np.floating[Any]]


def as_columns(values: object, name: str, function: str) -> FloatArray:
    """Return values as a float array, in place where they already are one, and never rounded."""
    array = _as_array(values, name, function)
    if array.ndim > 2:
        raise ValueError(
            f"Found array with dim {array.ndim}, while dim <= 2 is required. {name} has shape {array.shape}."
        )
    if array.shape[0] == 0:
        raise ValueError(
            f"Found array with 0 sample(s) (shape={array.shape}) while a minimum of 1 is required. It is {name}."
        )
    if array.ndim == 2 and array.shape[1] == 0:
        raise ValueError(
            f"Found array with 0 feature(s) (shape={array.shape}) while a minimum of 1 is required. It is {name}."
        )
    return _as_floats(array, name)


def _as_array(values: object, name: str, function: str) -> npt.NDArray[Any]:
    if _is_masked(values):
        return _unmasked(values, name)
    if isinstance(values, np.ndarray) and values.ndim > 0:
        return values
    # Sparse matrices would become a 0-d object array; text has a length, but is no array.
    is_sparse = hasattr(values, "nnz") and hasattr(values, "toarray")
    if values is None or is_sparse or isinstance(values, (str, bytes, dict, set)) or np.ndim(_or_scalar(values)) == 0:
        raise InvalidParameterError(
            f"The {name!r} parameter of {function} must be an array-like. Got {values!r} instead."
        )
    return np.asarray(values)


def _is_masked(values: object) -> bool:
    # Whoever has a masked array has imported numpy.ma; for everyone else it is most of the time of our import.
    masked_arrays = sys.modules.get("numpy.ma")
    return masked_arrays is not None and isinstance(values, masked_arrays.MaskedArray)


def _or_scalar(values: object) -> Any:
    return values if hasattr(values, "__array__") or hasattr(values, "__len__") else 0


def _unmasked(values: Any, name: str) -> npt.NDArray[Any]:
    if np.ma.is_masked(values):
        raise ValueError(
            f"{name} is a masked array with masked elements. Leave those pairs out of both arrays first, "
            "or put NaN in their place and pass nan_policy='omit'."
        )
    return np.asarray(values.data)


def _as_floats(array: npt.NDArray[Any], name: str) -> FloatArray:
    if array.dtype == np.float64 or array.dtype == np.float32:
        return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))
    if array.dtype.kind == "c" or (array.dtype.kind == "O" and any(isinstance(value, complex) for value in array.flat)):
        raise ValueError(f"Complex data not supported. {name} has dtype {array.dtype}.")
    if array.dtype.kind in "mM":
        raise ValueError(f"{name} has dtype {array.dtype}, which is not a number. Divide by a unit of time first.")
    floats = _converted(array, name)
    if not _is_same(array, floats):
        raise ValueError(
            f"{name} holds numbers of dtype {array.dtype} that float64 cannot represent. "
            "Rounding them would change the result; subtract a common offset first."
        )
    return floats


def _converted(array: npt.NDArray[Any], name: str) -> npt.NDArray[np.float64]:
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must hold numbers: {_first_junk(array)}") from error


def _first_junk(array: npt.NDArray[Any]) -> str:
    for position, value in np.ndenumerate(array):
        try:
            float(value)
        except (TypeError, ValueError):
            where = position[0] if len(position) == 1 else position
            return f"could not convert {type(value).__name__} to float: {value!r} at index {where}."
    return f"could not convert dtype {array.dtype} to float."


def _is_same(array: npt.NDArray[Any], floats: npt.NDArray[np.float64]) -> bool:
    if array.dtype.kind in "iu" and array.dtype.itemsize == 8:
        # 2^63 and 2^64 themselves are doubles no 64-bit integer equals.
        inside = np.abs(floats) < 2.0 ** (63 if array.dtype.kind == "i" else 64)
        lowest = floats == -(2.0**63)
        return bool(np.all(inside | lowest)) and bool(np.all(floats.astype(array.dtype) == array))
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        return bool(np.array_equal(floats, array, equal_nan=True))
    if array.dtype.kind == "O":
        # Compared as Python numbers: NumPy would round an int before it compares.
        kept = floats.ravel().tolist()
        return all(
            isinstance(value, (float, str)) or value is None or value == number
            for value, number in zip(array.flat, kept, strict=True)
        )
    return True
