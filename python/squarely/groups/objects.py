"""Lists, and arrays of Python's objects: what they are is told by their types."""

import datetime
import math
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from squarely.arguments import InvalidParameterError
from squarely.groups.chunks import Chunk, Nulls, Objects, Words
from squarely.groups.kinds import BOOLEAN, BYTES, FLOAT, INTEGER, TEXT, zone_name
from squarely.groups.reading import chunk_of_times, refused

__all__ = ["chunk_of_objects", "objects_of_list"]

PythonObjects = npt.NDArray[np.object_]

# The first that fits: a timedelta64 is an integer to NumPy, a datetime a date, and a bool an int to Python.
FAMILIES: tuple[tuple[tuple[type, ...], str], ...] = (
    ((str,), "str"),
    ((bytes,), "bytes"),
    ((bool, np.bool_), "bool"),
    ((np.datetime64, datetime.datetime), "datetime"),
    ((datetime.date,), "date"),
    ((np.timedelta64, datetime.timedelta), "timedelta"),
    ((int, np.integer), "int"),
    ((float, np.float32, np.float16), "float"),
)


def objects_of_list(values: Sequence[Any], label: str) -> PythonObjects:
    """Return the elements of a list in an array, each as it is."""
    return np.fromiter(values, np.object_, len(values))


def chunk_of_objects(objects: PythonObjects, label: str) -> Chunk:
    """Return keys of one kind, or refuse what is of several or of none."""
    types = set(map(type, objects))
    families = {_family(kind, label) for kind in types if not _is_missing_type(kind)}
    if "float" in families and len(families) > 1:
        families = _without_nan(objects, families)
    if families == {"int", "float"}:
        return _floats_with_integers(objects, label)
    if len(families) > 1:
        names = " and ".join(sorted(families))
        raise InvalidParameterError(
            f"{label} holds {names} in one column, and keys of a column are of one kind. Convert them to one of these "
            f"first, as to text by [str(key) for key in {label}]."
        )
    return READERS[families.pop()](objects, label) if families else Nulls(len(objects))


def _family(kind: type, label: str) -> str:
    for types, family in FAMILIES:
        if issubclass(kind, types):
            return family
    is_array = hasattr(kind, "__array__") and not issubclass(kind, np.generic)
    are_columns = is_array or issubclass(kind, (list, tuple, dict, set))
    several = "Pass several columns with their names, as frame[['a', 'b']] or {'a': ..., 'b': ...}"
    way = several if are_columns else "Convert them to one of these"
    raise refused(label, f"elements of type {kind.__name__}", way)


def _is_missing_type(kind: type) -> bool:
    pandas = sys.modules.get("pandas")
    of_pandas = () if pandas is None else (type(pandas.NA), type(pandas.NaT))
    return kind is type(None) or kind in of_pandas


def _without_nan(objects: PythonObjects, families: set[str]) -> set[str]:
    """Return the families without floats where all of these are NaN, as pandas marks what is missing."""
    floats = (one for one in objects if isinstance(one, (float, np.floating)))
    return families - {"float"} if all(map(math.isnan, floats)) else families


def _are_missing(objects: PythonObjects, family: str) -> npt.NDArray[np.bool_]:
    types = next(types for types, name in FAMILIES if name == family)
    return np.fromiter((not isinstance(one, types) for one in objects), np.bool_, len(objects))


def _filled(objects: PythonObjects, missing: npt.NDArray[np.bool_], filler: object) -> PythonObjects:
    if not missing.any():
        return objects
    filled = objects.copy()
    filled[missing] = filler
    return filled


def _texts(objects: PythonObjects, label: str) -> Chunk:
    return Objects(TEXT, objects, label)


def _bytes(objects: PythonObjects, label: str) -> Chunk:
    return Objects(BYTES, objects, label)


def _booleans(objects: PythonObjects, label: str) -> Chunk:
    missing = _are_missing(objects, "bool")
    return Words(BOOLEAN, _filled(objects, missing, False).astype(np.bool_), label, missing)


def _integers(objects: PythonObjects, label: str) -> Chunk:
    missing = _are_missing(objects, "int")
    filled = _filled(objects, missing, 0)
    lowest, highest = min(map(int, filled)), max(map(int, filled))
    for dtype in (np.int64, np.uint64):
        if np.iinfo(dtype).min <= lowest and highest <= np.iinfo(dtype).max:
            return Words(INTEGER, filled.astype(dtype), label, missing)
    beyond = lowest if lowest < -(2**63) else highest
    raise ValueError(
        f"{label} holds the integer {beyond}, and integers below zero, or beyond 64 bits, have no type in common. Pass "
        "them as text."
        if beyond < 2**64 and beyond >= -(2**63)
        else f"{label} holds the integer {beyond}, which is beyond 64 bits. Pass it as text."
    )


def _floats(objects: PythonObjects, label: str) -> Chunk:
    missing = _are_missing(objects, "float")
    return Words(FLOAT, _filled(objects, missing, 0.0).astype(np.float64), label, missing)


def _floats_with_integers(objects: PythonObjects, label: str) -> Chunk:
    missing = _are_missing(objects, "float") & _are_missing(objects, "int")
    for one in objects[~missing]:
        if isinstance(one, (int, np.integer)) and abs(int(one)) > 2**53 and int(float(one)) != int(one):
            raise ValueError(
                f"{label} holds floats and the integer {one}, which no float64 holds. Pass integers alone, or text."
            )
    return Words(FLOAT, _filled(objects, missing, 0.0).astype(np.float64), label, missing)


def _times(family: str, convert: Callable[[Any], Any]) -> Callable[[PythonObjects, str], Chunk]:
    def read(objects: PythonObjects, label: str) -> Chunk:
        missing = _are_missing(objects, family)
        there = objects[~missing]
        zones = {zone_name(getattr(one, "tzinfo", None)) for one in there} if family == "datetime" else {""}
        if len(zones) > 1:
            raise InvalidParameterError(
                f"{label} holds times of different time zones, {', '.join(sorted(map(repr, zones)))}, '' being "
                "none of them. Convert them to one of these first."
            )
        times = np.array([convert(one) for one in there])  # of the finest unit
        whole = np.full(len(objects), "NaT", times.dtype)
        whole[~missing] = times
        return chunk_of_times(whole, label, zones.pop())

    return read


def _moment(value: Any) -> np.datetime64:
    if isinstance(value, np.datetime64):
        return value
    if hasattr(value, "to_datetime64"):  # of pandas, which has nanoseconds
        return value.to_datetime64()  # type: ignore[no-any-return]
    if value.tzinfo is not None:
        value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    return np.datetime64(value, "us")


def _duration(value: Any) -> np.timedelta64:
    if isinstance(value, np.timedelta64):
        return value
    if hasattr(value, "to_timedelta64"):
        return value.to_timedelta64()  # type: ignore[no-any-return]
    return np.timedelta64(value, "us")


READERS: dict[str, Callable[[PythonObjects, str], Chunk]] = {
    "str": _texts,
    "bytes": _bytes,
    "bool": _booleans,
    "int": _integers,
    "float": _floats,
    "datetime": _times("datetime", _moment),
    "date": _times("date", lambda value: np.datetime64(value, "D")),
    "timedelta": _times("timedelta", _duration),
}
