"""A frame beside one column of truth: every column of it is a model's, under its name."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

__all__ = ["models_in"]


def models_in(y_true: Any, y_pred: Any) -> Mapping[str, Any] | None:
    """Return the predictions of a mapping, or of a frame beside one-dimensional truth, None of anything else."""
    if isinstance(y_pred, Mapping):
        return _named_once(y_pred.items())
    columns = _columns_of(y_pred)
    return _named_once(columns) if len(columns) > 1 and _is_one_column(y_true) else None


def _named_once(predictions: Iterable[tuple[Any, Any]]) -> dict[str, Any]:
    """Return predictions by their names, or refuse two of one name."""
    named: dict[str, Any] = {}
    for name, prediction in predictions:
        if str(name) in named:
            raise ValueError(f"y_pred has two predictions of the name {str(name)!r}. Rename one of them.")
        named[str(name)] = prediction
    if not named:
        raise ValueError("The mapping y_pred names no prediction. Pass at least one.")
    return named


def _columns_of(frame: Any) -> list[tuple[Any, Any]]:
    if type(frame).__name__ not in ("DataFrame", "Table", "RecordBatch"):
        return []
    if hasattr(frame, "items"):  # pandas
        return list(frame.items())
    if hasattr(frame, "get_columns"):  # polars
        return [(column.name, column) for column in frame.get_columns()]
    return list(zip(getattr(frame, "column_names", ()), getattr(frame, "columns", ()), strict=True))


def _is_one_column(values: Any) -> bool:
    shape = getattr(values, "shape", None)
    if isinstance(shape, tuple):
        return len(shape) == 1
    if isinstance(values, (list, tuple)):
        return len(values) > 0 and np.ndim(values[0]) == 0
    is_of_arrow = hasattr(values, "__arrow_c_array__") or hasattr(values, "__arrow_c_stream__")
    return is_of_arrow and not hasattr(values, "schema")  # which tables have, and streams of them
