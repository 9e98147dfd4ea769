"""What is scored, wherever it comes from: sections of rows, and a way to read the columns of one."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from squarely.files.formats.table import Position, Section


@dataclass(frozen=True)
class Names:
    """What the columns are called, in files of tables and in the answer."""

    true: str
    weight: str | None
    predictions: tuple[str, ...]
    is_single: bool = field(compare=False)
    """Whether there is one prediction, asked for by itself: its scores are then not told by its name."""
    by: tuple[str, ...] = ()
    """Of scores by group: columns of keys, or parts of them such as "date:month"."""

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.true, *([] if self.weight is None else [self.weight]), *self.predictions)


class Chunk(NamedTuple):
    """Some rows of a section: truth, weights where there are any, predictions; and how far it is read after them."""

    columns: tuple[Any, ...]
    rows: int
    position: Position
    fraction: float
    keys: Mapping[str, Any] | None = None
    """Of scores by group: the key of every row, a column each."""


class Source(NamedTuple):
    """Rows to score: a file, a pair of arrays, or a chunk."""

    name: str  # begins what is said of it
    files: tuple[str, ...]
    size: int  # bytes
    names: Names
    sections: tuple[Section, ...]
    read: Callable[[Section, Position, int], Iterator[Chunk]]
    identity: tuple[tuple[str, int, int], ...] | None = None
    """Path, size and time of change of each file; None where nobody can tell whether it is the same in a later run."""
    interrupt: Callable[[], object] = lambda: None
    """Ends a read that waits for a database, from another thread."""
    tables: tuple[str, ...] = ()
    """Of rows that are joined, which table each of the columns is from."""
    rows_have_order: bool = True
    """Whether rows come in the same order every time: then one has a number, and rounded sums are the same."""
    can_be_read_again: bool = True
    is_passing: bool = False  # a chunk in memory: to be scored before the next one is asked for, where the caller runs

    def table_of(self, column: int) -> str:
        """Return what a column is from, in words."""
        return self.tables[column] if self.tables else self.name
