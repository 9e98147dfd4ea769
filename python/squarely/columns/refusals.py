"""Things that are no arrays in this process's memory, and what to do with each."""

from collections.abc import Iterator, Mapping, Set, ValuesView
from numbers import Number
from typing import Any

import numpy as np

from squarely.arguments import InvalidParameterError

__all__ = ["check_is_array", "check_is_here", "ragged"]

# More of it is named by its type.
LONGEST_SHOWN = 80

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
    """Refuse what is no array: scalars, text, mappings, views, sparse matrices, lazy graphs."""
    # Sparse matrices would become a 0-d object array, and so would views; text has a length, but is no array.
    is_none = values is None or isinstance(values, (str, bytes, Mapping, Set, ValuesView))
    is_none = is_none or type(values).__name__.endswith("GroupBy")
    if is_none or _is_sparse(values) or not _has_length(values):
        raise InvalidParameterError(
            f"The {name!r} parameter of {function} must be an array-like. Got {_shown(values)} instead."
            f"{_way_to_an_array(values, name)}"
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


def ragged(values: Any, name: str, said: object) -> ValueError:
    """Return what is said of a list that is no array: of chunks of different lengths, what joins them."""
    # A tensor without dimensions has a length that raises.
    chunks = [one for one in values if hasattr(one, "__len__") and getattr(one, "shape", (0,)) != ()]
    chunks = [one for one in chunks if not isinstance(one, (str, bytes))]
    lengths = list(dict.fromkeys(map(len, chunks)))
    if len(lengths) < 2 or len(chunks) < len(values):
        return ValueError(f"{name} must hold numbers, and rows of the same length: {said}")
    more = ", ..." if len(lengths) > 2 else ""
    join = "torch.cat" if _library_of(chunks[0]) == "torch" else "np.concatenate"
    return ValueError(
        f"{name} must hold numbers, and rows of the same length. Its {len(chunks)} parts have "
        f"{lengths[0]}, {lengths[1]}{more} elements: pass {join}({name}), or one part after another to "
        "Accumulator.update."
    )


def _shown(values: object) -> str:
    text = repr(values)
    return text if len(text) <= LONGEST_SHOWN and "\n" not in text else f"a {type(values).__name__}"


def _way_to_an_array(values: Any, name: str) -> str:
    """Return the line that makes an array of it, as a sentence, or nothing where there is none."""
    library = _library_of(values)
    for does_fit, way in (
        (library == "polars" and hasattr(values, "collect"), "{name}.collect()"),
        (library == "polars" and hasattr(values, "meta"), "what frame.select({name}) returns"),
        (library == "pyarrow" and hasattr(values, "to_table"), "{name}.to_table()"),
        (library == "pyspark" and hasattr(values, "toPandas"), "{name}.toPandas()"),
        (library == "xarray", "one of its variables, or the whole to squarely.xarray.evaluate"),
        (_is_sparse(values), "{name}.toarray()"),
        (hasattr(values, "predict"), "a scorer instead of the metric, one of squarely.scorers"),
        (isinstance(values, Mapping), "list({name}.values())"),
        (isinstance(values, (ValuesView, Iterator)), "list({name})"),
        (isinstance(values, Number) and not isinstance(values, bool), "[{name}]"),
        (hasattr(values, "reshape") and not isinstance(values, (str, bytes)), "{name}.reshape(1)"),
    ):
        if does_fit:
            return f" Pass {way.format(name=name)}."
    return ""


def _is_sparse(values: object) -> bool:
    return hasattr(values, "nnz") and hasattr(values, "toarray")


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
