"""Arrow IPC: files, of which the footer says what they hold, and streams, which end with a mark."""

import contextlib
import mmap
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from squarely.extras import import_extra
from squarely.files.errors import ContentError
from squarely.files.formats.data_file import DataFile
from squarely.files.formats.format import Format
from squarely.files.formats.reading import ReadingOptions
from squarely.files.formats.table import BATCH_ROWS, Piece, Position, Section, Table, after_rows

FILE_MAGIC = b"ARROW1"
FILE_PREFIX_BYTES = 8  # the magic and two bytes of padding
FOOTER_END_BYTES = 10  # the length of the footer, and the magic again
PADDING_BYTES = 64  # the most between two parts of a file
END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"
COPIED_BATCH_BYTES = 64 << 20  # of record batches up to this size the wanted columns are copied


@contextlib.contextmanager
def open_arrow(source: DataFile, _: ReadingOptions) -> Iterator[Table]:
    ipc = import_extra("pyarrow.ipc")
    if not source.lasts():
        schema = _schema_of_passing(source)
        yield Table(schema, (Section(),), partial(_pieces_of_passing, source, schema), after_rows)
        return
    with _content(source) as (content, mapped):
        sections = (Section(begins_anywhere=True),)
        if content.read(len(FILE_MAGIC)) == FILE_MAGIC:
            reader = ipc.open_file(content)
            if mapped is not None and _bytes_behind_first_file(content) > 0:
                raise ContentError("several Arrow files were put together in this one; name each by itself")
            yield Table(reader.schema, sections, partial(_pieces_of_file, content, mapped), after_rows)
            return
        content.seek(max(0, content.size() - len(END_OF_STREAM)))
        if content.read() != END_OF_STREAM:
            raise ContentError("the file is not in the Arrow format, or it was cut short: it lacks the end marker")
        content.seek(0)
        yield Table(ipc.open_stream(content).schema, sections, partial(_pieces_of_stream, content, mapped), after_rows)


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


def _bytes_behind_first_file(content: Any) -> int:
    """Return how much follows the first of several files in one, of which the last footer knows nothing.

    Between prefix and footer most writers put a stream, whose messages say how long they are.
    """
    pyarrow, ipc = import_extra("pyarrow"), import_extra("pyarrow.ipc")
    content.seek(content.size() - FOOTER_END_BYTES)
    footer = int.from_bytes(content.read(4), "little") + FOOTER_END_BYTES
    content.seek(FILE_PREFIX_BYTES)
    try:
        for _ in ipc.MessageReader.open_stream(content):
            pass
    except (pyarrow.ArrowException, OSError):
        return 0
    behind = content.size() - content.tell() - footer
    return behind if behind > PADDING_BYTES else 0


def _pieces_of_file(
    content: Any, mapped: Any, columns: Sequence[str], _: Section, position: Position, threads: int
) -> Iterator[Piece]:
    ipc = import_extra("pyarrow.ipc")
    reader = ipc.open_file(content)
    number_of_batches = reader.num_record_batches
    # Large batches stay where they are mapped, which pyarrow does only where all columns are asked for.
    is_copied = mapped is None or content.size() <= COPIED_BATCH_BYTES * number_of_batches
    fields = [reader.schema.get_field_index(name) for name in dict.fromkeys(columns)] if is_copied else None
    reader = ipc.open_file(content, options=ipc.IpcReadOptions(included_fields=fields, use_threads=threads > 1))
    rows = 0
    for number in range(number_of_batches):
        batch = reader.get_batch(number)
        for piece, last in _slices(batch, position.rows - rows, mapped):
            yield Piece(piece, Position(rows + last), (number + last / batch.num_rows) / number_of_batches)
        rows += batch.num_rows


def _pieces_of_stream(
    content: Any, mapped: Any, columns: Sequence[str], _: Section, position: Position, threads: int
) -> Iterator[Piece]:
    ipc = import_extra("pyarrow.ipc")
    content.seek(0)
    schema = ipc.open_stream(content).schema
    fields = [schema.get_field_index(name) for name in dict.fromkeys(columns)]
    content.seek(0)
    reader = ipc.open_stream(content, options=ipc.IpcReadOptions(included_fields=fields, use_threads=threads > 1))
    size = content.size()
    rows, start = 0, content.tell()
    for batch in reader:
        end = content.tell()
        for piece, last in _slices(batch, position.rows - rows, mapped):
            yield Piece(piece, Position(rows + last), (start + (end - start) * last / batch.num_rows) / size)
        rows += batch.num_rows
        start = end
    if content.tell() != size:
        raise ContentError(f"the first stream ends {size - content.tell()} bytes before the file; name each by itself")


def _schema_of_passing(source: DataFile) -> Any:
    ipc = import_extra("pyarrow.ipc")
    if source.open().read(len(FILE_MAGIC)) == FILE_MAGIC:
        raise ContentError("an Arrow file is read from its end; write a stream into standard input, or name the file")
    return ipc.open_stream(source.open()).schema


def _pieces_of_passing(
    source: DataFile, schema: Any, columns: Sequence[str], _: Section, __: Position, threads: int
) -> Iterator[Piece]:
    ipc = import_extra("pyarrow.ipc")
    fields = [schema.get_field_index(name) for name in dict.fromkeys(columns)]
    rows = 0
    with source.open() as content:
        options = ipc.IpcReadOptions(included_fields=fields, use_threads=threads > 1)
        for batch in ipc.open_stream(content, options=options):
            for piece, last in _slices(batch, 0, None):
                yield Piece(piece, Position(rows + last), 1.0)
            rows += batch.num_rows
        if content.last != END_OF_STREAM or content.read(1):
            raise ContentError("the stream does not end with the end marker, or goes on behind it")


def _slices(batch: Any, first_row: int, mapped: Any) -> Iterator[tuple[Any, int]]:
    """Yield the rows of a batch from one on, some at a time, and how many of it are read after them."""
    batch.validate()  # that the buffers are as long as the rows need: a damaged file must not be read past its end
    for first in range(max(0, first_row), batch.num_rows, BATCH_ROWS):
        piece = batch.slice(first, BATCH_ROWS)
        yield piece, first + piece.num_rows
        if hasattr(mapped, "madvise"):  # pages that were read leave this process; they stay in the system's cache
            mapped.madvise(mmap.MADV_DONTNEED)


FORMAT = Format((".arrow", ".arrows", ".feather", ".ipc"), open_arrow, is_read_in_order=True)
