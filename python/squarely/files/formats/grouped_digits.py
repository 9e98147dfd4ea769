"""Numbers with a character between groups of three digits, as in 1,234.5."""

import re
from collections.abc import Sequence
from typing import Any

from squarely.extras import import_extra
from squarely.files.errors import ContentError, one_line
from squarely.files.formats.reading import ReadingOptions
from squarely.files.formats.text_keys import without_words


def without_groups(table: Any, reading: ReadingOptions, rows_before: int, missing: Sequence[str]) -> Any:
    """Return columns of text as numbers, and null where these words are.

    Digits in other groups are refused: in 1,5 the comma is no thousands.
    """
    pyarrow, compute = import_extra("pyarrow"), import_extra("pyarrow.compute")
    mark, decimal = re.escape(reading.thousands or ""), re.escape(reading.decimal)
    digits = rf"((\d+|\d{{1,3}}({mark}\d{{3}})+)({decimal}\d*)?|{decimal}\d+)([eE][+-]?\d+)?"
    number = rf"^[+-]?({digits}|(?i:inf|infinity|nan))$"
    for position, name in enumerate(table.column_names):
        if table.schema.field(position).type != pyarrow.string():
            continue
        texts = without_words(table.column(position), missing)
        texts = compute.utf8_trim_whitespace(texts)
        is_number = compute.fill_null(compute.match_substring_regex(texts, number), True)
        if not compute.all(is_number).as_py():
            row = compute.index(is_number, False).as_py()
            value = one_line(texts[row].as_py())
            raise ContentError(
                f"column {name!r} holds {value!r} in data row {rows_before + row + 1}, which is not a number with "
                f"{reading.thousands!r} between groups of three digits"
            )
        texts = compute.replace_substring(texts, reading.thousands, "")
        texts = compute.replace_substring(texts, reading.decimal, ".")
        table = table.set_column(position, name, compute.cast(texts, pyarrow.float64()))
    return table
