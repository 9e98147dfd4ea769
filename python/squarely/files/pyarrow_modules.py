"""Import of pyarrow, which only files need."""

import importlib
from typing import Any


def import_pyarrow(module: str = "pyarrow") -> Any:
    """Import pyarrow where it is used: scores of arrays need neither it nor the time it takes to import."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError("reading files needs pyarrow: pip install 'squarely[cli]'") from error
