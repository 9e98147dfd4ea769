"""Beside two numbers, which are a row, a key is one of a row too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["keys_of_rows"]


def keys_of_rows(by: Any, *, is_number: bool) -> Any:
    """Return the keys of all rows: of one that was given as a number, where its key was given alike."""
    if not is_number:
        return by
    if isinstance(by, Mapping):
        return {name: _as_column(key) for name, key in by.items()}
    return _as_column(by)


def _as_column(key: Any) -> Any:
    is_column = hasattr(key, "__len__") and getattr(key, "ndim", 1) > 0 and not isinstance(key, (str, bytes))
    is_arrow = hasattr(key, "__arrow_c_stream__") or hasattr(key, "__arrow_c_array__")
    return key if is_column or is_arrow else [key]
