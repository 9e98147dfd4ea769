"""Modules of the extras, imported when they are needed, or a sentence that says how to install them."""

import importlib
from typing import Any

__all__ = ["dask_module", "xarray_module"]


def dask_module(name: str) -> Any:
    """Return a module of Dask, or raise how to install it."""
    return _module(name, "dask")


def xarray_module() -> Any:
    """Return xarray, or raise how to install it."""
    return _module("xarray", "xarray")


def _module(name: str, extra: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(f"{name} is not installed. Install it with: pip install 'squarely[{extra}]'") from error
