"""From a file to the NumPy columns in it, some rows at a time."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from squarely.files.arrow_numbers import Column, to_numpy
from squarely.files.formats import open_table


class Batch(NamedTuple):
    """Some rows of the named columns, and the fraction of the file that is read after them."""

    columns: tuple[Column, ...]
    fraction: float


def read_batches(path: str, columns: Sequence[str]) -> Iterator[Batch]:
    """Yield the named columns of a file, some rows at a time, as float64 or float32 arrays.

    Missing values become NaN, decimals the nearest float64; an integer that float64 cannot hold exactly is refused.
    """
    with open_table(path, columns) as table:
        for arrow_batch, fraction in table.batches(columns):
            yield Batch(tuple(to_numpy(name, arrow_batch.column(name)) for name in columns), fraction)
