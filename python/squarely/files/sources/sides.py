"""Tables that are joined: of each the ids, numbers and keys of groups, brought to DuckDB some rows at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from squarely.extras import import_extra
from squarely.files.errors import FileError, told_in_one_sentence
from squarely.files.formats import format_of
from squarely.files.formats.csv_text import FORMAT as SEPARATED
from squarely.files.formats.csv_text import TABBED
from squarely.files.formats.data_file import DataFile
from squarely.files.formats.reading import ReadingOptions
from squarely.files.formats.table import BATCH_ROWS, Position, Section
from squarely.files.formats.text_keys import TextKeys
from squarely.files.sources.arrow_numbers import to_numpy
from squarely.files.sources.arrow_streams import has_stream, in_slices, number_of, opened_stream, stays_readable
from squarely.files.sources.carried_keys import Carried, carried_keys
from squarely.files.sources.ids import Kind, compared_ids, kind_of
from squarely.files.sources.keys import Key, check_keys, keys_in, keys_named
from squarely.files.sources.partition_keys import kinds_of_keys
from squarely.files.sources.paths import check_named_once, data_files
from squarely.files.sources.schema import check_columns, type_of_column
from squarely.files.sources.tables import Asked, open_asked
from squarely.files.sources.unchanged import Versions, check_unchanged, versions


class Columns(NamedTuple):
    """What is asked for of a side."""

    ids: tuple[str, ...]
    numbers: tuple[str, ...]
    by: tuple[str, ...] = ()


class Rows(NamedTuple):
    """Some rows of a side, their keys of groups, and the fraction that is read after them."""

    batch: Any
    keys: Mapping[str, Any]
    fraction: float


class Content(NamedTuple):
    """What one side of a join holds."""

    name: str
    files: tuple[str, ...]
    size: int
    columns: Columns
    kinds: tuple[Kind, ...]  # of the ids
    dtypes: tuple[Any, ...]  # of the numbers
    keys: tuple[Carried, ...]
    rows: Callable[[int], Iterator[Rows]]
    """Read by so many threads."""
    is_written: bool = False
    """Whether it is text without types, in which ids are as they are written."""
    lasts: bool = True
    """Whether it can be read again."""


def content_of(item: Any, role: str, columns: Columns, filesystem: Any, reading: ReadingOptions) -> Content:
    """Return what a path, a pattern, a folder, or anything that Arrow brings, holds in these columns."""
    if has_stream(item):
        return _of_stream(item, role, columns, reading)
    files, seen = data_files(item, filesystem), set[str]()
    for file in files:
        check_named_once(file, seen)
    return _of_files(files, str(item), columns, reading)


class _Part(NamedTuple):
    """A file of a side, as it was looked at."""

    file: DataFile
    version: Versions
    sections: tuple[Section, ...]
    schema: Any
    asked_for: Asked
    keys: tuple[Key, ...]
    """Also those that are in columns of ids."""
    kinds: Mapping[str, Any]
    """What columns of ids are as keys, where they are read as they are written."""


def _of_files(files: Sequence[DataFile], name: str, columns: Columns, reading: ReadingOptions) -> Content:
    are_written = [format_of(reading.named(file.name)) in (SEPARATED, TABBED) for file in files]
    kinds_of_folders = kinds_of_keys(files)
    parts = [
        _looked_at(file, columns, kinds_of_folders, reading, is_written=is_written)
        for file, is_written in zip(files, are_written, strict=True)
    ]
    found = [_types(part.schema, columns) for part in parts]
    kinds = found[0][0]
    for part, (other, _) in zip(parts, found, strict=True):
        if other != kinds:
            told = " and ".join(", ".join(kind.name for kind in one) for one in (kinds, other))
            raise FileError(f"{part.file.path}: its ids are of another kind than those of {files[0].path}: {told}")
    dtypes = tuple(max(own) for own in zip(*(one for _, one in found), strict=True))
    carried = carried_keys([(part.file.path, _as_keys(part), part.keys) for part in parts])
    size = sum(max(1, file.size()) for file in files)
    return Content(
        name,
        tuple(file.path for file in files),
        size,
        columns,
        kinds,
        dtypes,
        carried,
        partial(_rows_of_files, parts, columns, reading, size),
        is_written=all(are_written),
        lasts=all(file.lasts() for file in files),
    )


def _looked_at(
    file: DataFile, columns: Columns, kinds: Mapping[str, Any], reading: ReadingOptions, *, is_written: bool
) -> _Part:
    with told_in_one_sentence(file.path):
        version = versions([file])
    keys: tuple[Key, ...] = ()
    found: dict[str, Any] = {}
    if columns.by:
        with open_asked(file, Asked((), columns.by, kinds), reading) as (table, keys):
            found = {key.column: table.schema.field(key.column).type for key in keys if key.column in columns.ids}
    text = import_extra("pyarrow").string()
    kinds_of_ids = {name: text if is_written and name in columns.ids else kind for name, kind in kinds.items()}
    by = tuple(key.label for key in keys if key.column not in columns.ids)
    asked_for = Asked(columns.numbers, by, kinds_of_ids, columns.ids)
    with open_asked(file, asked_for, reading) as (table, _):
        others = {name: _value_type(one) for name, one in found.items()}
        others = {name: one for name, one in others.items() if one != _value_type(table.schema.field(name).type)}
        return _Part(file, version, table.sections, table.schema, asked_for, keys, others)


def _value_type(kind: Any) -> Any:
    return kind.value_type if import_extra("pyarrow.types").is_dictionary(kind) else kind


def _as_keys(part: _Part) -> Any:
    """Return a schema with the types that columns of ids have as keys."""
    schema = part.schema
    for name, kind in part.kinds.items():
        index = schema.get_field_index(name)
        schema = schema.set(index, schema.field(index).with_type(kind))
    return schema


def _rows_of_files(
    parts: Sequence[_Part], columns: Columns, reading: ReadingOptions, size: int, threads: int
) -> Iterator[Rows]:
    before = 0.0
    for part in parts:
        share = max(1, part.file.size()) / size
        names = list(dict.fromkeys([*columns.ids, *columns.numbers, *(key.column for key in part.keys)]))
        for section in part.sections:
            rows = 0
            with (
                open_asked(part.file, part.asked_for, reading) as (table, _),
                told_in_one_sentence(part.file.path, lambda: table.where(section, rows)),  # noqa: B023
            ):
                check_unchanged([part.file], part.version)
                for piece in table.pieces(names, section, Position(), threads):
                    keyed = _with_kinds(piece.batch, part.kinds, reading, rows)
                    keys = keys_in(keyed, part.keys, reading.numbers) or {}
                    yield Rows(piece.batch, keys, before + share * section.share * piece.fraction)
                    rows = piece.position.rows
            before += share * section.share
        check_unchanged([part.file], part.version)


def _with_kinds(batch: Any, kinds: Mapping[str, Any], reading: ReadingOptions, rows_before: int) -> Any:
    """Return rows in which ids are the keys that their text writes."""
    for name, kind in kinds.items():
        index = batch.schema.get_field_index(name)
        texts = batch.column(index)
        if not import_extra("pyarrow.types").is_dictionary(texts.type):
            texts = texts.dictionary_encode()
        batch = batch.set_column(index, name, TextKeys(name, kind, ("", *reading.words)).of(texts, rows_before))
    return batch


def _of_stream(stream: Any, role: str, columns: Columns, reading: ReadingOptions) -> Content:
    with told_in_one_sentence(role):
        reader = opened_stream(stream, [*columns.ids, *columns.numbers], columns.by)
        schema = reader.schema
        for name in columns.ids:
            type_of_column(schema, name)
        check_columns(schema, columns.numbers)
        keys = keys_named(columns.by, schema.names)
        check_keys(schema, keys)
        kinds, dtypes = _types(schema, columns)
    opened = [reader]

    def rows(_: int) -> Iterator[Rows]:
        own = opened.pop() if opened else opened_stream(stream, [*columns.ids, *columns.numbers], columns.by)
        for batch in own:
            for piece in in_slices(batch, BATCH_ROWS):
                yield Rows(piece, keys_in(piece, keys, reading.numbers) or {}, 0.0)

    carried = carried_keys([(role, schema, keys)])
    size, lasts = number_of(stream, "nbytes"), stays_readable(stream)
    return Content(role, (), size, columns, kinds, dtypes, carried, rows, lasts=lasts)


def _types(schema: Any, columns: Columns) -> tuple[tuple[Kind, ...], tuple[Any, ...]]:
    kinds = tuple(kind_of(name, schema.field(name).type) for name in columns.ids)
    return kinds, tuple(_dtype(schema.field(name).type) for name in columns.numbers)


def _dtype(kind: Any) -> Any:
    """Return the type of NumPy that numbers of an Arrow type become."""
    types, kind = import_extra("pyarrow.types"), _value_type(kind)
    return np.dtype(np.float32 if types.is_float32(kind) or types.is_float16(kind) else np.float64)


class Side:
    """One side of a join, as DuckDB asks for it: what is read of it is counted."""

    def __init__(self, content: Content, kinds: Sequence[Kind], missing: Sequence[float]) -> None:
        pyarrow = import_extra("pyarrow")
        self.content = content
        self.kinds = kinds
        self.rows = 0
        self.rows_without_id = 0
        self.fraction = 0.0
        self.failure: BaseException | None = None
        self.threads = 1
        self._missing = missing
        fields = [(f"k{place}", kind.type) for place, kind in enumerate(kinds)]
        fields += [(f"v{place}", pyarrow.from_numpy_dtype(dtype)) for place, dtype in enumerate(content.dtypes)]
        fields += [(f"g{place}", key.inside) for place, key in enumerate(content.keys)]
        self._schema = pyarrow.schema(fields)

    def __arrow_c_schema__(self) -> Any:
        return self._schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        pyarrow = import_extra("pyarrow")
        reader = pyarrow.RecordBatchReader.from_batches(self._schema, self._batches())
        return reader.__arrow_c_stream__(requested_schema)

    def _batches(self) -> Iterator[Any]:
        self.rows = self.rows_without_id = 0  # not where the stream is opened, which may be for its schema alone
        try:
            with contextlib.closing(self.content.rows(self.threads)) as pieces:  # type: ignore[type-var]
                for rows in pieces:
                    yield self._compared(rows)
                    self.fraction = rows.fraction
            self.fraction = 1.0
        except GeneratorExit:
            raise
        except BaseException as error:  # DuckDB would tell it in other words
            self.failure = error
            raise

    def _compared(self, rows: Rows) -> Any:
        pyarrow = import_extra("pyarrow")
        batch, columns = rows.batch, self.content.columns
        ids = [compared_ids(batch.column(name), kind) for name, kind in zip(columns.ids, self.kinds, strict=True)]
        numbers = [
            pyarrow.array(to_numpy(name, batch.column(name), self._missing).astype(dtype, copy=False))
            for name, dtype in zip(columns.numbers, self.content.dtypes, strict=True)
        ]
        keys = [own.enter(rows.keys[label]) for label, own in zip(columns.by, self.content.keys, strict=True)]
        self.rows += batch.num_rows
        if any(one.null_count for one in ids):
            self.rows_without_id += _rows_with_null(ids)
        return pyarrow.RecordBatch.from_arrays([*ids, *numbers, *keys], schema=self._schema)


def _rows_with_null(columns: Sequence[Any]) -> int:
    are_null = [column.is_null().to_numpy(zero_copy_only=False) for column in columns]
    return int(np.logical_or.reduce(are_null).sum())
