"""Which columns there are, and whether they hold numbers."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from squarely.extras import import_extra
from squarely.files.errors import ContentError

LISTED_COLUMNS = 20  # column names spelled out in an error message


def check_columns(
    schema: Any, columns: Sequence[str], suggest: Callable[[], Mapping[str, Any]] = dict[str, Any]
) -> None:
    """Refuse columns of which there is none, or more than one, or one of something other than numbers."""
    for name in columns:
        kind = type_of_column(schema, name, suggest)
        if not _is_numeric(kind):
            raise ContentError(f"column {name!r} holds {type_name(kind)}, not numbers")


def type_of_column(schema: Any, name: str, suggest: Callable[[], Mapping[str, Any]] = dict[str, Any]) -> Any:
    """Return the type of a column, of which there must be one."""
    count = schema.names.count(name)
    parts = [part.strip() for part in name.split(",")]
    if count == 0 and len(parts) > 1 and set(parts) <= set(schema.names):
        raise ContentError(_several_columns(name, parts))
    if count == 0:
        raise ContentError(_no_such_column(name, schema.names), **suggest())
    if count > 1:
        raise ContentError(f"there are {count} columns named {name!r}; rename all but one")
    return schema.field(name).type


def _several_columns(name: str, parts: Sequence[str]) -> str:
    typed = " ".join(f"--pred {part}" for part in parts)
    return f"there is no column {name!r}; for several predictions pass pred={parts}, or repeat --pred: {typed}"


def _no_such_column(name: str, names: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1)
    suggestion = f" Did you mean {close[0]!r}?" if close else ""
    listed = ", ".join(repr(known) for known in names[:LISTED_COLUMNS])
    more = f" and {len(names) - LISTED_COLUMNS} more" if len(names) > LISTED_COLUMNS else ""
    return f"there is no column {name!r}.{suggestion} The columns are {listed}{more}"


def _is_numeric(kind: Any) -> bool:
    types = import_extra("pyarrow.types")
    if types.is_dictionary(kind):
        return _is_numeric(kind.value_type)
    tests = (types.is_floating, types.is_integer, types.is_boolean, types.is_decimal, types.is_null)
    return any(test(kind) for test in tests)


def type_name(kind: Any) -> str:
    return "text" if "string" in str(kind) else f"values of type {kind}"
