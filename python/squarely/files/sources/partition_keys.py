"""Columns that only the names of folders hold, such as year=2013, beside those in the file."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from squarely.extras import import_extra
from squarely.files.errors import ContentError
from squarely.files.formats.table import Piece, Position, Section, Table


def with_keys(table: Table, keys: Mapping[str, str | None]) -> Table:
    """Return a table with one more column for each key that is not the name of a column in the file."""
    added = {key: value for key, value in keys.items() if key not in table.schema.names}
    if not added:
        return table
    pyarrow = import_extra("pyarrow")
    schema = table.schema
    for key in added:
        schema = schema.append(pyarrow.field(key, pyarrow.float64()))
    return table._replace(schema=schema, pieces=partial(_pieces, table, added))


def _pieces(
    table: Table,
    keys: Mapping[str, str | None],
    columns: Sequence[str],
    section: Section,
    position: Position,
    threads: int,
) -> Iterator[Piece]:
    pyarrow = import_extra("pyarrow")
    in_file = [name for name in columns if name not in keys]
    if not in_file:
        raise ContentError("all the columns are names of folders; at least one must be in the file")
    numbers = {name: _number(name, keys[name]) for name in columns if name in keys}
    for piece in table.pieces(in_file, section, position, threads):
        batch = {name: piece.batch.column(name) for name in in_file}
        for name, number in numbers.items():
            batch[name] = pyarrow.array(np.full(piece.batch.num_rows, number))
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
