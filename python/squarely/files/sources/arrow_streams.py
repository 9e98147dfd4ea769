"""Whatever brings Arrow batches: frames, tables, readers, results of databases, and queries that polars streams."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from squarely.extras import import_extra
from squarely.files.errors import ContentError, one_line, told_in_one_sentence
from squarely.files.formats.reading import ReadingOptions
from squarely.files.formats.table import BATCH_ROWS, Position, Section
from squarely.files.sources.arrow_numbers import to_numpy
from squarely.files.sources.keys import check_keys, keys_in, keys_named
from squarely.files.sources.schema import check_columns
from squarely.files.sources.source import Chunk, Names, Source


def has_stream(item: Any) -> bool:
    """Say whether this brings Arrow batches."""
    return hasattr(item, "__arrow_c_stream__") or _is_lazy(item)


def _is_lazy(item: Any) -> bool:
    return type(item).__name__ == "LazyFrame" and type(item).__module__.partition(".")[0] == "polars"


def stays_readable(stream: Any) -> bool:
    """Say whether a stream can be opened again: a table can, and a reader is empty afterwards."""
    return not callable(getattr(stream, "read_next_batch", None))


def opened_stream(stream: Any, columns: Sequence[str], by: Sequence[str] = ()) -> Any:
    """Return a reader of record batches, of only these columns and keys where the stream can leave out others."""
    pyarrow = import_extra("pyarrow")
    if _is_lazy(stream):
        return _streamed(stream, columns, by)
    try:
        return pyarrow.RecordBatchReader.from_stream(stream)
    except pyarrow.ArrowInvalid as error:  # as of a column, which is a stream of values and not of rows
        raise ContentError(f"it brings no table: {one_line(error)}") from error


def _streamed(frame: Any, columns: Sequence[str], by: Sequence[str]) -> Any:
    """Have polars run a query by its streaming engine, which hands over rows as they are made."""
    pyarrow = import_extra("pyarrow")
    if not hasattr(frame, "collect_batches"):
        raise ContentError('this polars cannot hand over a LazyFrame in batches; call collect(engine="streaming")')
    names = frame.collect_schema().names()
    asked = dict.fromkeys([*columns, *(key.column for key in keys_named(by, names))])
    wanted = frame.select([name for name in asked if name in names]) if names else frame
    schema = wanted.collect_schema().to_frame().to_arrow().schema
    batches = wanted.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True)
    found = (batch for frame in batches for batch in frame.to_arrow().to_batches())
    return pyarrow.RecordBatchReader.from_batches(schema, found)


def in_slices(batch: Any, rows: int) -> Iterator[Any]:
    """Cut a batch, which may be a whole table, so that the columns of a piece fit the cache."""
    for first in range(0, batch.num_rows, rows):
        yield batch.slice(first, rows)


def stream_source(stream: Any, name: str, names: Names, reading: ReadingOptions) -> Source:
    """Return what brings batches, its columns checked where it tells them before it is read."""
    if others := set(reading.given()) - {"na"}:
        raise ValueError(f"{name} says itself what it holds; leave out {', '.join(sorted(others))} in reading")
    schema = None if _is_lazy(stream) else getattr(stream, "schema", None)  # polars warns
    if isinstance(schema, import_extra("pyarrow").Schema):
        with told_in_one_sentence(name):
            _check(schema, names)
    rows = number_of(stream, "num_rows")  # of a table; of a query nobody knows
    size = number_of(stream, "nbytes")
    read = partial(_read, stream, name, names, rows, reading)
    return Source(name, (), size, names, (Section(),), read, can_be_read_again=stays_readable(stream))


def _check(schema: Any, names: Names) -> None:
    check_columns(schema, names.columns)
    check_keys(schema, keys_named(names.by, schema.names))


def number_of(stream: Any, name: str) -> int:
    """Return what a table says of itself, and 0 where it says nothing, or where a column has that name."""
    number = None if _is_lazy(stream) else getattr(stream, name, None)
    return number if isinstance(number, int) else 0


def _read(
    stream: Any,
    name: str,
    names: Names,
    known: int,
    reading: ReadingOptions,
    _: Section,
    __: Position,
    ___: int,
) -> Iterator[Chunk]:
    rows = 0
    with told_in_one_sentence(name, lambda: f" after row {rows}" if rows else ""):
        reader = opened_stream(stream, names.columns, names.by)
        _check(reader.schema, names)
        keys = keys_named(names.by, reader.schema.names)
        for batch in reader:
            for piece in in_slices(batch, BATCH_ROWS):
                rows += piece.num_rows
                read = tuple(to_numpy(column, piece.column(column), reading.numbers) for column in names.columns)
                fraction = rows / known if known else 0.0
                yield Chunk(read, piece.num_rows, Position(rows), fraction, keys_in(piece, keys, reading.numbers))
