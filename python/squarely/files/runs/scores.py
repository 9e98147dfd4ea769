"""What scoring files gives: plain values, ready to be printed or stored."""

from dataclasses import dataclass
from typing import NamedTuple


class Progress(NamedTuple):
    """How far a score over files has come."""

    path: str  # the file being read
    bytes_read: float  # of all files together, in proportion to the rows where a file is read by rows
    bytes_total: int | None  # None where an iterator brings the files
    rows: int  # read so far, over all files, and by an earlier run that is resumed


@dataclass(frozen=True)
class ColumnScore:
    """What one prediction column scored."""

    metrics: dict[str, float]
    count: int  # pairs scored
    omitted: int  # pairs left out by the NaN policy
    digest: str


@dataclass(frozen=True)
class FileScores:
    """What `score_files` found: one score for each prediction column, over all files together."""

    files: list[str]
    true: str
    rows: int
    predictions: dict[str, ColumnScore]
