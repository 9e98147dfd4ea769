"""The text in a file as blocks of whole rows, worked on by several threads, and where each of them ends."""

import contextlib
from collections.abc import Callable, Generator, Iterator
from typing import NamedTuple, TypeVar

from squarely.files.formats.ahead import worked_ahead
from squarely.files.formats.csv_rows import Marks, Text, first_bytes, row_blocks
from squarely.files.formats.data_file import DataFile
from squarely.files.formats.reading import ReadingOptions
from squarely.files.formats.unpacked import open_text, skip_bytes

Result = TypeVar("Result")


class TextBlock(NamedTuple):
    """Some rows, whether they are the first, where in the text they end, and the fraction of the file that is read."""

    rows: Text
    is_first: bool
    end: int
    fraction: float


@contextlib.contextmanager
def worked_blocks(
    source: DataFile,
    reading: ReadingOptions,
    marks: Marks,
    offset: int,
    work: Callable[[TextBlock], Result | None],
    threads: int,
) -> Iterator[Iterator[tuple[TextBlock, Result | None]]]:
    """Bring the blocks behind an offset in order, with what was made of them ahead, or None."""
    with (
        contextlib.closing(_blocks(source, reading, marks, offset)) as blocks,
        contextlib.closing(worked_ahead(blocks, work, threads)) as worked,
    ):
        yield worked


def _blocks(source: DataFile, reading: ReadingOptions, marks: Marks, offset: int) -> Generator[TextBlock, None, None]:
    """Cut a text from front to back, by one thread: what lies before a quote says whether it opens or closes a field.

    To cut takes a tenth of the time that it takes to parse, so that nothing has to be guessed.
    """
    with open_text(source, reading) as (content, fraction):
        skip_bytes(content, offset)
        is_first = offset == 0
        for rows, length in row_blocks(content, marks, first_bytes(offset)):
            offset += length
            yield TextBlock(rows, is_first, offset, fraction())
            is_first = False
