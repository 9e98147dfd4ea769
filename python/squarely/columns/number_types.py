"""Which element types are read as they are, which are converted, and which refused. No number is ever rounded."""

import sys
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["as_numbers", "check_are_doubles", "from_list"]


def as_numbers(array: npt.NDArray[Any], name: str, *, complex_values: bool = False) -> npt.NDArray[Any]:
    """Return the array itself where the core reads it, a converted one where that loses nothing, or raise."""
    kind, size = array.dtype.kind, array.dtype.itemsize
    if kind == "V" or array.dtype.isbuiltin == 2:
        return _of_another_library(array, name)
    if kind in "biu" or (kind == "f" and size <= 8) or (complex_values and kind == "c" and size <= 16):
        return array
    if kind == "c":
        raise _complex_error(array, name)
    if kind == "f":
        raise ValueError(
            f"{name} has dtype {array.dtype}, which has more digits than float64. "
            f"Nothing is rounded silently: pass {name}.astype(float64)."
        )
    if kind in "mM":
        raise _time_error(array.dtype, name)
    return _from_objects(array, name) if kind == "O" else _floats_of(array, name)


def check_are_doubles(values: npt.NDArray[Any], name: str) -> None:
    """Refuse integers that no double holds."""
    if values.dtype.kind not in "iu" or values.dtype.itemsize < 8:
        return
    floats = values.astype(np.float64)
    if not bool((np.abs(floats) >= 2.0**53).any()):
        return
    is_beyond = floats >= 2.0 ** (63 if values.dtype.kind == "i" else 64)
    is_rounded = is_beyond | (np.where(is_beyond, 0, floats).astype(values.dtype) != values)
    if is_rounded.any():
        raise ValueError(
            f"{name} holds the integer {int(values[is_rounded][0])}, which no float64 holds, and weights are float64. "
            f"Nothing is rounded silently: pass {name}.astype(float)."
        )


def from_list(values: Any, name: str) -> npt.NDArray[Any]:
    """Return a list, or what else NumPy reads element by element, as an array that has rounded no integer."""
    values = _with_numbers(values)
    try:
        array = np.asarray(values)
    except (RuntimeError, TypeError, ValueError) as error:
        from squarely.columns.refusals import ragged

        raise ragged(values, name, error) from error
    # NumPy makes floats of integers that no one integer type holds, or that stand beside a float.
    if array.dtype == np.float64 and bool((np.abs(array) >= 2.0**53).any()):
        return np.array(values, dtype=object)
    return array


def _with_numbers(values: Any) -> Any:
    """Return tensors without dimensions, as a loop leaves them in a list, as the numbers in them."""
    first = values[0] if isinstance(values, (list, tuple)) and values else None
    if getattr(first, "ndim", None) != 0 or not hasattr(first, "__dlpack__") or isinstance(first, np.ndarray):
        return values
    return [one.item() if hasattr(one, "__dlpack__") and one.ndim == 0 else one for one in values]


def _complex_error(array: npt.NDArray[Any], name: str) -> ValueError:
    return ValueError(
        f"Complex data not supported. {name} has dtype {array.dtype}. Metrics of squared errors take complex64 and "
        "complex128 arrays with complex_values=True."
    )


def _time_error(dtype: np.dtype[Any], name: str) -> ValueError:
    return ValueError(f"{name} has dtype {dtype}, which is not a number. Divide by a unit of time first.")


def _of_another_library(array: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    if array.dtype.name == "bfloat16":
        return array
    if array.dtype.type is np.void:
        raise ValueError(f"{name} has dtype {array.dtype}, which is not a number. Pass one of its fields.")
    try:
        return array.astype(np.float32)  # the small floats of ml_dtypes, all of which float32 holds
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} has dtype {array.dtype}, which is not a number. Pass a NumPy dtype.") from error


def _from_objects(array: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    if any(isinstance(value, (complex, np.complexfloating)) for value in array.flat):
        raise _complex_error(array, name)
    # To NumPy a duration is an integer, and of nanoseconds it makes a float.
    times = [value for value in array.flat if isinstance(value, (np.timedelta64, np.datetime64))]
    if times:
        raise _time_error(times[0].dtype, name)
    integers = _integers_of(array)
    if integers is not None:
        return integers
    floats = _floats_of(_with_nan(array), name)
    # Compared as Python numbers: NumPy would round an int before it compares.
    for value, number in zip(array.flat, floats.ravel().tolist(), strict=True):
        if not (isinstance(value, (float, str, bytes)) or _is_missing(value) or value == number or value != value):
            raise ValueError(
                f"{name} holds a {type(value).__name__} that float64 cannot represent: {value!r}. "
                "Rounding it would change the result; subtract a common offset first, or convert to float yourself."
            )
    return floats


def _integers_of(array: npt.NDArray[Any]) -> npt.NDArray[Any] | None:
    if array.size == 0 or not all(isinstance(value, (int, np.integer, np.bool_)) for value in array.flat):
        return None
    lowest, highest = (bound(map(int, array.flat)) for bound in (min, max))
    for dtype in (np.int64, np.uint64):
        # Asked beforehand: NumPy before 2 wraps an integer that does not fit.
        if np.iinfo(dtype).min <= lowest and highest <= np.iinfo(dtype).max:
            return array.astype(dtype)
    return None


def _is_missing(value: object) -> bool:
    pandas = sys.modules.get("pandas")
    return value is None or (pandas is not None and (value is pandas.NA or value is pandas.NaT))


def _with_nan(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if not any(_is_missing(value) for value in array.flat):
        return array
    replaced = array.copy()
    for position, value in np.ndenumerate(array):
        if _is_missing(value):
            replaced[position] = np.nan
    return replaced


def _floats_of(array: npt.NDArray[Any], name: str) -> npt.NDArray[np.float64]:
    try:
        return array.astype(np.float64)
    except OverflowError as error:
        raise ValueError(f"{name} holds an integer that float64 cannot represent: it is beyond 1.8e308.") from error
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must hold numbers: {_first_junk(array)}") from error


def _first_junk(array: npt.NDArray[Any]) -> str:
    for position, value in np.ndenumerate(array):
        try:
            float(value)
        except (TypeError, ValueError):
            where = position[0] if len(position) == 1 else position
            junk = value.item() if isinstance(value, np.generic) else value  # shown alike by every NumPy
            return f"could not convert {type(junk).__name__} to float: {junk!r} at index {where}."
    return f"could not convert dtype {array.dtype} to float."
