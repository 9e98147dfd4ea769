"""How far a run has come."""

from __future__ import annotations

from typing import NamedTuple


class Progress(NamedTuple):
    """What the caller is told, while files are scored."""

    path: str  # the file being read
    bytes_read: float  # of all files together, in proportion to the rows where a file is read by rows
    bytes_total: int | None  # None where an iterator brings the files
    rows: int  # read so far, over all files, and by an earlier run that is resumed
