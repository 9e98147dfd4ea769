"""A format: how the names of its files end, and how one of them is opened."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NamedTuple

from squarely.files.formats.data_file import DataFile
from squarely.files.formats.reading import ReadingOptions
from squarely.files.formats.table import Table


class Format(NamedTuple):
    """A row of `FORMATS`."""

    endings: tuple[str, ...]
    open: Callable[[DataFile, ReadingOptions], AbstractContextManager[Table]]
    is_text: bool = False
    """Whether a file may be packed as well, as .csv.gz is."""
    is_read_in_order: bool = False
    """Whether it can be read from front to back alone, as standard input is."""
