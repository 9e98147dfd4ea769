"""Containers that are one plain array inside, seen at once: what goes the same way as an array of NumPy."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from squarely import _core
from squarely.columns.labels import Names, are_in_other_order

__all__ = ["names_of_frames", "plain_arrays"]

# What goes the way in as it is.
AS_THEY_ARE = frozenset({np.ndarray, list, tuple, float, type(None)})


def plain_arrays(*values: Any) -> list[Any] | None:
    """Return every container as the array it is inside, or None where there is nothing new in that."""
    found = [one if type(one) in AS_THEY_ARE else _plain(one) for one in values]
    frames = []
    is_new = False
    for one, given in zip(found, values, strict=True):
        if one is not given:
            if one is None:
                return None
            is_new = True
            if one.ndim == 2 and hasattr(given, "columns"):
                frames.append(given.columns)
    # The long way has the words for frames whose columns are not in one order.
    if len(frames) > 1 and any(itertools.starmap(are_in_other_order, itertools.combinations(frames, 2))):
        return None
    return found if is_new else None


def names_of_frames(**values: Any) -> Names:
    """Return the names of the columns of what is plain inside and has some."""
    return {name: {0: list(one.columns)} for name, one in values.items() if hasattr(one, "columns")}


def _plain(values: Any) -> Any:
    look = LOOKS.get(type(values).__module__.partition(".")[0])
    return None if look is None else look(values)


def _plain_of_pandas(values: Any) -> Any:
    # Of numbers of one type pandas keeps an array, one for all columns of a frame. Masked values, those of Arrow, and
    # frames of several types are seen column by column.
    if getattr(values, "ndim", 0) == 2 and len(getattr(getattr(values, "_mgr", None), "blocks", ())) != 1:
        return None
    array = getattr(values, "_values", None)
    return array if type(array) is np.ndarray and array.dtype.kind in "fiub" else None


def _plain_of_polars(values: Any) -> Any:
    # Only a series can say that it need not be copied. Its Arrow stream takes seven times as long to make.
    try:
        array = values.to_numpy(allow_copy=False)
    except (AttributeError, RuntimeError, TypeError):  # missing values, several chunks, decimals; a lazy frame
        return None
    return array if array.dtype.kind in "fiub" else None


def _plain_of_arrow(values: Any) -> Any:
    # Only of an array. A stream could not be read again.
    return _core.plain_array_of_arrow(values) if hasattr(values, "type") else None


def _plain_of_tensor(values: Any) -> Any:
    # Not of a gradient, not on a device.
    if getattr(values, "requires_grad", True) or getattr(values, "is_cpu", False) is not True:
        return None
    try:
        return values.numpy()
    except (RuntimeError, TypeError):  # a type of its own, sparse, conjugated
        return None


# Those whose values are nearly always such an array. The others are seen by squarely.columns.
LOOKS: dict[str, Callable[[Any], Any]] = {
    "pandas": _plain_of_pandas,
    "polars": _plain_of_polars,
    "pyarrow": _plain_of_arrow,
    "torch": _plain_of_tensor,
}
