"""pandas: Series, indexes and frames, over NumPy, values with a mask, or Arrow."""

import sys
from typing import Any

import numpy as np

from squarely.columns.forms import Array, Column, Columns, MaskedColumn, PlainColumn, Table
from squarely.columns.number_types import as_numbers

__all__ = ["from_pandas", "is_pandas"]


def is_pandas(values: object) -> bool:
    pandas = sys.modules.get("pandas")
    # While another thread imports pandas, it lacks some of its names.
    kinds = [getattr(pandas, kind, ()) for kind in ("Series", "DataFrame", "Index")]
    extensions = getattr(getattr(pandas, "api", None), "extensions", None)
    return isinstance(values, (*kinds, getattr(extensions, "ExtensionArray", ())))


def from_pandas(values: Any, name: str, *, complex_values: bool) -> Columns:
    if values.ndim == 2:
        return _from_frame(values, name, complex_values)
    if getattr(values, "nlevels", 1) > 1:
        raise ValueError(f"{name} is an index of {values.nlevels} levels, not of numbers. Pass one of them.")
    extension = values.array if hasattr(values, "array") else values
    column = _column_of(extension, name, complex_values=complex_values)
    return Array(column.values) if type(column) is PlainColumn else Table([column], is_flat=True)


def _from_frame(frame: Any, name: str, complex_values: bool) -> Columns:
    labels = {1: frame.columns}
    if _is_one_array(frame):
        array = as_numbers(frame.to_numpy(), name, complex_values=complex_values)
        return Array(array, is_table=True, labels=labels)
    columns = [
        _column_of(column.array, f"{name} (column {label!r})", complex_values=complex_values)
        for label, column in frame.items()
    ]
    return Table(columns, labels=labels)


def _is_one_array(frame: Any) -> bool:
    # Of numbers of one type pandas keeps an array of two dimensions, unless columns were added one by one. A column at
    # a time takes longer than the arithmetic where there are thousands.
    blocks: Any = getattr(getattr(frame, "_mgr", None), "blocks", ())
    return len(blocks) == 1 and isinstance(blocks[0].dtype, np.dtype) and blocks[0].dtype.kind in "biufc"


def _column_of(extension: Any, name: str, *, complex_values: bool) -> Column:
    if hasattr(extension, "_mask") and hasattr(extension, "_data"):
        values = as_numbers(extension._data, name)
        return MaskedColumn(values, extension._mask) if extension._mask.any() else PlainColumn(values)
    if type(extension).__name__ == "ArrowExtensionArray":
        from squarely.columns.arrow_stream import columns_of_stream

        return columns_of_stream(extension.__arrow_array__(), name)[0]
    return PlainColumn(as_numbers(np.asarray(extension), name, complex_values=complex_values))
