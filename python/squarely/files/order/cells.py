"""Values and how often each occurs, in bounded memory: where there are too many, those that lie together are one cell.

A cell is all keys that are alike but for their last bits.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from squarely.files.order.stretches import Keys, Stretch

__all__ = ["Cells"]

MOST_CELLS = 2**21  # 32 MB, and three times as much while they are sorted
FEWEST_TO_SORT = 2**18
FEWEST_TO_COUNT = 2**16

Numbers = npt.NDArray[np.int64]


class Cells:
    """Counts of keys by cell: by key, as long as these are few."""

    def __init__(self) -> None:
        self.shift = 0
        self._keys: list[Keys] = []
        self._uncounted = 0
        self._parts: list[tuple[Keys, Numbers]] = []
        self._size = 0
        self._sorted = 0

    def add(self, keys: Keys) -> None:
        """Count keys."""
        self._keys.append(keys)
        self._uncounted += len(keys)
        if self._uncounted >= FEWEST_TO_COUNT:
            self._count()

    def merge(self, other: Cells) -> None:
        """Count what another has counted."""
        other._count()
        if other.shift > self.shift:
            self._coarsen(other.shift)
        for cells, counts in other._parts:
            self._take(cells >> (self.shift - other.shift), counts)

    def settled(self) -> tuple[Keys, Numbers]:
        """Return the cells that are not empty in rising order, and the count of each."""
        self._count()
        self._settle()
        return self._parts[0] if self._parts else (np.empty(0, np.int64), np.empty(0, np.int64))

    def stretch_of(self, cell: int) -> Stretch:
        """Return the keys of a cell."""
        first = int(cell) << self.shift
        return Stretch(first, first + (1 << self.shift) - 1)

    def _count(self) -> None:
        """Make a part of the keys that came one after another."""
        if self._keys:
            keys = np.concatenate(self._keys)
            self._keys, self._uncounted = [], 0
            self._take(*np.unique(keys >> self.shift, return_counts=True))

    def _take(self, cells: Keys, counts: Numbers) -> None:
        self._parts.append((cells, counts))
        self._size += len(cells)
        if self._size > self._sorted + max(FEWEST_TO_SORT, self._sorted // 2):
            self._settle()

    def _settle(self) -> None:
        if len(self._parts) > 1:
            cells, counts = zip(*self._parts, strict=True)
            self._parts = [_united(np.concatenate(cells), np.concatenate(counts))]
        while self._parts and len(self._parts[0][0]) > MOST_CELLS:
            self._coarsen(self.shift + 1)
        self._size = self._sorted = sum(len(cells) for cells, _ in self._parts)

    def _coarsen(self, shift: int) -> None:
        self._parts = [_united(cells >> (shift - self.shift), counts) for cells, counts in self._parts]
        self.shift = shift


def _united(cells: Keys, counts: Numbers) -> tuple[Keys, Numbers]:
    """Return each cell once, in rising order, with all of its counts."""
    if len(cells) == 0:
        return cells, counts
    order = np.argsort(cells, kind="stable")  # of parts that are sorted: they are merged
    cells = cells[order]
    first = np.flatnonzero(np.concatenate([[True], cells[1:] != cells[:-1]]))
    return cells[first], np.add.reduceat(counts[order], first)
