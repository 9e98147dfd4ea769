"""A number is a row, in whatever it comes: a stream has one at a time, and a weight may be one for all."""

from numbers import Number
from typing import Any

__all__ = ["as_rows"]


def as_rows(values: Any) -> Any:
    """Return a number, or an array without dimensions, as the one row it is, and whatever else there is as it is."""
    if isinstance(values, Number):
        return [values]
    if hasattr(values, "as_py"):  # a scalar of Arrow; one that is null is missing
        return [values.as_py()]
    if getattr(values, "ndim", None) != 0 or isinstance(values, (str, bytes)):
        return values
    return values.reshape(1) if hasattr(values, "reshape") else [values]
