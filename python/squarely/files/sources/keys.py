"""Keys of groups: columns of a table, or parts of what is in them, as "date:month" is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from squarely.extras import import_extra
from squarely.files.errors import ContentError
from squarely.files.formats.table import As
from squarely.files.formats.text_keys import dictionary_of
from squarely.files.sources.schema import type_name, type_of_column

# Parts of dates and moments, and the functions of pyarrow that take them; a moment is what its own time zone shows.
PARTS = {"year": "year", "month": "month", "day": "day", "hour": "hour", "weekday": "day_of_week", "date": ""}
AS_TEXT = "text"


class Key(NamedTuple):
    """A key that is asked for: what it is called, the column that it is in, and the part of it."""

    label: str
    column: str
    part: str | None

    @property
    def read_as(self) -> As:
        return As.TEXT if self.part == AS_TEXT else As.FOUND


def keys_named(by: Sequence[str], names: Sequence[str]) -> tuple[Key, ...]:
    """Return what keys are of the columns that there are; a column of the very name comes before a part of another."""
    return tuple(Key(label, label, None) if label in names else _part_named(label, names) for label in by)


def _part_named(label: str, names: Sequence[str]) -> Key:
    column, _, part = label.rpartition(":")
    if not column or (part not in PARTS and part != AS_TEXT):
        if column in names:
            raise ContentError(f"{label!r} asks for {part!r}, and parts are {', '.join([*PARTS, AS_TEXT])}")
        return Key(label, label, None)
    return Key(label, column, part)


def check_keys(schema: Any, keys: Sequence[Key], suggest: Callable[[], Mapping[str, Any]] = dict[str, Any]) -> None:
    """Refuse keys of columns of which there is none, and parts of what has no such part."""
    for key in keys:
        kind = value_type(type_of_column(schema, key.column, suggest))
        if key.part in PARTS:
            _check_part(key, kind)
        elif key.part != AS_TEXT and not _is_key(kind):
            way = f"; group by {key.column + ':text'!r}" if import_extra("pyarrow.types").is_decimal(kind) else ""
            raise ContentError(f"column {key.column!r} holds {type_name(kind)}, which are no keys of groups{way}")


def _check_part(key: Key, kind: Any) -> None:
    types = import_extra("pyarrow.types")
    if types.is_timestamp(kind) or types.is_null(kind) or (types.is_date(kind) and key.part != "hour"):
        return
    if types.is_date(kind):
        raise ContentError(f"column {key.column!r} holds dates without a time of day, so that {key.label!r} is nothing")
    what = type_name(kind) if _is_text(kind) else f"values of type {kind}"
    way = ", written as 2024-01-31 or 2024-01-31 18:30:00 in text and of a type of dates elsewhere"
    raise ContentError(f"column {key.column!r} holds {what}, and {key.label!r} needs dates{way}")


def value_type(kind: Any) -> Any:
    return kind.value_type if import_extra("pyarrow.types").is_dictionary(kind) else kind


def _is_text(kind: Any) -> bool:
    return "string" in str(kind)


def _is_key(kind: Any) -> bool:
    types = import_extra("pyarrow.types")
    tests = (types.is_integer, types.is_floating, types.is_boolean, types.is_temporal, types.is_null)
    is_known = any(test(kind) for test in tests) and not types.is_time(kind)
    return is_known or _is_text(kind) or "binary" in str(kind)


def keys_in(batch: Any, keys: Sequence[Key], missing: Sequence[float] = ()) -> dict[str, Any] | None:
    """Return the columns of keys of some rows by what they are called, and nothing where none is asked for.

    Numbers that mean a missing value are null.
    """
    return {key.label: _values(batch.column(key.column), key, missing) for key in keys} or None


def _values(column: Any, key: Key, missing: Sequence[float]) -> Any:
    """Return a key of every row; of a dictionary its values are worked on, of which there are fewer."""
    pyarrow = import_extra("pyarrow")
    if pyarrow.types.is_dictionary(column.type):
        return dictionary_of(pyarrow, column.indices, _part(_without(column.dictionary, missing), key))
    return _part(_without(column, missing), key)


def _without(values: Any, missing: Sequence[float]) -> Any:
    pyarrow, compute = import_extra("pyarrow"), import_extra("pyarrow.compute")
    types = pyarrow.types
    if not missing or not (types.is_integer(values.type) or types.is_floating(values.type)):
        return values
    words = []
    for number in missing:
        with contextlib.suppress(pyarrow.ArrowInvalid, OverflowError):  # what the type cannot hold is not in it
            words.append(pyarrow.scalar(number).cast(values.type))
    is_missing = compute.is_in(values, value_set=pyarrow.array(words, values.type))
    return compute.if_else(is_missing, None, values)


def _part(values: Any, key: Key) -> Any:
    pyarrow, compute = import_extra("pyarrow"), import_extra("pyarrow.compute")
    types, part = pyarrow.types, key.part
    if part is None:
        return _in_microseconds(values, key) if types.is_timestamp(values.type) else values
    if part == AS_TEXT:
        return values if _is_text(values.type) else values.cast(pyarrow.string())
    if types.is_null(values.type):
        return values
    if types.is_date64(values.type):
        values = values.cast(pyarrow.date32())
    if part != "date":
        return compute.call_function(PARTS[part], [values])
    if types.is_timestamp(values.type) and values.type.tz is not None:
        values = compute.local_timestamp(values)
    return compute.floor_temporal(values, unit="day").cast(pyarrow.date32())


def _in_microseconds(moments: Any, key: Key) -> Any:
    """Return moments in one unit, whatever that of the file is: otherwise the first file would decide for all."""
    pyarrow = import_extra("pyarrow")
    try:
        return moments.cast(pyarrow.timestamp("us", moments.type.tz))
    except pyarrow.ArrowInvalid as error:
        raise ContentError(
            f"column {key.column!r} holds moments that are no whole microseconds, or too far away for these; group by "
            f"{key.column + ':date'!r} or {key.column + ':text'!r}"
        ) from error
