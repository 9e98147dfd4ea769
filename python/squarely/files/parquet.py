"""Parquet: batches of rows, decoded from one buffer at a time."""

import bisect
import contextlib
import itertools
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from squarely.files.paths import DataFile
from squarely.files.pyarrow_modules import import_pyarrow
from squarely.files.table import Piece, Position, Section, Table, batch_rows

BUFFER_BYTES = 1 << 20  # without it a column is read whole, a row group at a time, whatever its size
SECTION_ROWS = 1 << 20  # small row groups are read several in a row: beginning to read costs a millisecond


@contextlib.contextmanager
def open_parquet(source: DataFile) -> Iterator[Table]:
    parquet = import_pyarrow("pyarrow.parquet")
    with contextlib.ExitStack() as opened:
        content = source.path if source.filesystem is None else opened.enter_context(source.open())
        options = {"buffer_size": BUFFER_BYTES, "pre_buffer": False, "page_checksum_verification": True}
        file = opened.enter_context(parquet.ParquetFile(content, **options))
        bounds = [0, *itertools.accumulate(file.metadata.row_group(i).num_rows for i in range(file.num_row_groups))]
        yield Table(file.schema_arrow, _sections(bounds), partial(_pieces, file, bounds), partial(_where, bounds))


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
    file: Any, bounds: Sequence[int], columns: Sequence[str], section: Section, _: Position, in_parallel: bool
) -> Iterator[Piece]:
    names = list(dict.fromkeys(columns))
    groups = list(range(section.first, section.last))
    rows, total = 0, bounds[section.last] - bounds[section.first]
    size = batch_rows(len(names))
    for batch in file.iter_batches(batch_size=size, row_groups=groups, columns=names, use_threads=in_parallel):
        rows += batch.num_rows
        yield Piece(batch, Position(rows), rows / total)


def _where(bounds: Sequence[int], section: Section, rows: int) -> str:
    group = bisect.bisect_right(bounds, section.first_row + rows) - 1
    group = min(max(group, section.first), section.last - 1)
    return f" in row group {group} (counted from 0), after data row {section.first_row + rows}"
