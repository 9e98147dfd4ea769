"""Modules of the extras, imported when they are needed, or a sentence that says how to install them."""

import importlib
import importlib.util
from collections.abc import Sequence
from typing import Any

__all__ = ["import_extra", "missing_of"]

# The extra that brings a package: to add one is to add a row, here and in pyproject.toml.
EXTRA_OF = {
    "dask": "dask",
    "duckdb": "sql",
    "matplotlib": "plot",
    "pyarrow": "cli",
    "rich": "cli",
    "typer": "cli",
    "xarray": "xarray",
}


def import_extra(module: str) -> Any:
    """Return a module of an extra, or raise how to install it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise ImportError(_how_to_install([package], EXTRA_OF[package])) from error


def missing_of(extra: str) -> str:
    """Return how to install what is missing of an extra, and nothing where all of it is there."""
    packages = [package for package, one in EXTRA_OF.items() if one == extra]
    missing = [package for package in packages if importlib.util.find_spec(package) is None]
    return _how_to_install(missing, extra) if missing else ""


def _how_to_install(packages: Sequence[str], extra: str) -> str:
    are, them = ("is", "it") if len(packages) == 1 else ("are", "them")
    return f"{', '.join(packages)} {are} not installed. Install {them} with: pip install 'squarely[{extra}]'"
