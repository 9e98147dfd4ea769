"""What every format offers once a file is open."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum, auto
from typing import Any, NamedTuple

BATCH_ROWS = 65_536  # what one thread of the core takes at once; a column of so many rows is 512 KiB


class As(Enum):
    """What a column of text, which has no types, is read as where it holds no numbers to score."""

    FOUND = auto()  # what its first rows are
    TEXT = auto()  # as it is written, null where that means a missing value
    ID = auto()  # as it is written, null where nothing is


class Section(NamedTuple):
    """Rows that one thread reads from front to back: some row groups, some rows of an array, or a whole file."""

    first: int = 0
    last: int = 1  # the first that is no longer in it
    first_row: int = 0  # how many rows of the file lie before it
    share: float = 1.0  # of the bytes of the file
    begins_anywhere: bool = False  # whether it can be read from a position on; else it is read whole


class Position(NamedTuple):
    """How far a section was read."""

    rows: int = 0
    offset: int = 0  # bytes of text before the next row, where a file is text


class Piece(NamedTuple):
    """Some rows of a section as an Arrow batch, the position after them, and the fraction of the section read."""

    batch: Any
    position: Position
    fraction: float


class Table(NamedTuple):
    """An open file: the names and types of its columns, its sections, and a way to read some columns of one."""

    schema: Any
    sections: tuple[Section, ...]
    pieces: Callable[[Sequence[str], Section, Position, int], Iterator[Piece]]
    """Reads columns of a section from a position on, by so many threads."""
    where: Callable[[Section, int], str]
    """Says, for an error, where in the file a number of rows of a section ends."""
    suggest: Callable[[Sequence[str]], Mapping[str, Any]] = lambda _: {}
    """Guesses which reading options would find columns that are not there."""
    keyed: Callable[[Mapping[str, As]], "Table"] | None = None
    """The same table with columns of keys and of ids, read as these are best."""

    def with_keys(self, columns: Mapping[str, As]) -> "Table":
        """Return the table in which these columns hold keys of groups, or ids."""
        there = {name: read_as for name, read_as in columns.items() if name in self.schema.names}
        return self if self.keyed is None or not there else self.keyed(there)


def batch_rows(columns: int) -> int:
    """Return how many rows to decode at once: so many that all columns fit the cache and are scored while warm."""
    cache_bytes = 2 << 20
    return max(BATCH_ROWS // 8, min(BATCH_ROWS, cache_bytes // (8 * columns)))


def after_rows(section: Section, rows: int) -> str:
    """Return where reading failed in a file that is read by rows."""
    before = section.first_row + rows
    return f" after data row {before}" if before else ""
