"""Files of tables: opened, their columns checked, and read as NumPy columns some rows at a time."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

from squarely.extras import import_extra
from squarely.files.errors import ContentError, FileError, told_in_one_sentence
from squarely.files.formats import FORMATS, format_of
from squarely.files.formats.content import FIRST_BYTES, Kind, kind_of
from squarely.files.formats.data_file import DataFile
from squarely.files.formats.format import Format
from squarely.files.formats.reading import ReadingOptions
from squarely.files.formats.table import As, Position, Section, Table
from squarely.files.formats.unpacked import PACKINGS
from squarely.files.sources.arrow_numbers import to_numpy
from squarely.files.sources.fields import with_fields
from squarely.files.sources.keys import Key, check_keys, keys_in, keys_named
from squarely.files.sources.partition_keys import with_partition_keys
from squarely.files.sources.schema import check_columns, type_of_column
from squarely.files.sources.source import Chunk, Names, Source
from squarely.files.sources.unchanged import Versions, check_unchanged, versions
from squarely.files.sources.waiting import asked


def table_source(
    file: DataFile, names: Names, reading: ReadingOptions, kinds: Mapping[str, Any] = MappingProxyType({})
) -> Source:
    """Return a file of a known format, its columns checked. What folders name may be keys of these kinds."""
    asked_for = Asked(names.columns, names.by, kinds)
    look = partial(_looked_at, file, asked_for, reading)
    planned, sections = look() if file.filesystem is None or not file.lasts() else asked(file.path, look)
    identity = ((file.path, file.size(), file.modified()),) if file.lasts() else None
    read = partial(_read, file, planned, asked_for, reading)
    return Source(file.path, (file.path,), file.size(), names, sections, read, identity, can_be_read_again=file.lasts())


def _looked_at(file: DataFile, asked_for: "Asked", reading: ReadingOptions) -> tuple[Versions, tuple[Section, ...]]:
    with told_in_one_sentence(file.path):
        planned = versions([file])
    with open_asked(file, asked_for, reading) as (table, _):
        return planned, table.sections


class Asked(NamedTuple):
    """What is asked for of a table: columns of numbers, keys of groups, and ids."""

    columns: Sequence[str]
    by: Sequence[str] = ()
    kinds: Mapping[str, Any] = MappingProxyType({})
    """What the names of folders are as keys and as ids."""
    ids: Sequence[str] = ()


@contextlib.contextmanager
def open_table(file: DataFile, columns: Sequence[str], reading: ReadingOptions) -> Iterator[Table]:
    """Open a file and check its columns; whatever then goes wrong in reading is told in one sentence."""
    with open_asked(file, Asked(columns), reading) as (table, _):
        yield table


@contextlib.contextmanager
def open_asked(file: DataFile, asked_for: Asked, reading: ReadingOptions) -> Iterator[tuple[Table, tuple[Key, ...]]]:
    """Open a file as `open_table` does, with the keys that are asked for."""
    form = format_of(reading.named(file.name))
    if form is None:
        raise _unknown_format(file, reading)
    with contextlib.ExitStack() as opened:
        try:
            with told_in_one_sentence(file.path):
                table, keys = opened.enter_context(_opened(form, file, asked_for, reading))
        except FileError as error:
            raise _by_its_content(file, reading) or error from error
        with told_in_one_sentence(file.path):
            yield table, keys


@contextlib.contextmanager
def _opened(
    form: Format, file: DataFile, asked_for: Asked, reading: ReadingOptions
) -> Iterator[tuple[Table, tuple[Key, ...]]]:
    if file.lasts() and file.size() == 0:
        raise ContentError("the file is empty")
    if not (file.lasts() or form.is_read_in_order):
        raise ContentError("an input in this format is read from its end; name the file")
    with form.open(file, reading) as opened:
        columns = asked_for.columns
        keys = keys_named(asked_for.by, [*opened.schema.names, *file.keys])
        read_as = {key.column: key.read_as for key in keys} | dict.fromkeys(asked_for.ids, As.ID)
        fields = with_fields(opened.with_keys(read_as), [*columns, *read_as])
        kinds = {
            name: import_extra("pyarrow").string() if one is As.TEXT else asked_for.kinds[name]
            for name, one in read_as.items()
            if name in asked_for.kinds
        }
        table = with_partition_keys(fields, file.keys, kinds)
        in_file = [name for name in [*columns, *read_as] if name not in file.keys]
        check_columns(table.schema, columns, lambda: table.suggest(in_file))
        check_keys(table.schema, keys, lambda: table.suggest(in_file))
        for name in asked_for.ids:
            type_of_column(table.schema, name, lambda: table.suggest(in_file))
        yield table, keys


def _kind(file: DataFile) -> Kind | None:
    try:
        with told_in_one_sentence(file.path), file.open() as content:
            return kind_of(content.read(FIRST_BYTES))
    except FileError:
        return None


def _by_its_content(file: DataFile, reading: ReadingOptions) -> FileError | None:
    """Say what a file is that could not be opened, where its first bytes tell that it is something else."""
    kind = _kind(file)
    if kind is None or reading.named(file.name).lower().endswith(kind.endings):
        return None
    if kind.options and kind.options.items() <= reading.given().items():
        return None
    says = "its name" if reading.input_format is None else f"input_format {reading.input_format!r}"
    sentence = f"{file.path}: by its content this is {kind.what}, which is not what {says} says{kind.advised()}"
    return FileError(sentence, kind.options)


def _unknown_format(file: DataFile, reading: ReadingOptions) -> FileError:
    known = ", ".join(ending for one in FORMATS for ending in one.endings)
    what = "the name" if reading.input_format is None else f"input_format {reading.input_format!r}"
    sentence = f"{file.path}: {what} must end in one of {known}, of text also with {', '.join(PACKINGS)}"
    kind = _kind(file)
    if kind is None:
        return FileError(sentence)
    return FileError(f"{sentence}; by its content this is {kind.what}{kind.advised()}", kind.options)


def _read(
    file: DataFile,
    planned: Versions,
    asked_for: Asked,
    reading: ReadingOptions,
    section: Section,
    position: Position,
    threads: int,
) -> Iterator[Chunk]:
    rows = position.rows
    with (
        open_asked(file, asked_for, reading) as (table, keys),
        told_in_one_sentence(file.path, lambda: table.where(section, rows)),
    ):
        check_unchanged([file], planned)
        columns = [*asked_for.columns, *(key.column for key in keys)]
        for piece in table.pieces(list(dict.fromkeys(columns)), section, position, threads):
            yield Chunk(
                tuple(to_numpy(name, piece.batch.column(name), reading.numbers) for name in asked_for.columns),
                piece.batch.num_rows,
                piece.position,
                piece.fraction,
                keys_in(piece.batch, keys, reading.numbers),
            )
            rows = piece.position.rows
        check_unchanged([file], planned)
