"""What has been scored, and which sections are in it: consistent whenever nobody holds the lock."""

import copy
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from squarely.files.formats.table import Position
from squarely.files.sources.source import Source

Accumulators = dict[str, Any]  # an `Accumulator` for each prediction, or a `GroupedAccumulator`


@dataclass
class Done:
    """Which sections of a source are in the sums."""

    sections: set[int] = field(default_factory=set)
    begun: dict[int, Position] = field(default_factory=dict)  # sections of which the first rows are in the sums


class Totals:
    """The sums of all sources, to which threads add what they have scored."""

    def __init__(self, accumulators: Accumulators, *, is_exact: bool, files: Sequence[str] = (), rows: int = 0) -> None:
        self.lock = threading.Lock()
        self.accumulators = accumulators
        self._empty = {name: copy.copy(one).reset() for name, one in accumulators.items()}
        self.files = list(files)
        self.rows = rows
        self.done: dict[int, Done] = {}
        self.after_commit: Callable[[], object] = lambda: None
        self.is_exact = is_exact
        # These run ahead of the sums: they also count what is read of sections that are not done.
        self.rows_read = rows
        self.bytes_read = 0.0
        self.path = ""

    def begin(self) -> Accumulators:
        """Return accumulators to score into: empty ones, or where order matters those of all that came before."""
        if self.is_exact:
            return {name: copy.copy(one) for name, one in self._empty.items()}
        with self.lock:
            return {name: copy.copy(one) for name, one in self.accumulators.items()}

    def commit(
        self, scored: Accumulators, rows: int, source: int | None, section: int, position: Position | None
    ) -> None:
        """Add what was scored of a section up to a position, or to its end. No source: nobody will ask for it again."""
        with self.lock:
            for name, accumulator in scored.items():
                if self.is_exact:
                    self.accumulators[name].merge(accumulator)
                else:
                    self.accumulators[name] = accumulator
            self.rows += rows
            if source is not None:
                done = self.done.setdefault(source, Done())
                if position is None:
                    done.sections.add(section)
                    done.begun.pop(section, None)
                else:
                    done.begun[section] = position
            self.after_commit()

    def add_rows(self, rows: int) -> None:
        """Count rows that were scored into the accumulators themselves."""
        with self.lock:
            self.rows += rows

    def tell(self, path: str, rows: int, size: float) -> None:
        """Count what was read."""
        with self.lock:
            self.path = path
            self.rows_read += rows
            self.bytes_read += size

    def begins_at(self, source: int, section: int) -> Position | None:
        """Return where a section is to be read from, and nothing where it is done."""
        with self.lock:
            done = self.done.get(source, Done())
            return None if section in done.sections else done.begun.get(section, Position())

    def restore(self, source_index: int, source: Source, done: Done) -> None:
        """Take over what an earlier run has done of a source: its rows are in the sums already."""
        self.done[source_index] = done
        whole = sum(source.sections[index].share for index in done.sections)
        self.bytes_read += whole * source.size
