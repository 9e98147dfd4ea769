"""Scores of predictions that are larger than memory: files, folders, arrays on disk, chunks from an iterator.

Parquet, text, Arrow, ORC and NumPy files are read in pieces, by several threads, and only the named columns of them, so
the memory in use does not grow with the data. The sums can be saved, merged with those of other machines, and taken up
again after a run that was ended. `sources` makes of what the caller names something to read, `formats` opens it, and
`runs` scores it and saves the sums.
"""

from squarely.files.errors import FileError, InfiniteValueError, MissingValueError, UnmatchedIdError
from squarely.files.formats.reading import ReadingOptions
from squarely.files.runs.progress import Progress
from squarely.files.runs.states import FileStates
from squarely.files.score import accumulate_files, score_files
from squarely.files.sources.batches import Batch, read_batches
from squarely.files.sources.paths import expand_paths

__all__ = [
    "Batch",
    "FileError",
    "FileStates",
    "InfiniteValueError",
    "MissingValueError",
    "Progress",
    "ReadingOptions",
    "UnmatchedIdError",
    "accumulate_files",
    "expand_paths",
    "read_batches",
    "score_files",
]
