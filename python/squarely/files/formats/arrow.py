"""Arrow IPC files and streams: batches of rows that stay where the file is mapped."""

import contextlib
import mmap
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from squarely.extras import import_extra
from squarely.files.errors import ContentError
from squarely.files.formats.data_file import DataFile
from squarely.files.formats.format import Format
from squarely.files.formats.table import BATCH_ROWS, Piece, Position, Section, Table, after_rows

FILE_MAGIC = b"ARROW1"
FILE_PREFIX_BYTES = 8  # the magic and two bytes of padding; what follows is the stream format
END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"


@contextlib.contextmanager
def open_arrow(source: DataFile) -> Iterator[Table]:
    ipc = import_extra("pyarrow.ipc")
    with _content(source) as (content, mapped):
        sections = (Section(begins_anywhere=True),)
        if content.read(len(FILE_MAGIC)) == FILE_MAGIC:
            reader = ipc.open_file(content)
            # A file is a stream between a prefix and a footer. Read as one it stays in place even where only some
            # columns are wanted; the file reader would copy those of a whole record batch, which may be the whole file.
            pieces = partial(_pieces, content, mapped, FILE_PREFIX_BYTES, reader.num_record_batches)
            yield Table(reader.schema, sections, pieces, after_rows)
            return
        content.seek(max(0, content.size() - len(END_OF_STREAM)))
        if content.read() != END_OF_STREAM:
            raise ContentError("the file is not in the Arrow format, or it was cut short: it lacks the end marker")
        content.seek(0)
        yield Table(ipc.open_stream(content).schema, sections, partial(_pieces, content, mapped, 0, None), after_rows)


@contextlib.contextmanager
def _content(source: DataFile) -> Iterator[tuple[Any, Any]]:
    """Open the bytes of a file: mapped where it is local, read one record batch at a time where it is not."""
    pyarrow = import_extra("pyarrow")
    if source.filesystem is not None:
        with source.open() as content:
            yield content, None
        return
    with open(source.path, "rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    yield pyarrow.BufferReader(pyarrow.py_buffer(mapped)), mapped


def _pieces(
    content: Any,
    mapped: Any,
    prefix: int,
    expected: int | None,
    columns: Sequence[str],
    _: Section,
    position: Position,
    in_parallel: bool,
) -> Iterator[Piece]:
    pyarrow, ipc = import_extra("pyarrow"), import_extra("pyarrow.ipc")
    content.seek(prefix)
    schema = ipc.open_stream(content).schema
    fields = [schema.get_field_index(name) for name in dict.fromkeys(columns)]
    content.seek(prefix)
    reader = ipc.open_stream(content, options=ipc.IpcReadOptions(included_fields=fields, use_threads=in_parallel))
    size = content.size()
    found = rows = 0
    while expected is None or found < expected:
        start = content.tell()
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            break
        found += 1
        batch.validate()  # that the buffers are as long as the rows need: a damaged file must not be read past its end
        for first in range(max(0, position.rows - rows), batch.num_rows, BATCH_ROWS):
            piece = batch.slice(first, BATCH_ROWS)
            last = first + piece.num_rows
            read = start + (content.tell() - start) * last / batch.num_rows
            yield Piece(piece, Position(rows + last), read / size)
            if hasattr(mapped, "madvise"):  # pages that were read leave this process; they stay in the system's cache
                mapped.madvise(mmap.MADV_DONTNEED)
        rows += batch.num_rows
    if expected is not None and found != expected:
        raise pyarrow.ArrowInvalid(f"{found} record batches where the footer promises {expected}")


FORMAT = Format((".arrow", ".arrows", ".feather", ".ipc"), open_arrow)
