"""How far a run has come."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias


class Progress(NamedTuple):
    """How far a run over files has come: its path, the bytes and the rows read so far, and how many bytes there are.

    Made for the function that is passed as ``progress``, to `score_files` and `accumulate_files`.
    """

    path: str
    """The file that is being read."""
    bytes_read: int
    """Of all files together. Where a file is read by rows, its bytes are counted in proportion to them."""
    bytes_total: int | None
    """The size of all files, or None where nobody knows it: of an iterator, a reader or a query."""
    rows: int
    """Read so far from all files, with those of an earlier run that is resumed."""
    pass_number: int = 1
    """Greater where files are read again, for metrics over order statistics."""


ProgressLike: TypeAlias = Callable[[Progress], object] | bool | None
"""What is told how far a run has come, or True for a bar."""
