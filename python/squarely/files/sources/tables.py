"""Files of tables: opened, their columns checked, and read as NumPy columns some rows at a time."""

import contextlib
from collections.abc import Iterator, Sequence
from functools import partial

from squarely.files.errors import ContentError, FileError, told_in_one_sentence
from squarely.files.formats import FORMATS, format_of
from squarely.files.formats.content import FIRST_BYTES, Kind, kind_of
from squarely.files.formats.data_file import DataFile
from squarely.files.formats.format import Format
from squarely.files.formats.reading import ReadingOptions
from squarely.files.formats.table import Position, Section, Table
from squarely.files.formats.unpacked import PACKINGS
from squarely.files.sources.arrow_numbers import to_numpy
from squarely.files.sources.fields import with_fields
from squarely.files.sources.partition_keys import with_keys
from squarely.files.sources.schema import check_columns
from squarely.files.sources.source import Chunk, Names, Source
from squarely.files.sources.unchanged import Versions, check_unchanged, versions
from squarely.files.sources.waiting import asked


def table_source(file: DataFile, names: Names, reading: ReadingOptions) -> Source:
    """Return a file of a known format, its columns checked."""
    look = partial(_looked_at, file, names.columns, reading)
    planned, sections = look() if file.filesystem is None or not file.lasts() else asked(file.path, look)
    identity = ((file.path, file.size(), file.modified()),) if file.lasts() else None
    read = partial(_read, file, planned, names.columns, reading)
    return Source(file.path, (file.path,), file.size(), names, sections, read, identity)


def _looked_at(file: DataFile, columns: Sequence[str], reading: ReadingOptions) -> tuple[Versions, tuple[Section, ...]]:
    with told_in_one_sentence(file.path):
        planned = versions([file])
    with open_table(file, columns, reading) as table:
        return planned, table.sections


@contextlib.contextmanager
def open_table(file: DataFile, columns: Sequence[str], reading: ReadingOptions) -> Iterator[Table]:
    """Open a file and check its columns; whatever then goes wrong in reading is told in one sentence."""
    form = format_of(reading.named(file.name))
    if form is None:
        raise _unknown_format(file, reading)
    with contextlib.ExitStack() as opened:
        try:
            with told_in_one_sentence(file.path):
                table = opened.enter_context(_opened(form, file, columns, reading))
        except FileError as error:
            raise _by_its_content(file, reading) or error from error
        with told_in_one_sentence(file.path):
            yield table


@contextlib.contextmanager
def _opened(form: Format, file: DataFile, columns: Sequence[str], reading: ReadingOptions) -> Iterator[Table]:
    if file.lasts() and file.size() == 0:
        raise ContentError("the file is empty")
    if not (file.lasts() or form.is_read_in_order):
        raise ContentError("an input in this format is read from its end; name the file")
    with form.open(file, reading) as opened:
        table = with_keys(with_fields(opened, columns), file.keys)
        in_file = [name for name in columns if name not in file.keys]
        check_columns(table.schema, columns, lambda: table.suggest(in_file))
        yield table


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
    columns: Sequence[str],
    reading: ReadingOptions,
    section: Section,
    position: Position,
    threads: int,
) -> Iterator[Chunk]:
    rows = position.rows
    with (
        open_table(file, columns, reading) as table,
        told_in_one_sentence(file.path, lambda: table.where(section, rows)),
    ):
        check_unchanged([file], planned)
        for piece in table.pieces(columns, section, position, threads):
            read = tuple(to_numpy(name, piece.batch.column(name), reading.numbers) for name in columns)
            yield Chunk(read, piece.batch.num_rows, piece.position, piece.fraction)
            rows = piece.position.rows
        check_unchanged([file], planned)
