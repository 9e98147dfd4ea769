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
        # By position: labels may repeat.
        labels = [f"{name} (column {label!r})" for label in values]
        return Table([_column_of(values.iloc[:, i].array, label) for i, label in enumerate(labels)])
    if getattr(values, "nlevels", 1) > 1:
        raise ValueError(f"{name} is an index of {values.nlevels} levels, not of numbers. Pass one of them.")
    extension = values.array if hasattr(values, "array") else values
    column = _column_of(extension, name, complex_values=complex_values)
    return Array(column.values) if type(column) is PlainColumn else Table([column], is_flat=True)


def _column_of(extension: Any, name: str, *, complex_values: bool = False) -> Column:
    if hasattr(extension, "_mask") and hasattr(extension, "_data"):
        values = as_numbers(extension._data, name)
        return MaskedColumn(values, extension._mask) if extension._mask.any() else PlainColumn(values)
    if type(extension).__name__ == "ArrowExtensionArray":
        from squarely.columns.arrow_stream import columns_of_stream

        return columns_of_stream(extension.__arrow_array__(), name)[0]
    return PlainColumn(as_numbers(np.asarray(extension), name, complex_values=complex_values))
