"""Files of tables: opened, their columns checked, and read as NumPy columns some rows at a time."""

import contextlib
from collections.abc import Iterator, Sequence
from functools import partial

from squarely.files.errors import ContentError, FileError, told_in_one_sentence
from squarely.files.formats import FORMATS, format_of
from squarely.files.formats.data_file import DataFile
from squarely.files.formats.table import Position, Section, Table
from squarely.files.sources.arrow_numbers import to_numpy
from squarely.files.sources.partition_keys import with_keys
from squarely.files.sources.schema import check_columns
from squarely.files.sources.source import Chunk, Names, Source
from squarely.files.sources.unchanged import Versions, check_unchanged, versions


def table_source(file: DataFile, names: Names) -> Source:
    """Return a file of a known format, its columns checked."""
    with told_in_one_sentence(file.path):
        planned = versions([file])
    with open_table(file, names.columns) as table:
        sections = table.sections
    identity = ((file.path, file.size(), file.modified()),)
    read = partial(_read, file, planned, names.columns)
    return Source(file.path, (file.path,), file.size(), names, sections, read, identity)


@contextlib.contextmanager
def open_table(file: DataFile, columns: Sequence[str]) -> Iterator[Table]:
    """Open a file and check its columns; whatever then goes wrong in reading is told in one sentence."""
    form = format_of(file.path)
    if form is None:
        raise FileError(_unknown_format(file.path))
    with told_in_one_sentence(file.path):
        if file.size() == 0:
            raise ContentError("the file is empty")
        with form.open(file) as opened:
            table = with_keys(opened, file.keys)
            check_columns(table.schema, columns)
            yield table


def _unknown_format(path: str) -> str:
    known = ", ".join(ending for one in FORMATS for ending in one.endings)
    is_array = path.lower().endswith(".npy")
    hint = "; .npy files go in pairs, [(truth, model)], or as --true and --pred" if is_array else ""
    return f"{path}: the name must end in one of {known}{hint}"


def _read(
    file: DataFile,
    planned: Versions,
    columns: Sequence[str],
    section: Section,
    position: Position,
    in_parallel: bool,
) -> Iterator[Chunk]:
    rows = position.rows
    with open_table(file, columns) as table, told_in_one_sentence(file.path, lambda: table.where(section, rows)):
        check_unchanged([file], planned)
        for piece in table.pieces(columns, section, position, in_parallel):
            read = tuple(to_numpy(name, piece.batch.column(name)) for name in columns)
            yield Chunk(read, piece.batch.num_rows, piece.position, piece.fraction)
            rows = piece.position.rows
        check_unchanged([file], planned)
