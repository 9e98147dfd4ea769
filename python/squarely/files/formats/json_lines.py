"""JSON lines: an object a line, as pyarrow reads them."""

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from squarely.extras import import_extra
from squarely.files.errors import ContentError, one_line
from squarely.files.formats.csv_rows import ROW_BYTES, Marks, Text, row_blocks
from squarely.files.formats.data_file import DataFile
from squarely.files.formats.format import Format
from squarely.files.formats.reading import ReadingOptions
from squarely.files.formats.table import As, Piece, Position, Section, Table, after_rows
from squarely.files.formats.text_blocks import TextBlock, worked_blocks
from squarely.files.formats.text_keys import TextKeys, kind_of, schema_with, text_of_keys
from squarely.files.formats.unpacked import open_text

LINES = Marks(quote=None)  # a line break inside a string is written \n
IN_A_ROW = re.compile(rb"\S")


@contextlib.contextmanager
def open_json_lines(source: DataFile, reading: ReadingOptions) -> Iterator[Table]:
    with open_text(source, reading) as (content, _):
        first_block = bytes(next(row_blocks(content, LINES), (b"", 0))[0])
    found = _found_schema(first_block)
    pyarrow = import_extra("pyarrow")
    schema = pyarrow.schema([(field.name, _of_numbers(field.type)) for field in found])
    pieces = partial(_pieces, source, reading, schema, {})
    table = Table(schema, (Section(begins_anywhere=True),), pieces, after_rows)

    def keyed(columns: Mapping[str, As]) -> Table:
        read, keys = _keys_in(first_block, found, schema, columns)
        return table._replace(schema=schema_with(read, keys), pieces=partial(_pieces, source, reading, read, keys))

    yield table._replace(keyed=keyed)


def _keys_in(first_block: bytes, found: Any, schema: Any, columns: Mapping[str, As]) -> tuple[Any, dict[str, TextKeys]]:
    """Return the schema to read keys by, as they are, and of those that are strings what these are."""
    pyarrow, types = import_extra("pyarrow"), import_extra("pyarrow.types")
    texts = []
    for name in columns:
        kind = found.field(name).type
        if types.is_timestamp(kind) or types.is_string(kind):  # which pyarrow makes of strings that look like dates
            texts.append(name)
            kind = pyarrow.string()
        schema = schema.set(schema.get_field_index(name), pyarrow.field(name, kind))
    if not texts:
        return schema, {}
    read = _read(first_block, pyarrow.schema([schema.field(name) for name in texts]))
    found_in = {name: read[name].unique() for name in texts if columns[name] is As.FOUND}
    kinds = {name: kind_of(own, only_times=True) for name, own in found_in.items()}
    return schema, {name: TextKeys(name, kinds.get(name)) for name in texts}


def _found_schema(block: bytes) -> Any:
    """Return the columns of the first rows; those of the first one where others have another type."""
    pyarrow = import_extra("pyarrow")
    if not block.strip():
        raise ContentError("there is nothing in it, not even the names of columns")
    if block.lstrip().startswith(b"["):
        raise ContentError("this is one array of JSON; write an object a line, as pandas does with lines=True")
    try:
        return _read(block, None).schema
    except pyarrow.ArrowInvalid:
        return _read(block.lstrip().split(b"\n")[0] + b"\n", None).schema


def _of_numbers(kind: Any) -> Any:
    """Return float64 for what may be a number in a later row, also inside of objects."""
    pyarrow, types = import_extra("pyarrow"), import_extra("pyarrow.types")
    if types.is_struct(kind):
        return pyarrow.struct([(field.name, _of_numbers(field.type)) for field in kind])
    is_number = types.is_integer(kind) or types.is_floating(kind) or types.is_null(kind)
    return pyarrow.float64() if is_number else kind


def _pieces(
    source: DataFile,
    reading: ReadingOptions,
    schema: Any,
    keys: Mapping[str, TextKeys],
    columns: Sequence[str],
    _: Section,
    position: Position,
    threads: int,
) -> Iterator[Piece]:
    pyarrow = import_extra("pyarrow")
    wanted = pyarrow.schema([schema.field(name) for name in dict.fromkeys(columns)])
    rows = position.rows
    with worked_blocks(source, reading, LINES, position.offset, partial(_batches, wanted), threads) as blocks:
        for block, early in blocks:
            try:
                batches = _batches(wanted, block) if early is None else early
            except pyarrow.ArrowInvalid as error:
                raise _refusal(error, rows) from error
            for batch in batches:
                keyed = _with_keys(batch, keys, rows)
                rows += batch.num_rows
                yield Piece(keyed, Position(rows, block.end), block.fraction)


def _with_keys(batch: Any, keys: Mapping[str, TextKeys], rows_before: int) -> Any:
    for name, own in keys.items():
        index = batch.schema.get_field_index(name)
        if index >= 0:
            texts = batch.column(index).dictionary_encode().cast(text_of_keys())
            batch = batch.set_column(index, name, own.of(texts, rows_before))
    return batch


def _batches(wanted: Any, block: TextBlock) -> list[Any]:
    if not IN_A_ROW.search(block.rows):
        return []
    batches: list[Any] = _read(block.rows, wanted).select(wanted.names).combine_chunks().to_batches()
    return batches


def _read(block: Text, schema: Any) -> Any:
    pyarrow, json = import_extra("pyarrow"), import_extra("pyarrow.json")
    return json.read_json(
        pyarrow.py_buffer(block),
        json.ReadOptions(use_threads=False, block_size=2 * ROW_BYTES),
        json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="infer" if schema is None else "ignore"),
    )


def _refusal(error: Exception, rows_before: int) -> Exception:
    message = one_line(error).removeprefix("JSON parse error: ")
    if changed := re.search(r"Column\(/(.*?)\) changed from number to (\w+) in row (\d+)", message):
        column, kind, row = changed.groups()
        return ContentError(f"column {column!r} holds a {kind} in data row {rows_before + int(row) + 1}, not a number")
    if row := re.search(r"(.*) in row (\d+)", message):
        return ContentError(f"data row {rows_before + int(row[2]) + 1} cannot be read: {row[1]}")
    return error


FORMAT = Format((".jsonl", ".ndjson", ".jsonlines"), open_json_lines, is_text=True, is_read_in_order=True)
