"""CSV and its like: the names in the header, and the numbers in the rows below it, as pyarrow reads them."""

import contextlib
import dataclasses
import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from squarely.extras import import_extra
from squarely.files.errors import ContentError, one_line
from squarely.files.formats import suggestions
from squarely.files.formats.csv_rows import ROW_BYTES, Marks, end_of_rows, first_bytes, row_blocks
from squarely.files.formats.data_file import DataFile
from squarely.files.formats.format import Format
from squarely.files.formats.grouped_digits import without_groups
from squarely.files.formats.reading import BLANKS, ReadingOptions
from squarely.files.formats.table import Piece, Position, Section, Table, after_rows
from squarely.files.formats.unpacked import open_text, skip_bytes

MOST_BLANKS = 64  # in a field that is missing because nothing else is in it


@contextlib.contextmanager
def open_csv(separator: str, source: DataFile, reading: ReadingOptions) -> Iterator[Table]:
    pyarrow = import_extra("pyarrow")
    reading = dataclasses.replace(reading, separator=reading.separator or separator)
    first_block, _ = _first_block(source, reading)
    names = _names(first_block, reading)
    if not names:
        raise ContentError("there is nothing in it, not even the names of columns")
    # Text has no types: any column may hold numbers, and its conversion will tell.
    schema = pyarrow.schema([(name, pyarrow.float64()) for name in names])
    suggest = partial(suggestions.for_columns, first_block, reading)
    pieces = partial(_pieces, source, reading, names)
    yield Table(schema, (Section(begins_anywhere=True),), pieces, after_rows, suggest)


def _first_block(source: DataFile, reading: ReadingOptions) -> tuple[bytes, int]:
    with open_text(source, reading) as (content, _):
        return next(row_blocks(content, _marks(reading)), (b"", 0))


def _marks(reading: ReadingOptions) -> Marks:
    return Marks(str(reading.separator), reading.quote, reading.comment)


def _pieces(
    source: DataFile,
    reading: ReadingOptions,
    names: Sequence[str],
    columns: Sequence[str],
    _: Section,
    position: Position,
    __: bool,
) -> Iterator[Piece]:
    """Cut the text into blocks of whole rows and have pyarrow parse one after another.

    Its own reader of blocks calls Python from a thread in the background when the text comes from a Python file, as
    that of a zip does, and a program that ends meanwhile is aborted.
    """
    with open_text(source, reading) as (content, fraction):
        skip_bytes(content, position.offset)
        rows, offset = position
        for block, length in row_blocks(content, _marks(reading), first_bytes(0, offset)):
            batch = _parsed(block, _BlockPlace(rows, offset == 0), reading, names, columns)
            offset += length
            if batch is not None:
                rows += batch.num_rows
                yield Piece(batch, Position(rows, offset), fraction())


def _header_options(reading: ReadingOptions) -> dict[str, Any]:
    return {"skip_rows": reading.skip_rows, "autogenerate_column_names": not reading.header}


class _BlockPlace:
    """Where a block lies: how many rows are before it, and whether it is the first, with the header."""

    def __init__(self, rows_before: int, is_first: bool) -> None:
        self.rows_before = rows_before
        self.is_first = is_first

    def read_options(self, reading: ReadingOptions, names: Sequence[str]) -> dict[str, Any]:
        named = {} if self.is_first and reading.header else {"column_names": names}
        if not self.is_first:
            return named
        return {"skip_rows": reading.skip_rows, "skip_rows_after_names": reading.skip_rows_after_header, **named}

    def data_row(self, row: int, reading: ReadingOptions) -> int:
        """Return the number of a row that pyarrow counts from the beginning of the block."""
        above = reading.skip_rows + reading.header + reading.skip_rows_after_header if self.is_first else 0
        return self.rows_before + row - above


def _names(block: bytes, reading: ReadingOptions) -> list[str]:
    """Return the names in the header, or numbers in their place."""
    first = _first_row(block, reading)
    if not first and block.strip():
        raise ContentError(f"there are no more lines than skip_rows={reading.skip_rows}")
    if not first:
        return []
    try:
        names = [str(name) for name in _read(first + b"\n", _header_options(reading), reading, {}).column_names]
    except UnicodeDecodeError as error:
        hint = suggestions.encoding(block)
        raise ContentError(f"the names of the columns are not in {reading.encoding}", **hint) from error
    return names if reading.header else [str(number + 1) for number in range(len(names))]


