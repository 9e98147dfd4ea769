"""Things that are no arrays in this process's memory, and what to do with each."""

from collections.abc import Mapping, Set
from typing import Any

import numpy as np

from squarely.arguments import InvalidParameterError

__all__ = ["check_is_array", "check_is_here"]

# Device types of DLPack that the processor reads: main memory, plain or pinned for CUDA or ROCm.
READABLE_DEVICES = (1, 3, 11)

WAYS_TO_MOVE = {
    "torch": "{name}.cpu()",
    "cupy": "{name}.get()",
    "jax": "jax.device_get({name})",
    "jaxlib": "jax.device_get({name})",
    "numba": "{name}.copy_to_host()",
}


def check_is_array(values: object, name: str, function: str) -> None:
    """Refuse what is no array: scalars, text, mappings, sparse matrices, lazy graphs."""
    # Sparse matrices would become a 0-d object array; text has a length, but is no array.
    is_sparse = hasattr(values, "nnz") and hasattr(values, "toarray")
    if values is None or is_sparse or isinstance(values, (str, bytes, Mapping, Set)) or not _has_length(values):
        raise InvalidParameterError(
            f"The {name!r} parameter of {function} must be an array-like. Got {values!r} instead."
        )
    if _is_dask(values):
        raise InvalidParameterError(
            f"The {name!r} parameter of {function} is a Dask collection of type {type(values).__name__}, which is not "
            "in memory. Call squarely.dask.evaluate, or squarely.xarray.evaluate where it is in xarray, which score "
            f"chunks where they are, or pass {name}.compute()."
        )


def check_is_here(values: object, name: str, function: str) -> None:
    """Refuse arrays in the memory of a device."""
    if _is_elsewhere(values):
        library = _library_of(values)
        way = WAYS_TO_MOVE.get(library, "a copy in main memory").format(name=name)
        raise InvalidParameterError(
            f"The {name!r} parameter of {function} is a {library} array in the memory of a device "
            f"({getattr(values, 'device', 'not the CPU')}). Pass {way}."
        )


def _is_dask(values: object) -> bool:
    # The collections of xarray too have a graph, but need not be of Dask.
    return hasattr(values, "__dask_graph__") and _library_of(values).startswith("dask")


def _library_of(values: object) -> str:
    return type(values).__module__.partition(".")[0]


def _is_elsewhere(values: Any) -> bool:
    if not hasattr(values, "__dlpack_device__"):
        return hasattr(values, "__cuda_array_interface__")
    try:
        return int(values.__dlpack_device__()[0]) not in READABLE_DEVICES
    except ValueError:  # a device DLPack has no number for
        return True


def _has_length(values: Any) -> bool:
    if _is_dask(values):
        return True
    if hasattr(values, "shape") and isinstance(values.shape, tuple):
        return len(values.shape) > 0
    # Before NumPy is asked, which would convert it.
    if hasattr(values, "__arrow_c_stream__") or hasattr(values, "__arrow_c_array__"):
        return True
    if hasattr(values, "__array__") or hasattr(values, "__array_interface__"):
        return np.ndim(values) > 0
    return hasattr(values, "__len__")
