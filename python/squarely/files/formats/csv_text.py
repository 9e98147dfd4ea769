"""CSV: the names in the header, and the numbers in the rows below it."""

import codecs
import contextlib
import csv
import io
import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from squarely.extras import import_extra
from squarely.files.errors import ContentError, one_line
from squarely.files.formats.csv_rows import ROW_BYTES, end_of_rows, first_bytes, row_blocks
from squarely.files.formats.data_file import DataFile
from squarely.files.formats.format import Format
from squarely.files.formats.table import Piece, Position, Section, Table, after_rows
from squarely.files.formats.unpacked import open_unpacked


@contextlib.contextmanager
def open_csv(source: DataFile) -> Iterator[Table]:
    pyarrow = import_extra("pyarrow")
    with open_unpacked(source) as (content, _):
        names = _header(next(row_blocks(content), b""))[0]
    # Text has no types: any column may hold numbers, and its conversion will tell.
    schema = pyarrow.schema([(name, pyarrow.float64()) for name in names])
    yield Table(schema, (Section(begins_anywhere=True),), partial(_pieces, source), after_rows)


def _pieces(source: DataFile, columns: Sequence[str], _: Section, position: Position, __: bool) -> Iterator[Piece]:
    """Cut the text into blocks of whole rows and have pyarrow parse one after another.

    Its own reader of blocks calls Python from a thread in the background when the text comes from a Python file, as
    that of a zip does, and a program that ends meanwhile is aborted.
    """
    with open_unpacked(source) as (content, fraction):
        first_block = next(row_blocks(content), b"")
        names, first_rows = _header(first_block)
        begin = len(first_block) - len(first_rows)
        rows, offset = position if position.rows else (0, begin)
        content.seek(offset)
        for block in row_blocks(content, first_bytes(begin, offset)):
            offset += len(block)
            if block.strip(b"\r\n"):
                batch = _parse_rows(block, rows, names, columns)
                rows += batch.num_rows
                yield Piece(batch, Position(rows, offset), fraction())


def _header(block: bytes) -> tuple[list[str], bytes]:
    """Split the first block into the names of the columns and the rows below them."""
    text = block.removeprefix(codecs.BOM_UTF8).lstrip(b"\r\n")
    end = text.find(b"\n") + 1 or len(text)
    while end_of_rows(text[:end]) < end < len(text):  # a name may have a line break, in quotes
        end = text.find(b"\n", end) + 1 or len(text)
    names = next(csv.reader(io.StringIO(text[:end].decode(), newline="")), [])
    return names, text[end:]


def _parse_rows(block: bytes, rows_before: int, names: Sequence[str], columns: Sequence[str]) -> Any:
    pyarrow, arrow_csv = import_extra("pyarrow"), import_extra("pyarrow.csv")
    wanted = list(dict.fromkeys(columns))
    try:
        return (
            arrow_csv.read_csv(
                pyarrow.py_buffer(block),
                # Threads gain little, where two columns of many are converted, and lose the row of an error.
                arrow_csv.ReadOptions(column_names=names, use_threads=False, block_size=2 * ROW_BYTES),
                arrow_csv.ParseOptions(newlines_in_values=True),
                # Types guessed from a block could differ from the next, or be integers that were rounded before.
                arrow_csv.ConvertOptions(include_columns=wanted, column_types=dict.fromkeys(wanted, pyarrow.float64())),
            )
            .combine_chunks()
            .to_batches()[0]
        )
    except pyarrow.ArrowInvalid as error:
        raise _refusal(error, rows_before, names) from error


def _refusal(error: Exception, rows_before: int, names: Sequence[str]) -> Exception:
    """Say what pyarrow says of some rows with the name of the column, and rows counted from the first."""
    message = str(error)
    if ragged := re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", message):
        row, expected, found = map(int, ragged.groups())
        return ContentError(f"data row {rows_before + row} has {found} fields where the header has {expected}")
    if text := re.search(r"In CSV column #(\d+): Row #(\d+): .*invalid value '(.*)'", message, re.DOTALL):
        column, row, value = names[int(text[1])], rows_before + int(text[2]), one_line(text[3])
        return ContentError(f"column {column!r} holds {value!r} in data row {row}, which is not a number")
    return error


FORMAT = Format((".csv", ".csv.gz", ".csv.zip"), open_csv)
