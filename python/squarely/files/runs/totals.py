"""What has been scored, and which sections are in it: consistent whenever nobody holds the lock."""

import copy
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from squarely.files.formats.table import Position
from squarely.files.sources.source import Source
from squarely.worst.rows import KeptRows

Accumulators = dict[str, Any]  # an `Accumulator` for each prediction, or a `GroupedAccumulator`


class Scored(NamedTuple):
    """What is known of some rows: their sums, and the worst of them where these are asked for."""

    sums: Accumulators
    worst: dict[str, KeptRows]


@dataclass
class Done:
    """Which sections of a source are in the sums."""

    sections: set[int] = field(default_factory=set)
    begun: dict[int, Position] = field(default_factory=dict)  # sections of which the first rows are in the sums


class Totals:
    """The sums of all sources, to which threads add what they have scored."""

    def __init__(
        self,
        accumulators: Accumulators,
        *,
        is_exact: bool,
        files: Sequence[str] = (),
        rows: int = 0,
        by: Sequence[str] = (),
        worst: Mapping[str, KeptRows] = MappingProxyType({}),
    ) -> None:
        self.lock = threading.Lock()
        self.by = by
        self.accumulators = accumulators
        self.worst = {name: one.copy() for name, one in worst.items()}
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

    def begin(self) -> Scored:
        """Return what to score into: empty accumulators, or where order matters those of all that came before."""
        if self.is_exact:
            sums = {name: copy.copy(one) for name, one in self._empty.items()}
            return Scored(sums, self.begin_worst())
        with self.lock:
            return Scored({name: copy.copy(one) for name, one in self.accumulators.items()}, self.begin_worst())

    def begin_worst(self) -> dict[str, KeptRows]:
        """Return what the worst of some rows are looked for with."""
        return {name: one.begin() for name, one in self.worst.items()}

    def commit(self, scored: Scored, rows: int, source: int | None, section: int, position: Position | None) -> None:
        """Add what was scored of a section up to a position, or to its end. No source: nobody will ask for it again."""
        with self.lock:
            for name, accumulator in scored.sums.items():
                if self.is_exact:
                    self.accumulators[name].merge(accumulator)
                else:
                    self.accumulators[name] = accumulator
            self._add_worst(scored.worst)
            self.rows += rows
            if source is not None:
                done = self.done.setdefault(source, Done())
                if position is None:
                    done.sections.add(section)
                    done.begun.pop(section, None)
                else:
                    done.begun[section] = position
            self.after_commit()

    def _add_worst(self, worst: Mapping[str, KeptRows]) -> None:
        for name, one in worst.items():
            self.worst[name].add(one.rows)

    def add_rows(self, rows: int, worst: Mapping[str, KeptRows]) -> None:
        """Count rows that were scored into the accumulators themselves, and take in the worst of them."""
        with self.lock:
            self._add_worst(worst)
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
