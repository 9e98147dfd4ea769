"""From a file to the NumPy columns in it, some rows at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import squarely
from squarely.files.formats.data_file import DataFile
from squarely.files.formats.reading import AS_NAMED, ReadingOptions
from squarely.files.formats.table import Position
from squarely.files.sources.arrow_numbers import Column, to_numpy
from squarely.files.sources.tables import open_table


class Batch(NamedTuple):
    """Some rows of the named columns of a file, from `read_batches`."""

    columns: tuple[Column, ...]
    """The rows of each column, in the order in which they were named."""
    fraction: float
    """How much of the file is read after them, of 1."""


def read_batches(path: str, columns: Sequence[str], reading: ReadingOptions = AS_NAMED) -> Iterator[Batch]:
    """Yield the named columns of a file, some rows at a time, as float64 or float32 arrays.

    Missing values become NaN, decimals the nearest float64; an integer that float64 cannot hold exactly is refused.
    """
    before = 0.0
    with open_table(DataFile(path), columns, reading) as table:
        for section in table.sections:
            for batch, _, fraction in table.pieces(columns, section, Position(), squarely.get_num_threads()):
                read = tuple(to_numpy(name, batch.column(name), reading.numbers) for name in columns)
                yield Batch(read, before + section.share * fraction)
            before += section.share
