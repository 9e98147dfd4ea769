"""The rows of a window: copied behind the last, let go of in front."""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["HeldRows"]

Arrays = Sequence[npt.NDArray[Any]]

# Rows that come one by one lie together: alone each would take a hundred bytes a number and not eight. A row of a
# thousand numbers may be alone, and of a million it has to be: nothing is let go of before all that lies with it.
NUMBERS_HELD_TOGETHER = 1024


class HeldRows:
    """Arrays of rows side by side, such as truth and prediction, in pieces in the order they came."""

    def __init__(self) -> None:
        self.count = 0
        self._pieces: deque[Arrays] = deque()
        self._filled = 0  # rows in the last piece, which may have room for more
        self._released = 0  # rows of the first piece that are gone

    def append(self, rows: Arrays) -> None:
        """Copy rows, of any dtypes, behind all others."""
        length = len(rows[0])
        if not self._has_room(rows):
            self._begin_piece(rows)
        for held, side in zip(self._pieces[-1], rows, strict=True):
            held[self._filled : self._filled + length] = side
        self._filled += length
        self.count += length

    def release(self, count: int) -> Iterator[Arrays]:
        """Let go of the first rows, and yield them piece by piece."""
        while count > 0:
            first = self._pieces[0]
            filled = self._filled if len(self._pieces) == 1 else len(first[0])
            stop = min(filled, self._released + count)
            yield [side[self._released : stop] for side in first]
            count -= stop - self._released
            self.count -= stop - self._released
            self._released = stop
            self._drop_empty_piece()

    def _has_room(self, rows: Arrays) -> bool:
        if not self._pieces or self._filled + len(rows[0]) > len(self._pieces[-1][0]):
            return False
        last = self._pieces[-1]
        return len(last) == len(rows) and all(
            held.dtype == side.dtype and held.shape[1:] == side.shape[1:] for held, side in zip(last, rows, strict=True)
        )

    def _begin_piece(self, rows: Arrays) -> None:
        if self._pieces:
            self._pieces[-1] = [side[: self._filled] for side in self._pieces[-1]]
        numbers_in_row = max(side[:1].size for side in rows)
        room = max(len(rows[0]), NUMBERS_HELD_TOGETHER // numbers_in_row)
        self._pieces.append([np.empty((room, *side.shape[1:]), side.dtype) for side in rows])
        self._filled = 0
        self._drop_empty_piece()

    def _drop_empty_piece(self) -> None:
        if len(self._pieces) > 1 and self._released == len(self._pieces[0][0]):
            self._pieces.popleft()
            self._released = 0
