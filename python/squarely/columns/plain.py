"""Containers that are one plain array inside, seen at once: what goes the same way as an array of NumPy."""

from collections.abc import Callable
from typing import Any

import numpy as np

from squarely import _core

__all__ = ["plain_arrays"]

# What goes the way in as it is.
AS_THEY_ARE = frozenset({np.ndarray, list, tuple, float, type(None)})


def plain_arrays(*values: Any) -> list[Any] | None:
    """Return every container as the array it is inside, or None where there is nothing new in that."""
    found = [one if type(one) in AS_THEY_ARE else _plain(one) for one in values]
    is_new = False
    for one, given in zip(found, values, strict=True):
        if one is not given:
            if one is None:
                return None
            is_new = True
    return found if is_new else None


def _plain(values: Any) -> Any:
    look = LOOKS.get(type(values).__module__.partition(".")[0])
    return None if look is None else look(values)


def _plain_of_pandas(values: Any) -> Any:
    # Of numbers of one type pandas keeps an array. Masked and Arrow values, and frames, are seen column by column.
    array = getattr(values, "_values", None) if getattr(values, "ndim", 0) == 1 else None
    return array if type(array) is np.ndarray and array.dtype.kind in "fiub" else None


def _plain_of_arrow(values: Any) -> Any:
    kind = type(values)  # not of the object: some libraries look long for what it does not have
    is_arrow = hasattr(kind, "__arrow_c_stream__") or hasattr(kind, "__arrow_c_array__")
    return _core.plain_array_of_arrow(values) if is_arrow else None


def _plain_of_tensor(values: Any) -> Any:
    # Not of a gradient, not on a device.
    if getattr(values, "requires_grad", True) or getattr(values, "is_cpu", False) is not True:
        return None
    try:
        return np.from_dlpack(values)
    except (BufferError, RuntimeError, TypeError, ValueError):  # a type of its own, sparse, conjugated
        return None


# Those whose values are nearly always such an array. The others are seen by squarely.columns.
LOOKS: dict[str, Callable[[Any], Any]] = {
    "pandas": _plain_of_pandas,
    "polars": _plain_of_arrow,
    "pyarrow": _plain_of_arrow,
    "torch": _plain_of_tensor,
}
