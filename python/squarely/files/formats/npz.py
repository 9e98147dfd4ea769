"""Arrays with names in one .npz: each is a column, unpacked some rows at a time."""

import contextlib
import math
import zipfile
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from squarely.extras import import_extra
from squarely.files.errors import ContentError
from squarely.files.formats.data_file import DataFile
from squarely.files.formats.format import Format
from squarely.files.formats.reading import ReadingOptions
from squarely.files.formats.table import BATCH_ROWS, Piece, Position, Section, Table, after_rows

ENDING = ".npy"  # of the names in the archive
TIMES_OF_ARROW = ("D", "s", "ms", "us", "ns")


class Header(NamedTuple):
    """What comes before the numbers of an array."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


@contextlib.contextmanager
def open_npz(source: DataFile, _: ReadingOptions) -> Iterator[Table]:
    pyarrow = import_extra("pyarrow")
    with source.open() as file, zipfile.ZipFile(file) as archive:
        headers = []
        for member in archive.infolist():  # a name may be there twice
            with archive.open(member) as content:
                headers.append((member.filename.removesuffix(ENDING), _header(content, member.filename)))
        schema = pyarrow.schema([(name, _arrow_type(header)) for name, header in headers])
        yield Table(schema, (Section(begins_anywhere=True),), partial(_pieces, archive, dict(headers)), after_rows)


def _header(content: Any, member: str) -> Header:
    version = np.lib.format.read_magic(content)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
    if read is None:
        raise ContentError(f"the array {member!r} is of the version {version} of .npy, which only structures need")
    shape, _, dtype = read(content)
    return Header(shape, dtype)


def _arrow_type(header: Header) -> Any:
    """Return what the numbers are to pyarrow, and text for what are no real numbers, which text refuses."""
    pyarrow = import_extra("pyarrow")
    is_number = header.dtype.kind in "fiub" and header.dtype.itemsize <= 8
    is_known = is_number or (header.dtype.kind == "M" and np.datetime_data(header.dtype)[0] in TIMES_OF_ARROW)
    return pyarrow.from_numpy_dtype(header.dtype.newbyteorder("=")) if is_known else pyarrow.string()


def _pieces(
    archive: Any, headers: dict[str, Header], columns: Sequence[str], _: Section, position: Position, __: int
) -> Iterator[Piece]:
    pyarrow = import_extra("pyarrow")
    names = list(dict.fromkeys(columns))
    rows = _common_length(headers, names)
    with contextlib.ExitStack() as opened:
        contents = []
        for name in names:
            contents.append(opened.enter_context(archive.open(_member(archive, name))))
            _header(contents[-1], name)
        for first in range(0, rows, BATCH_ROWS):
            last = min(first + BATCH_ROWS, rows)
            arrays = [
                _numbers(content, headers[name].dtype, last - first)
                for name, content in zip(names, contents, strict=True)
            ]
            if last > position.rows:
                batch = pyarrow.RecordBatch.from_arrays([pyarrow.array(array) for array in arrays], names=names)
                yield Piece(batch, Position(last), last / rows)
        if any(content.read(1) for content in contents):
            raise ContentError("there are more bytes in an array than its shape says")


def _common_length(headers: dict[str, Header], names: Sequence[str]) -> int:
    for name in names:
        shape = headers[name].shape
        if len(shape) == 0 or math.prod(shape) != shape[0]:
            raise ContentError(f"the array {name!r} has the shape {shape}; files are scored one output at a time")
        if shape[0] != headers[names[0]].shape[0]:
            raise ContentError(f"{names[0]!r} has {headers[names[0]].shape[0]} rows, and {name!r} has {shape[0]}")
    return headers[names[0]].shape[0]


def _member(archive: Any, name: str) -> str:
    return name + ENDING if name + ENDING in archive.namelist() else name


def _numbers(content: Any, dtype: np.dtype[Any], rows: int) -> Any:
    read = content.read(rows * dtype.itemsize)
    if len(read) < rows * dtype.itemsize:
        raise EOFError("an array ends before its last row")
    return np.frombuffer(read, dtype).astype(dtype.newbyteorder("="), copy=False)


FORMAT = Format((".npz",), open_npz)
