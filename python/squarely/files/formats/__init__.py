"""What files are written in: each module with a `FORMAT` says its endings, and how a file becomes an open `Table`."""

import os

from squarely.files.formats import arrow, csv_text, json_lines, npz, orc, parquet
from squarely.files.formats.format import Format
from squarely.files.formats.unpacked import PACKINGS

FORMATS = (parquet.FORMAT, csv_text.FORMAT, csv_text.TABBED, arrow.FORMAT, json_lines.FORMAT, orc.FORMAT, npz.FORMAT)


def format_of(name: str) -> Format | None:
    """Return the format that the ending of a name tells."""
    stem, packing = os.path.splitext(name.lower())
    is_packed = packing in PACKINGS
    told = stem if is_packed else name.lower()
    return next((one for one in FORMATS if told.endswith(one.endings) and (one.is_text or not is_packed)), None)
