"""What columns a file has: their types, as they can be asked for, and what they begin with."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from squarely.files.errors import told_in_one_sentence
from squarely.files.formats.data_file import DataFile
from squarely.files.formats.reading import ReadingOptions
from squarely.files.formats.table import As, Position, Table
from squarely.files.sources.keys import value_type
from squarely.files.sources.tables import open_table

FIRST_ROWS = 3


class Column(NamedTuple):
    """A column, or the key that a folder names."""

    name: str
    type: str
    """As pyarrow calls it; of text, what all of the first rows are."""
    first: list[Any]
    """What its first rows hold; None is null."""


def columns_of(file: DataFile, reading: ReadingOptions) -> list[Column]:
    """Return the columns of a file in their order, and then the keys of its folders."""
    with open_table(file, (), reading) as table, told_in_one_sentence(file.path):
        in_file = [name for name in table.schema.names if name not in file.keys]
        read_as_found = table.with_keys(dict.fromkeys(in_file, As.FOUND))
        found = [*_columns(read_as_found, in_file)]
    return [*found, *(Column(name, "of the folder", [text]) for name, text in file.keys.items())]


def _columns(table: Table, names: list[str]) -> Iterator[Column]:
    first = _first_rows(table, [name for name in names if names.count(name) == 1])
    for name, kind in zip(table.schema.names, table.schema.types, strict=True):
        if name in names:
            yield Column(name, str(value_type(kind)), first.get(name, []))


def _first_rows(table: Table, names: list[str]) -> dict[str, list[Any]]:
    for section in table.sections[:1]:
        for piece in table.pieces(names, section, Position(), 1):
            batch = piece.batch.slice(0, FIRST_ROWS)
            return {name: batch.column(place).to_pylist() for place, name in enumerate(names)}
    return {}
