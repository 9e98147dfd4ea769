"""Parquet: batches of rows, decoded from one buffer at a time."""

import bisect
import contextlib
import functools
import itertools
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from squarely.extras import import_extra
from squarely.files.errors import ContentError
from squarely.files.formats.data_file import DataFile
from squarely.files.formats.format import Format
from squarely.files.formats.reading import ReadingOptions
from squarely.files.formats.table import As, Piece, Position, Section, Table, batch_rows

# Without a buffer a column is read whole, a row group at a time, whatever its size.
BUFFER_BYTES = 64 << 10  # what is longer, as most pages are, is read around it: through it, it would be copied twice
DISTANT_BUFFER_BYTES = 1 << 20  # where every read may be a request over the network
SECTION_ROWS = 1 << 20  # small row groups are read several in a row: every section opens the file anew
JUNCTION = b"PAR1PAR1"  # the end of one file and the beginning of another
DICTIONARY_BYTES = 64 << 10  # of the texts of a row group, packed, as long as looking them up costs little
FOOTERS = 8  # that are kept: of thousands of row groups one takes as long to parse as a section to read


@contextlib.contextmanager
def open_parquet(source: DataFile, _: ReadingOptions) -> Iterator[Table]:
    parquet = import_extra("pyarrow.parquet")
    buffer_bytes = BUFFER_BYTES if source.filesystem is None else DISTANT_BUFFER_BYTES
    options: dict[str, Any] = {"buffer_size": buffer_bytes, "pre_buffer": False, "page_checksum_verification": True}
    with contextlib.ExitStack() as opened:
        if source.filesystem is None:
            metadata, bounds = _footer(source.path, source.size(), source.modified())
            content = opened.enter_context(_local(source.path))
            options["metadata"] = metadata
            file = parquet.ParquetFile(content, **options)
        else:
            content = opened.enter_context(source.open())
            file = parquet.ParquetFile(content, **options)
            bounds = _bounds(file.metadata)
            _check_is_one_file(content, source.size(), file.metadata)
        opened.enter_context(file)
        failed: list[int] = []
        pieces, where = partial(_pieces, file, bounds, failed), partial(_where, bounds, failed)
        table = Table(file.schema_arrow, _sections(bounds), pieces, where)

        def keyed(columns: Mapping[str, As]) -> Table:
            short = _short_dictionaries(file, columns)
            if not short:
                return table
            again = opened.enter_context(parquet.ParquetFile(content, read_dictionary=short, **options))
            return table._replace(schema=again.schema_arrow, pieces=partial(_pieces, again, bounds, failed))

        yield table._replace(keyed=keyed)


def _short_dictionaries(file: Any, columns: Collection[str]) -> list[str]:
    """Return columns of text that the first and the last row group keep as places in a short list of texts.

    They are read as such, so that every text is looked up once. A long list would be looked up for every batch.
    """
    types, metadata = import_extra("pyarrow.types"), file.metadata
    found = []
    for number in range(metadata.num_columns if metadata.num_row_groups else 0):
        name = metadata.schema.column(number).path
        if name not in columns or not types.is_string(file.schema_arrow.field(name).type):
            continue
        chunks = [metadata.row_group(group).column(number) for group in (0, metadata.num_row_groups - 1)]
        lengths = [
            chunk.data_page_offset - chunk.dictionary_page_offset if chunk.has_dictionary_page else DICTIONARY_BYTES + 1
            for chunk in chunks
        ]
        if max(lengths) <= DICTIONARY_BYTES:
            found.append(name)
    return found


@functools.lru_cache(FOOTERS)
def _footer(path: str, size: int, modified: int) -> tuple[Any, Sequence[int]]:
    """Return what the end of a file says of its row groups, as long as the file is of this size and time."""
    with _local(path) as content:
        metadata = import_extra("pyarrow.parquet").read_metadata(content)
        _check_is_one_file(content, size, metadata)
    return metadata, _bounds(metadata)


def _check_is_one_file(content: Any, size: int, metadata: Any) -> None:
    """Refuse several files put together: the last footer would find the pages of the first."""
    if metadata.num_row_groups == 0:
        return
    group = metadata.row_group(metadata.num_row_groups - 1)
    chunks = [group.column(number) for number in range(group.num_columns)]
    if any(chunk.file_path for chunk in chunks):
        raise ContentError("this is a summary of other files; name those, or their folder")
    end = max(
        (chunk.dictionary_page_offset or chunk.data_page_offset) + chunk.total_compressed_size for chunk in chunks
    )
    content.seek(end)
    # Between the pages and the footer there are indexes or nothing.
    if JUNCTION in content.read(max(0, size - metadata.serialized_size - 8 - end)):
        raise ContentError("several Parquet files were put together in this one; name each by itself")


def _local(path: str) -> Any:
    """Open a file by its bytes: pyarrow takes no name that is not UTF-8."""
    return import_extra("pyarrow").OSFile(os.fsencode(path))


def _bounds(metadata: Any) -> Sequence[int]:
    """Return the rows before each row group, and all rows."""
    return [0, *itertools.accumulate(metadata.row_group(i).num_rows for i in range(metadata.num_row_groups))]


def _sections(bounds: Sequence[int]) -> tuple[Section, ...]:
    """Return runs of row groups, each of at least `SECTION_ROWS` rows where there are so many left."""
    sections, first = [], 0
    for last in range(1, len(bounds)):
        rows = bounds[last] - bounds[first]
        if rows >= SECTION_ROWS or last == len(bounds) - 1:
            sections.append(Section(first, last, bounds[first], rows / max(bounds[-1], 1)))
            first = last
    return tuple(sections)


def _pieces(
    file: Any,
    bounds: Sequence[int],
    failed: list[int],
    columns: Sequence[str],
    section: Section,
    _: Position,
    threads: int,
) -> Iterator[Piece]:
    names = list(dict.fromkeys(columns))
    rows, total = 0, bounds[section.last] - bounds[section.first]
    batches = _batches(file, names, range(section.first, section.last), threads)
    while True:
        try:
            batch = next(batches, None)
        except Exception:
            first = _group_of(bounds, section, rows)
            failed.extend(group for group in range(first, section.last) if _is_damaged(file, names, group))
            raise
        if batch is None:
            return
        rows += batch.num_rows
        yield Piece(batch, Position(rows), rows / total)


def _batches(file: Any, names: Sequence[str], groups: Sequence[int], threads: int) -> Iterator[Any]:
    batches: Iterator[Any] = file.iter_batches(
        batch_size=batch_rows(len(names)), row_groups=list(groups), columns=names, use_threads=threads > 1
    )
    return batches


def _is_damaged(file: Any, names: Sequence[str], group: int) -> bool:
    """Read a row group again, by itself: a batch may be of several, and pyarrow does not say which of them failed."""
    try:
        for _ in _batches(file, names, [group], False):
            pass
    except Exception:
        return True
    return False


def _group_of(bounds: Sequence[int], section: Section, rows: int) -> int:
    """Return the row group in which the next row lies."""
    group = bisect.bisect_right(bounds, section.first_row + rows) - 1
    return min(max(group, section.first), section.last - 1)


def _where(bounds: Sequence[int], failed: Sequence[int], section: Section, rows: int) -> str:
    group = failed[0] if failed else _group_of(bounds, section, rows)
    return f" in row group {group} (counted from 0; data rows {bounds[group] + 1} to {bounds[group + 1]})"


FORMAT = Format((".parquet", ".pq", ".parq"), open_parquet)
