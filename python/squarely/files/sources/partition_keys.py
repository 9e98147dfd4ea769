"""Columns that only the names of folders hold, such as year=2013, beside those in the file."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from squarely.extras import import_extra
from squarely.files.errors import ContentError
from squarely.files.formats.data_file import DataFile
from squarely.files.formats.table import Piece, Position, Section, Table
from squarely.files.formats.text_keys import dictionary_of, kind_of


def kinds_of_keys(files: Iterable[DataFile]) -> dict[str, Any]:
    """Return what the keys of folders are as keys of groups, of all files: a folder alone might be another."""
    pyarrow = import_extra("pyarrow")
    found: dict[str, dict[str | None, None]] = {}
    for file in files:
        for name, text in file.keys.items():
            found.setdefault(name, {})[text] = None
    kinds = {name: kind_of(pyarrow.array(list(texts), pyarrow.string())) for name, texts in found.items()}
    return {name: kind or pyarrow.string() for name, kind in kinds.items()}


def with_partition_keys(table: Table, keys: Mapping[str, str | None], kinds: Mapping[str, Any]) -> Table:
    """Return a table with one more column for each key that is not the name of a column in the file.

    Those that have a kind are keys of groups, and others numbers.
    """
    added = {key: value for key, value in keys.items() if key not in table.schema.names}
    if not added:
        return table
    pyarrow = import_extra("pyarrow")
    schema = table.schema
    for key in added:
        schema = schema.append(pyarrow.field(key, kinds.get(key, pyarrow.float64())))
    return table._replace(schema=schema, pieces=partial(_pieces, table, added, kinds))


def _pieces(
    table: Table,
    keys: Mapping[str, str | None],
    kinds: Mapping[str, Any],
    columns: Sequence[str],
    section: Section,
    position: Position,
    threads: int,
) -> Iterator[Piece]:
    pyarrow = import_extra("pyarrow")
    in_file = [name for name in columns if name not in keys]
    if not in_file:
        raise ContentError("all the columns are names of folders; at least one must be in the file")
    of_folders = [name for name in columns if name in keys]
    numbers = {name: _number(name, keys[name]) for name in of_folders if name not in kinds}
    values = {
        name: pyarrow.array([keys[name]], pyarrow.string()).cast(kinds[name]) for name in of_folders if name in kinds
    }
    for piece in table.pieces(in_file, section, position, threads):
        batch = {name: piece.batch.column(name) for name in in_file}
        for name, number in numbers.items():
            batch[name] = pyarrow.array(np.full(piece.batch.num_rows, number))
        for name, value in values.items():
            batch[name] = dictionary_of(pyarrow, pyarrow.array(np.zeros(piece.batch.num_rows, np.int32)), value)
        yield piece._replace(batch=pyarrow.RecordBatch.from_pydict(batch))


def _number(name: str, text: str | None) -> float:
    """Return the number nearest to what a folder is named, as of text in CSV."""
    pyarrow = import_extra("pyarrow")
    if text is None:
        return np.nan
    try:
        number: Any = pyarrow.scalar(text).cast(pyarrow.float64()).as_py()
    except pyarrow.ArrowInvalid as error:
        raise ContentError(f"column {name!r} is {text!r} in the name of a folder, which is not a number") from error
    return float(number)
