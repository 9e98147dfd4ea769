"""Frames with a row a group: of pandas or of polars."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from squarely.report import installed_library

__all__ = ["frame_of"]

Columns = Mapping[str, npt.NDArray[Any]]


def frame_of(keys: Columns, values: Columns, library: str | None, function: str) -> Any:
    """Return columns of keys and of values, which may have outputs, as a frame."""
    library = library or installed_library(function)
    columns = dict(keys)
    for name, own in _flat(values).items():
        if name in keys:
            raise ValueError(
                f"The groups are by a column {name!r}, which is the name of another column of the frame. Give it "
                "another name in by."
            )
        columns[name] = own
    if library == "polars":
        import polars

        return polars.DataFrame({name: _as_polars_takes_it(column) for name, column in columns.items()})
    import pandas

    return pandas.DataFrame(columns)


def _flat(values: Columns) -> dict[str, npt.NDArray[Any]]:
    """Return one column an output, named by its place where there are several."""
    flat = {}
    for name, own in values.items():
        if own.ndim == 1 or own[0].size == 1:
            flat[name] = own.reshape(len(own))
            continue
        for place in np.ndindex(own.shape[1:]):
            flat[f"{name}[{', '.join(map(str, place))}]"] = own[(slice(None), *place)]
    return flat


def _as_polars_takes_it(column: npt.NDArray[Any]) -> Any:
    if column.dtype.kind == "O":
        return column.tolist()
    if column.dtype.kind not in "mM":
        return column
    unit, _ = np.datetime_data(column.dtype)
    known = {"Y": "D", "M": "D", "W": "D", "h": "ms", "m": "ms", "s": "ms"}.get(unit, unit)
    return column.astype(f"{column.dtype.kind}8[{known}]")
