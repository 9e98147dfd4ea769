"""Containers of keys become chunks. No library is imported for it: whoever passes a container has imported that."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from squarely.arguments import InvalidParameterError
from squarely.columns.numpy_masked import is_masked_array
from squarely.columns.pandas_frames import is_pandas
from squarely.columns.refusals import check_is_array, check_is_here
from squarely.groups.chunks import Chunk, Dictionary, FixedTexts, Nulls, Strings, Words
from squarely.groups.kinds import BOOLEAN, BYTES, FLOAT, INTEGER, TEXT, kind_of_time, zone_name

__all__ = ["NAMELESS", "read_column", "read_columns", "refused"]

NAMELESS = ""

# Of so many texts nobody thinks that they are names of columns.
MOST_NAMES = 10

Columns = list[tuple[str, Chunk]]


def read_columns(by: Any, rows: int | None) -> Columns:
    """Return the columns of the keys with their names, all of the same length; a single one may be nameless."""
    columns = _columns_of(by)
    if not columns:
        raise InvalidParameterError("The 'by' parameter has no columns of keys. Pass at least one.")
    names = [name for name, _ in columns]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidParameterError(f"by has the column {twice!r} more than once. Give each its own name.")
    expected = len(columns[0][1]) if rows is None else rows
    for name, chunk in columns:
        if len(chunk) != expected:
            there = f"the column {columns[0][0]!r} of by" if rows is None else "the data"
            raise ValueError(
                f"{_label(name, len(columns) > 1)} has {len(chunk)} keys, and {there} {expected} rows: pass a key "
                f"for every row.{_columns_meant(by)}"
            )
    return columns


def _columns_meant(by: Any) -> str:
    """Return what to pass where somebody may have passed the names of columns."""
    are_names = isinstance(by, (list, tuple)) and 0 < len(by) < MOST_NAMES and all(isinstance(one, str) for one in by)
    return f" Where these are columns, pass them and not their names, as frame[{list(by)!r}]." if are_names else ""


def _columns_of(by: Any) -> Columns:
    if isinstance(by, str):
        raise InvalidParameterError(
            f"The 'by' parameter has the keys themselves, a key for every row. Got {by!r}: where this is a column, "
            f"pass frame[{by!r}]."
        )
    if isinstance(by, Mapping):
        return [(_name(name), read_column(values, f"by[{name!r}]")) for name, values in by.items()]
    if is_pandas(by) and by.ndim == 2:
        return [(_name(name), read_column(column, f"by[{name!r}]")) for name, column in by.items()]
    if _is_arrow(by) and not is_pandas(by):
        from squarely.groups.arrow_chunks import columns_of_arrow

        columns = columns_of_arrow(by)
        return columns if len(columns) != 1 or columns[0][0] else [(_own_name(by), columns[0][1])]
    return [(_own_name(by), read_column(by, "by"))]


def _own_name(by: Any) -> str:
    name = None if isinstance(by, np.ndarray) else getattr(by, "name", None)
    return NAMELESS if name is None or callable(name) else _name(name)


def _name(name: object) -> str:
    return name if isinstance(name, str) else str(name)


def _label(name: str, is_one_of_many: bool) -> str:
    return f"by[{name!r}]" if is_one_of_many else "by"


def read_column(values: Any, label: str) -> Chunk:
    """Return the keys of one column, or raise what it is and what to do."""
    if type(values) is np.ndarray and values.ndim == 1:
        return chunk_of_array(values, label)
    check_is_array(values, label, "scores by group")
    if is_pandas(values):
        return _chunk_of_pandas(values, label)
    if _is_arrow(values):
        return _chunk_of_arrow(values, label)
    if isinstance(values, (list, tuple)):
        from squarely.groups.objects import chunk_of_objects, objects_of_list

        return chunk_of_objects(objects_of_list(values, label), label)
    check_is_here(values, label, "scores by group")
    if is_masked_array(values):
        return _chunk_of_masked(values, label)
    if _is_array(values):
        return chunk_of_array(np.asarray(values), label)
    if isinstance(values, Sequence):
        return read_column(list(values), label)
    raise refused(label, f"a {type(values).__name__}", "Pass an array, a list or a column of a table")


def _is_arrow(values: object) -> bool:
    return hasattr(type(values), "__arrow_c_stream__") or hasattr(type(values), "__arrow_c_array__")


def _is_array(values: object) -> bool:
    return hasattr(values, "__array__") or hasattr(values, "__array_interface__")


def _chunk_of_arrow(values: Any, label: str) -> Chunk:
    from squarely.groups.arrow_chunks import columns_of_arrow

    columns = columns_of_arrow(values, label)
    if len(columns) != 1:
        raise refused(label, f"a table of {len(columns)} columns", "Pass one of them")
    return columns[0][1]


def refused(label: str, what: str, way: str) -> InvalidParameterError:
    """Return that something is no key, what it is, and what to do."""
    return InvalidParameterError(
        f"{label} holds {what}, which is no key of groups: keys are numbers, booleans, text, bytes, dates and times. "
        f"{way}."
    )


# NumPy


def chunk_of_array(array: npt.NDArray[Any], label: str) -> Chunk:
    """Return an array of one dimension as keys."""
    if array.ndim != 1:
        columns = f"{{'a': {label}[:, 0], 'b': {label}[:, 1]}}" if array.ndim == 2 else f"{label}.reshape(-1)"
        raise InvalidParameterError(
            f"{label} has shape {array.shape}, and keys have one dimension, the rows. Pass {columns}."
        )
    kind = array.dtype.kind
    if kind == "O":
        from squarely.groups.objects import chunk_of_objects

        return chunk_of_objects(array, label)
    if kind in "US":
        return FixedTexts(TEXT if kind == "U" else BYTES, array, label)
    if kind == "T":
        return Strings(TEXT, array, label)
    return chunk_of_times(array, label) if kind in "mM" else _chunk_of_numbers(array, label)


def _chunk_of_numbers(array: npt.NDArray[Any], label: str) -> Words:
    kind, size = array.dtype.kind, array.dtype.itemsize
    if kind in "iu":
        return Words(INTEGER, array, label)
    if kind == "b":
        return Words(BOOLEAN, array, label)
    if kind == "f" and size in (4, 8):
        return Words(FLOAT, array, label)
    if kind == "f" and size > 8:
        raise refused(label, f"dtype {array.dtype}, which has more digits than float64", f"Pass {label}.astype(float)")
    if kind == "f" or (array.dtype.isbuiltin == 2 and array.dtype.name == "bfloat16"):
        return Words(FLOAT, array.astype(np.float32), label)
    if array.dtype.names:
        fields = ", ".join(f"{name!r}: {label}[{name!r}]" for name in array.dtype.names)
        raise refused(label, "structures", f"Pass its fields, as {{{fields}}}")
    raise refused(label, f"dtype {array.dtype}", "Convert it to one of these")


def chunk_of_times(array: npt.NDArray[Any], label: str, zone: str = "") -> Chunk:
    unit, count = np.datetime_data(array.dtype)
    if unit == "generic":
        if np.isnat(array).all():
            return Nulls(len(array))
        raise refused(label, f"{array.dtype} without a unit", f"Pass {label}.astype('{array.dtype.kind}8[s]')")
    if count != 1:
        array = _in_single_units(array, unit, label)
    integers = array.view(np.dtype(np.int64).newbyteorder(array.dtype.byteorder))
    return Words(kind_of_time(array.dtype.kind == "M", unit, zone), integers, label)


def _in_single_units(array: npt.NDArray[Any], unit: str, label: str) -> npt.NDArray[Any]:
    times = array.astype(f"{array.dtype.kind}8[{unit}]")
    if (times.astype(array.dtype) != array)[~np.isnat(array)].any():
        raise ValueError(f"{label} holds times of dtype {array.dtype} that are beyond what {times.dtype} holds.")
    return times


def _chunk_of_masked(values: Any, label: str) -> Chunk:
    chunk = chunk_of_array(np.asarray(values.data), label)
    if values.mask is np.ma.nomask:
        return chunk
    return with_missing(chunk, np.asarray(values.mask), label)


def with_missing(chunk: Chunk, missing: npt.NDArray[np.bool_], label: str) -> Chunk:
    """Return a chunk some rows of which are missing."""
    if isinstance(chunk, Words):
        chunk.presence = missing
        return chunk
    places = np.where(missing, -1, np.arange(len(missing)))
    return Dictionary(Words(INTEGER, places, label, missing), chunk)


# pandas


def _chunk_of_pandas(values: Any, label: str) -> Chunk:
    if getattr(values, "nlevels", 1) > 1:
        raise refused(label, f"an index of {values.nlevels} levels", f"Pass {label}.to_frame()")
    if values.ndim != 1:
        raise refused(label, f"a {type(values).__name__} of shape {values.shape}", "Pass one of its columns")
    extension = values.array if hasattr(values, "array") else values
    if hasattr(extension, "codes") and hasattr(extension, "categories"):
        codes = np.asarray(extension.codes)
        places = Words(INTEGER, codes, label, codes < 0)
        return Dictionary(places, read_column(extension.categories, label))
    if hasattr(extension, "_mask") and hasattr(extension, "_data"):
        return with_missing(chunk_of_array(np.asarray(extension._data), label), extension._mask, label)
    if type(extension).__name__.startswith("Arrow"):
        return _chunk_of_arrow(extension.__arrow_array__(), label)
    if getattr(extension, "tz", None) is not None:
        utc = np.asarray(extension.tz_convert(None))
        return chunk_of_times(utc, label, zone_name(extension.tz))
    return chunk_of_array(np.asarray(extension), label)
