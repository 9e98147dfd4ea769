"""Arrow IPC files and streams: batches of rows that stay where the file is mapped."""

import contextlib
import mmap
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from squarely.files.errors import ContentError
from squarely.files.pyarrow_modules import import_pyarrow
from squarely.files.table import BATCH_ROWS, Table

FILE_MAGIC = b"ARROW1"
FILE_PREFIX_BYTES = 8  # the magic and two bytes of padding; what follows is the stream format
END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"


@contextlib.contextmanager
def open_arrow(path: str) -> Iterator[Table]:
    with open(path, "rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    pyarrow, ipc = import_pyarrow(), import_pyarrow("pyarrow.ipc")
    content = pyarrow.py_buffer(mapped)
    if mapped[: len(FILE_MAGIC)] == FILE_MAGIC:
        reader = ipc.open_file(content)
        # A file is a stream between a prefix and a footer. Read as one it stays in place even where only some columns
        # are wanted; the file reader would copy those of a whole record batch, which may be the whole file.
        stream = content.slice(FILE_PREFIX_BYTES)
        yield Table(reader.schema, partial(_batches, mapped, stream, reader.num_record_batches))
    elif mapped[-len(END_OF_STREAM) :] != END_OF_STREAM:
        raise ContentError("the file is not in the Arrow format, or it was cut short: it lacks the end marker")
    else:
        yield Table(ipc.open_stream(content).schema, partial(_batches, mapped, content, None))


def _batches(
    mapped: mmap.mmap, stream: Any, expected: int | None, columns: Sequence[str]
) -> Iterator[tuple[Any, float]]:
    pyarrow, ipc = import_pyarrow(), import_pyarrow("pyarrow.ipc")
    schema = ipc.open_stream(stream).schema
    fields = [schema.get_field_index(name) for name in dict.fromkeys(columns)]
    source = pyarrow.BufferReader(stream)
    reader = ipc.open_stream(source, options=ipc.IpcReadOptions(included_fields=fields))
    found = 0
    while expected is None or found < expected:
        start = source.tell()
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            break
        found += 1
        batch.validate()  # that the buffers are as long as the rows need: a damaged file must not be read past its end
        for rows in range(0, batch.num_rows, BATCH_ROWS):
            piece = batch.slice(rows, BATCH_ROWS)
            position = start + (source.tell() - start) * (rows + piece.num_rows) / batch.num_rows
            yield piece, position / stream.size
            if hasattr(mapped, "madvise"):  # pages that were read leave this process; they stay in the system's cache
                mapped.madvise(mmap.MADV_DONTNEED)
    if expected is not None and found != expected:
        raise pyarrow.ArrowInvalid(f"{found} record batches where the footer promises {expected}")
