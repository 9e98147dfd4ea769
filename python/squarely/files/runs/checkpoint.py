"""A run that is taken up where it ended: from time to time the sums are saved, with what of which files is in them.

A checkpoint is a file of states (see `states`) whose header has ``work``: ``finished``, the options of ``reading``, and
``sources``, for each source its ``identity`` (path, size and time of change of every file), what is ``done`` of it as
runs [first, last + 1] of row groups (of rows, where it is arrays; [0, 1] where a file is read as a whole), and
``begun``, [first, rows, offset] for sections of which only the first rows are in the sums. Of metrics over order
statistics it holds the sums of the first pass: later passes are begun anew.
"""

import dataclasses
import json
import os
import time
from collections.abc import Sequence
from typing import Any

from squarely.files.errors import FileError
from squarely.files.formats.reading import ReadingOptions
from squarely.files.formats.table import Position
from squarely.files.order.search import saved_looks
from squarely.files.runs.atomic_write import check_can_be_written, write_atomically
from squarely.files.runs.states import FileStates
from squarely.files.runs.totals import Done, Totals
from squarely.files.sources.source import Source

CHECKPOINT_SECONDS = 30.0  # between two writes, by default


class Checkpoint:
    """Where and how often sums are saved."""

    def __init__(self, path: str, seconds: float, sources: Sequence[Source], reading: ReadingOptions) -> None:
        self.path = path
        self._seconds = seconds
        self._sources = sources
        self._reading = json.loads(json.dumps(reading.given()))  # as it is read back
        self._last = time.monotonic()
        for source in sources:
            if source.identity is None:
                raise FileError(
                    f"{source.name}: checkpoint= needs files, which a later run can know again by path, size and time "
                    "of change"
                )
        self.first_pass: Totals | None = None
        """What is saved again when metrics over order statistics are found."""
        check_can_be_written(path)

    def resume(self, states: FileStates) -> FileStates | None:
        """Return what an earlier run saved, if it saved anything, after a check that it was the same run."""
        if not os.path.exists(self.path):
            return None
        saved = FileStates.load(self.path)
        if saved.work is None:
            raise FileError(f"{self.path}: this state is no checkpoint; name another file, or delete it to start anew")
        reason = states.difference(saved, "this run", "the checkpoint")
        reason = reason or self._other_reading(saved.work) or self._other_files(saved.work)
        if reason:
            raise FileError(f"{self.path}: this checkpoint is of another run: {reason}; delete it to start anew")
        return saved

    def _other_reading(self, work: dict[str, Any]) -> str | None:
        saved = work.get("reading", {})
        return None if saved == self._reading else f"its files were read with {saved}, and this run has {self._reading}"

    def _other_files(self, work: dict[str, Any]) -> str | None:
        mine: list[Any] = [tuple(file) for source in self._sources for file in source.identity or ()]
        saved: list[Any] = [tuple(file) for source in work["sources"] for file in source["identity"]]
        own_paths: list[str] = [file[0] for file in mine]
        saved_paths: list[str] = [file[0] for file in saved]
        if own_paths != saved_paths:
            others = sorted(set(own_paths) ^ set(saved_paths)) or own_paths
            return f"its files are others, or in another order: {', '.join(others[:3])}"
        for own, other in zip(mine, saved, strict=True):
            if own != other:
                return f"{own[0]} has changed since (its size or its time of change)"
        for source, other in zip(self._sources, work["sources"], strict=True):
            done = _done_of(source, other)
            if _runs(source, done.sections) != other["done"] or len(done.begun) != len(other["begun"]):
                return f"{source.name} was cut in another way, by another version of squarely"
        return None

    def restore(self, totals: Totals, work: dict[str, Any]) -> None:
        """Tell the totals what is done."""
        for index, (source, saved) in enumerate(zip(self._sources, work["sources"], strict=True)):
            totals.restore(index, source, _done_of(source, saved))

    def save_if_due(self, states: FileStates, totals: Totals) -> None:
        if time.monotonic() - self._last >= self._seconds:
            self.save(states, totals, finished=False)

    def save(self, states: FileStates, totals: Totals, *, finished: bool) -> None:
        """Write sums and work, as they are now. The caller holds the lock of the totals."""
        sources = []
        for index, source in enumerate(self._sources):
            done = totals.done.get(index, Done())
            begun = [[source.sections[number].first, *position] for number, position in done.begun.items()]
            sources.append({"identity": source.identity, "done": _runs(source, done.sections), "begun": begun})
        work = {"finished": finished, "reading": self._reading, "sources": sources}
        files = [file for source in self._sources for file in source.files]
        saved = dataclasses.replace(
            states,
            files=files,
            rows=totals.rows,
            predictions=totals.accumulators,
            work=work,
            worst=totals.worst or None,
        )
        if saved.of_order is not None:
            sums, of_order = saved_looks(saved.predictions, saved.of_order)
            saved = dataclasses.replace(saved, predictions=sums, of_order=of_order)
        write_atomically(self.path, saved.to_bytes())
        self._last = time.monotonic()


def _runs(source: Source, done: set[int]) -> list[list[int]]:
    """Return sections as runs [first, last + 1] of what they are made of."""
    runs: list[list[int]] = []
    for number in sorted(done):
        section = source.sections[number]
        if runs and runs[-1][1] == section.first:
            runs[-1][1] = section.last
        else:
            runs.append([section.first, section.last])
    return runs


def _done_of(source: Source, saved: dict[str, Any]) -> Done:
    """Return which sections lie in what was saved."""
    numbers = {section.first: number for number, section in enumerate(source.sections)}
    done = {
        number
        for number, section in enumerate(source.sections)
        if any(first <= section.first and section.last <= last for first, last in saved["done"])
    }
    begun = {numbers[first]: Position(rows, offset) for first, rows, offset in saved["begun"] if first in numbers}
    return Done(done, begun)
