"""Keys of groups on their way through a database: as types that it gives back as they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from squarely.extras import import_extra
from squarely.files.errors import FileError
from squarely.files.sources.keys import Key, keys_in


class Carried(NamedTuple):
    """A key by its type inside of a database and the one outside, which all tables of a side share."""

    inside: Any
    outside: Any

    def enter(self, keys: Any) -> Any:
        types = import_extra("pyarrow.types")
        if types.is_dictionary(keys.type):
            keys = keys.dictionary_decode()
        return keys.cast(self.inside)

    def leave(self, keys: Any) -> Any:
        pyarrow = import_extra("pyarrow")
        return pyarrow.nulls(len(keys)) if pyarrow.types.is_null(self.outside) else keys.cast(self.outside)


def _carried(kind: Any) -> Carried:
    pyarrow, types = import_extra("pyarrow"), import_extra("pyarrow.types")
    if types.is_dictionary(kind):
        return _carried(kind.value_type)
    rows: Sequence[tuple[bool, Any, Any]] = (
        (types.is_uint64(kind), kind, kind),
        (types.is_integer(kind), pyarrow.int64(), pyarrow.int64()),
        (types.is_floating(kind), pyarrow.float64(), pyarrow.float64()),
        (types.is_boolean(kind), kind, kind),
        (types.is_date(kind), pyarrow.date32(), pyarrow.date32()),
        # A database shows moments in a time zone of its own.
        (types.is_timestamp(kind) or types.is_duration(kind), pyarrow.int64(), kind),
        (types.is_null(kind), pyarrow.bool_(), kind),
        ("string" in str(kind), pyarrow.string(), pyarrow.string()),
        (True, pyarrow.binary(), pyarrow.binary()),
    )
    return next(Carried(inside, outside) for is_such, inside, outside in rows if is_such)


def carried_keys(tables: Sequence[tuple[str, Any, Sequence[Key]]]) -> tuple[Carried, ...]:
    """Return how keys of tables of one side are carried: of each its name, its schema, and the keys in it."""
    agreed: dict[str, tuple[str, Carried]] = {}
    for name, schema, keys in tables:
        for label, found in _types_of_keys(schema, keys).items():
            first, known = agreed.setdefault(label, (name, found))
            types = import_extra("pyarrow.types")
            if types.is_null(known.outside):
                agreed[label] = name, found
            elif known != found and not types.is_null(found.outside):
                raise FileError(
                    f"{name}: {label!r} has keys of type {found.outside}, and in {first} they are of type "
                    f"{known.outside}. Keys of text files may be taken as they are written, as 'store:text'"
                )
    return tuple(found for _, found in agreed.values())


def _types_of_keys(schema: Any, keys: Sequence[Key]) -> Mapping[str, Carried]:
    pyarrow = import_extra("pyarrow")
    no_rows = pyarrow.RecordBatch.from_arrays([pyarrow.nulls(0, kind) for kind in schema.types], names=schema.names)
    return {label: _carried(column.type) for label, column in (keys_in(no_rows, keys) or {}).items()}
