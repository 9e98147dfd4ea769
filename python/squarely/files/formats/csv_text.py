"""CSV and its like: the names in the header, and the numbers in the rows below it, as pyarrow reads them."""

import contextlib
import dataclasses
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from squarely.extras import import_extra
from squarely.files.errors import ContentError
from squarely.files.formats import suggestions
from squarely.files.formats.csv_block import BlockParser, Place, names_in
from squarely.files.formats.csv_rows import Marks, end_of_rows, row_blocks
from squarely.files.formats.data_file import DataFile
from squarely.files.formats.format import Format
from squarely.files.formats.reading import ReadingOptions
from squarely.files.formats.table import As, Piece, Position, Section, Table, after_rows
from squarely.files.formats.text_blocks import TextBlock, worked_blocks
from squarely.files.formats.text_keys import TextKeys, kind_of, schema_with
from squarely.files.formats.unpacked import open_text

LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")


@contextlib.contextmanager
def open_csv(separator: str, source: DataFile, reading: ReadingOptions) -> Iterator[Table]:
    pyarrow = import_extra("pyarrow")
    reading = dataclasses.replace(reading, separator=reading.separator or separator)
    first_block = _first_block(source, reading)
    names = _names(first_block, reading)
    if not names:
        raise ContentError("there is nothing in it, not even the names of columns")
    # Text has no types: any column may hold numbers, and its conversion will tell.
    schema = pyarrow.schema([(name, pyarrow.float64()) for name in names])
    suggest = partial(suggestions.for_columns, first_block, reading)
    sections = (Section(begins_anywhere=True),)
    table = Table(schema, sections, partial(_pieces, source, reading, names, {}), after_rows, suggest)

    def keyed(columns: Mapping[str, As]) -> Table:
        keys = _keys_in(first_block, reading, names, columns)
        pieces = partial(_pieces, source, reading, names, keys)
        return table._replace(schema=schema_with(schema, keys), pieces=pieces)

    yield table._replace(keyed=keyed)


def _keys_in(
    first_block: bytes, reading: ReadingOptions, names: Sequence[str], columns: Mapping[str, As]
) -> dict[str, TextKeys]:
    """Return what the keys in some columns are, by the first block: a block alone might guess otherwise."""
    missing = ("", *reading.words)
    as_text = {name: TextKeys(name, None, ("",) if one is As.ID else missing) for name, one in columns.items()}
    batch = BlockParser(reading, names, list(columns), as_text).parsed(first_block, Place(0, True))
    if batch is None:
        return as_text
    texts = {name: batch.column(name).unique() for name, one in columns.items() if one is As.FOUND}
    return as_text | {name: TextKeys(name, kind_of(own), missing) for name, own in texts.items()}


def _first_block(source: DataFile, reading: ReadingOptions) -> bytes:
    with open_text(source, reading) as (content, _):
        block, _ = next(row_blocks(content, _marks(reading)), (b"", 0))
    return bytes(block)


def _marks(reading: ReadingOptions) -> Marks:
    return Marks(str(reading.separator), reading.quote, reading.comment)


def _pieces(
    source: DataFile,
    reading: ReadingOptions,
    names: Sequence[str],
    keys: Mapping[str, TextKeys],
    columns: Sequence[str],
    _: Section,
    position: Position,
    threads: int,
) -> Iterator[Piece]:
    """Have pyarrow parse blocks of whole rows, several at a time, into pieces in order.

    Its own reader of blocks calls Python from a thread in the background when the text comes from a Python file, as
    that of a zip does, and a program that ends meanwhile is aborted.
    """
    parser = BlockParser(reading, names, columns, keys)
    rows = position.rows
    work = partial(_parsed_alone, parser)
    with worked_blocks(source, reading, _marks(reading), position.offset, work, threads) as blocks:
        for block, batch in blocks:
            if batch is None:  # what could not be parsed is told with its row, which is known now
                batch = parser.parsed(block.rows, Place(rows, block.is_first))
            if batch is not None:
                rows += batch.num_rows
                yield Piece(batch, Position(rows, block.end), block.fraction)


def _parsed_alone(parser: BlockParser, block: TextBlock) -> Any:
    return parser.parsed(block.rows, Place(0, block.is_first))


def _names(block: bytes, reading: ReadingOptions) -> list[str]:
    """Return the names in the header, or numbers in their place."""
    first = _first_row(block, reading)
    if not first and block.strip():
        raise ContentError(f"below skip_rows={reading.skip_rows} there is no header in the first {len(block)} bytes")
    if not first:
        return []
    try:
        return names_in(first + b"\n", reading)
    except UnicodeDecodeError as error:
        hint = suggestions.encoding(block)
        raise ContentError(f"the names of the columns are not in {reading.encoding}", **hint) from error


def _first_row(block: bytes, reading: ReadingOptions) -> bytes:
    """Return a text up to the end of its header, or of its first row, in whose quotes there may be line breaks."""
    row = b""
    for line in itertools.islice(LINE.finditer(block), reading.skip_rows, None):
        row += line[0]
        if row.strip() and end_of_rows(row + b"\n", _marks(reading)) > len(row):
            return block[: line.end()]
        row = row if row.strip() else b""
    return b""


FORMAT = Format((".csv", ".txt", ".dat"), partial(open_csv, ","), is_text=True, is_read_in_order=True)
TABBED = Format((".tsv", ".tab", ".rdb"), partial(open_csv, "\t"), is_text=True, is_read_in_order=True)
