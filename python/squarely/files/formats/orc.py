"""ORC: a stripe after another."""

import contextlib
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from squarely.extras import import_extra
from squarely.files.errors import ContentError
from squarely.files.formats.data_file import DataFile
from squarely.files.formats.format import Format
from squarely.files.formats.reading import ReadingOptions
from squarely.files.formats.table import BATCH_ROWS, Piece, Position, Section, Table, after_rows


@contextlib.contextmanager
def open_orc(source: DataFile, _: ReadingOptions) -> Iterator[Table]:
    pyarrow, orc = import_extra("pyarrow"), import_extra("pyarrow.orc")
    with source.open() as content:
        file = orc.ORCFile(content if isinstance(content, pyarrow.NativeFile) else pyarrow.PythonFile(content, "r"))
        yield Table(file.schema, (Section(begins_anywhere=True),), partial(_pieces, file), after_rows)


def _pieces(file: Any, columns: Sequence[str], _: Section, position: Position, __: int) -> Iterator[Piece]:
    rows = 0
    for stripe in range(file.nstripes):
        batch = file.read_stripe(stripe, list(dict.fromkeys(columns)))
        for first in range(max(0, position.rows - rows), batch.num_rows, BATCH_ROWS):
            piece = batch.slice(first, BATCH_ROWS)
            last = first + piece.num_rows
            yield Piece(piece, Position(rows + last), (rows + last) / file.nrows)
        rows += batch.num_rows
    if rows != file.nrows:
        raise ContentError(f"there are {rows} rows where the end of the file says {file.nrows}")


FORMAT = Format((".orc",), open_orc)
