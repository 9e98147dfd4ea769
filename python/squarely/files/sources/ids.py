"""Ids by which rows of two tables belong together: which types they have, and equal ones made equal for a join."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from squarely.extras import import_extra
from squarely.files.errors import ContentError, FileError

SHOWN_IDS = 3


class Kind(NamedTuple):
    """What ids are, in words, and the type in which they are compared."""

    name: str
    type: Any


def kind_of(column: str, kind: Any) -> Kind:
    """Return what ids of this Arrow type are, or refuse a type whose values are no names."""
    pyarrow, types = import_extra("pyarrow"), import_extra("pyarrow.types")
    if types.is_dictionary(kind):
        return kind_of(column, kind.value_type)
    zone = getattr(kind, "tz", None)
    rows: Sequence[tuple[bool, str, Any]] = (
        (types.is_uint64(kind), "integers", pyarrow.uint64()),
        (types.is_integer(kind), "integers", pyarrow.int64()),
        ("string" in str(kind), "text", pyarrow.binary()),  # a connection may have text compared without regard to case
        (types.is_boolean(kind), "booleans", pyarrow.bool_()),
        (types.is_date(kind), "dates", pyarrow.date32()),
        # DuckDB keeps microseconds only of times with a zone.
        (types.is_timestamp(kind), "times" if zone is None else "times of a time zone", pyarrow.int64()),
        ("binary" in str(kind), "bytes", pyarrow.binary()),
    )
    for is_such, name, compared in rows:
        if is_such:
            return Kind(name, compared)
    raise ContentError(
        f"column {column!r} holds values of type {kind}, and ids are integers, text, booleans, dates, times or bytes"
    )


def agreed(ids: Sequence[str], sides: Sequence[tuple[str, Sequence[Kind], bool]]) -> list[list[Kind]]:
    """Return for each side, of a name, kinds and whether it is text without types, how its ids are compared."""
    compared = [list(kinds) for _, kinds, _ in sides]
    for place, column in enumerate(ids):
        typed = {kinds[place].name for _, kinds, is_written in sides if not is_written}
        if len({kinds[place].name for _, kinds, _ in sides}) == 1:
            continue
        if len(typed) == 1 and typed <= {"integers", "dates"}:
            # One way to write each of them, so that text and value are equal where the text is written so.
            for kinds in compared:
                kinds[place] = Kind("text", import_extra("pyarrow").binary())
            continue
        told = ", and ".join(f"{kinds[place].name} in {name}" for name, kinds, _ in sides)
        raise FileError(f"column {column!r} holds {told}; ids match only where both are of one kind")
    return compared


def compared_ids(array: Any, kind: Kind) -> Any:
    """Return ids in the type in which they are compared."""
    pyarrow, types = import_extra("pyarrow"), import_extra("pyarrow.types")
    if types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if types.is_timestamp(array.type):
        array = array.cast(pyarrow.timestamp("ns", array.type.tz))
    if types.is_date64(array.type):
        array = array.cast(pyarrow.date32())
    if kind.name == "text":
        array = array.cast(pyarrow.string())
    return array.cast(kind.type)


def shown(rows: Sequence[Sequence[Any]], kinds: Sequence[Kind], total: int) -> str:
    """Return some of the ids in words: such as 1, 2, 3 and 4 more."""
    ids = [tuple(_shown_id(value, kind) for value, kind in zip(row, kinds, strict=True)) for row in rows]
    listed = ", ".join(one[0] if len(one) == 1 else f"({', '.join(one)})" for one in ids)
    return listed if total <= len(rows) else f"{listed} and {total - len(rows)} more"


def _shown_id(value: Any, kind: Kind) -> str:
    if kind.name.startswith("times"):
        return str(np.datetime64(value, "ns"))
    if kind.name == "text":
        value = value.decode(errors="backslashreplace")
    show: Callable[[Any], str] = repr if isinstance(value, str | bytes) else str
    return show(value)


def counted_ids(count: int) -> str:
    return "1 id" if count == 1 else f"{count} ids"
