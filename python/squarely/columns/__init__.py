"""Containers become what the core reads in place: one adapter a file, each imported when it is needed.

No adapter imports the library it is for: whoever passes a container has imported that.
"""

import sys
from typing import Any

import numpy as np

from squarely.columns.forms import Array, Columns, Table
from squarely.columns.number_types import as_numbers, from_list

__all__ = ["Array", "Columns", "Table", "as_columns"]


def as_columns(values: object, name: str, function: str, *, complex_values: bool = False) -> Columns:
    """Return the container as it lies in memory, or raise what it is and what to do."""
    if type(values) is np.ndarray and values.ndim > 0:
        return Array(as_numbers(values, name, complex_values=complex_values))
    return _adapted(values, name, function, complex_values)


def _adapted(values: Any, name: str, function: str, complex_values: bool) -> Columns:
    from squarely.columns import numpy_masked, pandas_frames, refusals

    refusals.check_is_array(values, name, function)
    if numpy_masked.is_masked_array(values):
        return numpy_masked.from_masked_array(values, name, complex_values=complex_values)
    if pandas_frames.is_pandas(values):
        return pandas_frames.from_pandas(values, name, complex_values=complex_values)
    if _is_labelled(values):
        columns = as_columns(values.data, name, function, complex_values=complex_values)
        columns.dimensions = values.dims
        indexes = getattr(values, "indexes", {})  # a Variable has none
        columns.labels = {axis: indexes[name] for axis, name in enumerate(values.dims) if name in indexes}
        return columns
    return _by_protocol(values, name, function, complex_values)


def _is_labelled(values: object) -> bool:
    xarray = sys.modules.get("xarray")
    return isinstance(values, (getattr(xarray, "DataArray", ()), getattr(xarray, "Variable", ())))


def _by_protocol(values: Any, name: str, function: str, complex_values: bool) -> Columns:
    if hasattr(values, "__arrow_c_stream__") or hasattr(values, "__arrow_c_array__"):
        from squarely.columns.arrow_stream import from_arrow

        return from_arrow(values, name)
    from squarely.columns.refusals import check_is_here

    check_is_here(values, name, function)
    if hasattr(values, "__dlpack__") and not isinstance(values, np.ndarray):
        from squarely.columns.dlpack import from_dlpack

        return from_dlpack(values, name, complex_values=complex_values)
    is_array = hasattr(values, "__array__") or hasattr(values, "__array_interface__")
    array = np.asarray(values) if is_array else from_list(values, name)
    return Array(as_numbers(array, name, complex_values=complex_values))
