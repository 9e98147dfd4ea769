"""What columns files have: for ``squarely columns``."""

from collections.abc import Sequence

from squarely.cli.rows import Rows
from squarely.files import ReadingOptions
from squarely.files.sources.described import columns_of
from squarely.files.sources.paths import data_files


def described_columns(paths: Sequence[str], reading: ReadingOptions) -> Rows:
    """Return a row a column, with the file that it is in where there are several."""
    found = [data_files(path)[0] for path in paths]
    rows = [
        (column.name, column.type, ", ".join("null" if one is None else str(one) for one in column.first), file.path)
        for file in found
        for column in columns_of(file, reading)
    ]
    header = ("column", "type", "first values", "file")[: 4 if len(paths) > 1 else 3]
    return Rows(header, [row[: len(header)] for row in rows], len(header))
