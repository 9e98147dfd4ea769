"""What is scored, wherever it comes from: sections of rows, and a way to read the columns of one."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from squarely.files.arrow_numbers import to_numpy
from squarely.files.formats import open_table, told_in_one_sentence
from squarely.files.paths import DataFile
from squarely.files.table import Position, Section


class Names(NamedTuple):
    """What the columns are called, in files of tables and in the answer."""

    true: str
    weight: str | None
    predictions: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.true, *([] if self.weight is None else [self.weight]), *self.predictions)


class Chunk(NamedTuple):
    """Some rows of a section: truth, weights where there are any, predictions; and how far it is read after them."""

    columns: tuple[Any, ...]
    rows: int
    position: Position
    fraction: float


class Source(NamedTuple):
    """Rows to score: a file, a pair of arrays, or a chunk."""

    name: str  # begins what is said of it
    files: tuple[str, ...]
    size: int  # bytes
    names: Names
    sections: tuple[Section, ...]
    read: Callable[[Section, Position, bool], Iterator[Chunk]]
    identity: tuple[tuple[str, int, int], ...] | None = None
    """Path, size and time of change of each file; None where nobody can tell whether it is the same in a later run."""
    is_passing: bool = False  # a chunk in memory: to be scored before the next one is asked for, where the caller runs


def table_source(file: DataFile, names: Names) -> Source:
    """Return a file of a known format, its columns checked."""
    with open_table(file, names.columns) as table:
        sections = table.sections
    identity = ((file.path, file.size(), file.modified()),)
    return Source(file.path, (file.path,), file.size(), names, sections, partial(_read, file, names.columns), identity)


def _read(
    file: DataFile, columns: Sequence[str], section: Section, position: Position, in_parallel: bool
) -> Iterator[Chunk]:
    rows = position.rows
    with open_table(file, columns) as table, told_in_one_sentence(file.path, lambda: table.where(section, rows)):
        for piece in table.pieces(columns, section, position, in_parallel):
            read = tuple(to_numpy(name, piece.batch.column(name)) for name in columns)
            yield Chunk(read, piece.batch.num_rows, piece.position, piece.fraction)
            rows = piece.position.rows
