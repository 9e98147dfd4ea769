"""Scores of predictions that live in files: Parquet, CSV and Arrow, read in batches.

Only the named columns are read, a batch at a time, so the memory in use does not grow with the file.
"""

from squarely.files.batches import Batch, read_batches
from squarely.files.errors import FileError, InfiniteValueError, MissingValueError
from squarely.files.paths import expand_paths
from squarely.files.score import ColumnScore, FileScores, Progress, score_files

__all__ = [
    "Batch",
    "ColumnScore",
    "FileError",
    "FileScores",
    "InfiniteValueError",
    "MissingValueError",
    "Progress",
    "expand_paths",
    "read_batches",
    "score_files",
]
