"""What files are written in: each module with a `FORMAT` says its endings, and how a file becomes an open `Table`."""

from squarely.files.formats import arrow, csv_text, parquet
from squarely.files.formats.format import Format

FORMATS = (parquet.FORMAT, csv_text.FORMAT, arrow.FORMAT)


def format_of(path: str) -> Format | None:
    """Return the format that the ending of a name tells."""
    return next((one for one in FORMATS if path.lower().endswith(one.endings)), None)