def _first_row(block: bytes, reading: ReadingOptions) -> bytes:
    """Return a text up to the end of its header, or of its first row, in whose quotes there may be line breaks."""
    lines = block.splitlines(keepends=True)
    row = b""
    for number, line in enumerate(lines[reading.skip_rows :], reading.skip_rows + 1):
        row += line
        if row.strip() and end_of_rows(row + b"\n", _marks(reading)) > len(row):
            return b"".join(lines[:number])
        row = row if row.strip() else b""
    return b""


def _parsed(
    block: bytes, place: _BlockPlace, reading: ReadingOptions, names: Sequence[str], columns: Sequence[str]
) -> Any:
    """Return the wanted columns of some rows as numbers, or nothing where there is no row."""
    pyarrow, compute = import_extra("pyarrow"), import_extra("pyarrow.compute")
    if not block.strip(b"\r\n"):
        return None
    # Types guessed from a block could differ from the next, or be integers that were rounded before.
    kind = pyarrow.float64() if reading.thousands is None else pyarrow.string()
    kinds = dict.fromkeys(columns, kind)
    refusals: list[Exception] = []
    while True:
        try:
            table = _read(block, place.read_options(reading, names), reading, kinds)
            break
        except pyarrow.ArrowInvalid as error:
            refused, refusal = _refusal(error, place, reading, names)
            refusals.append(refusal)
            # The words for true and false are read as pyarrow reads them, where a column has nothing else.
            if refused is None or kinds[refused] != kind or not _has_truth_words(error):
                raise refusals[0] from error
            kinds[refused] = pyarrow.bool_()
    if reading.thousands is not None:
        table = without_groups(table, reading, place.rows_before)
    for number, name in enumerate(table.column_names):
        if table.schema.field(number).type == pyarrow.bool_():
            table = table.set_column(number, name, compute.cast(table.column(number), pyarrow.float64()))
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else None


def _read(block: bytes, read: dict[str, Any], reading: ReadingOptions, kinds: dict[str, Any]) -> Any:
    pyarrow, csv = import_extra("pyarrow"), import_extra("pyarrow.csv")
    if reading.separator == BLANKS:
        block = b"\n".join([*(b" ".join(line.split()) for line in block.splitlines()), b""])
    words = (*csv.ConvertOptions().null_values, *reading.words)
    return csv.read_csv(
        pyarrow.py_buffer(block),
        # Threads gain little, where two columns of many are converted, and lose the row of an error.
        csv.ReadOptions(use_threads=False, block_size=2 * ROW_BYTES, **read),
        csv.ParseOptions(delimiter=reading.separator, quote_char=reading.quote or False, newlines_in_values=True),
        csv.ConvertOptions(
            include_columns=list(kinds),
            column_types=kinds,
            decimal_point=reading.decimal,
            null_values=[*words, *(f" {word}" for word in words), *(" " * length for length in range(2, MOST_BLANKS))],
            strings_can_be_null=True,
        ),
    )


def _has_truth_words(error: Exception) -> bool:
    csv = import_extra("pyarrow.csv")
    found = re.search(r"invalid value '(.*)'", str(error), re.DOTALL)
    return found is not None and found[1] in (*csv.ConvertOptions().true_values, *csv.ConvertOptions().false_values)


def _refusal(
    error: Exception, place: _BlockPlace, reading: ReadingOptions, names: Sequence[str]
) -> tuple[str | None, Exception]:
    """Say what pyarrow says of some rows with the name of the column, and rows counted from the first."""
    message = str(error)
    if ragged := re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", message):
        row, expected, found = map(int, ragged.groups())
        of = "the header has" if reading.header else "the first row has"
        return None, ContentError(f"data row {place.data_row(row, reading)} has {found} fields where {of} {expected}")
    if text := re.search(r"In CSV column #(\d+): Row #(\d+): .*invalid value '(.*)'", message, re.DOTALL):
        column, row, value = names[int(text[1])], place.data_row(int(text[2]), reading), one_line(text[3])
        hint = suggestions.for_value(text[3], row, reading)
        return column, ContentError(
            f"column {column!r} holds {value!r} in data row {row}, which is not a number", **hint
        )
    return None, error


FORMAT = Format((".csv", ".txt", ".dat"), partial(open_csv, ","), is_text=True, is_read_in_order=True)
TABBED = Format((".tsv", ".tab", ".rdb"), partial(open_csv, "\t"), is_text=True, is_read_in_order=True)
