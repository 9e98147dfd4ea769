"""Guesses at the reading options that a text needs, for the sentence that refuses it."""

import csv
import re
from collections.abc import Sequence
from typing import Any

from squarely.files.formats.reading import BLANKS, ReadingOptions

SEPARATORS = (",", ";", "\t", "|", BLANKS)
COMMENTS = ("#", "%", "!", "//")
LINES = 200  # in which the header is looked for
ROWS = 3  # below the header, which may be units
ROWS_SEEN = 2 * ROWS  # to tell units from text
NUMBER = re.compile(r"[+-]?[\d.,' ]*\d[\d.,' ]*(e[+-]?\d+)?|[+-]?inf(inity)?|nan|n/?a|null|", re.IGNORECASE)


def for_columns(block: bytes, reading: ReadingOptions, columns: Sequence[str]) -> dict[str, Any]:
    """Guess how a header with these columns would be found, and what stands below it."""
    if b"\0" in block[:LINES]:
        return {"encoding": "utf-16-le"}
    lines = block[: 1 << 16].decode("utf-8-sig", "replace").splitlines()
    for skipped, line in enumerate(lines[:LINES]):
        separators = dict.fromkeys((str(reading.separator), *SEPARATORS))
        fitting = [separator for separator in separators if set(columns) <= set(_fields(line, separator))]
        if fitting:
            below = lines[skipped + 1 : skipped + 1 + ROWS_SEEN]
            separator = min(fitting, key=lambda one: _ragged_rows([line, *below], one))
            wanted = _wanted_fields([line, *below], separator, columns)
            found = {"separator": separator, **_skipped(lines[:skipped]), **_below(wanted, separator)}
            return {name: value for name, value in found.items() if value != getattr(reading, name)}
    first = _fields(lines[0], str(reading.separator)) if lines else []
    if reading.header and any(first) and all(map(NUMBER.fullmatch, first)):
        return {"header": False}
    return {}


def for_value(value: str, below: Sequence[str], reading: ReadingOptions) -> dict[str, Any]:
    """Guess why a field is no number. What lies below it in its column is given where it is in the first row."""
    is_comma = reading.decimal == "." and re.fullmatch(r"[+-]?\d*,\d+([eE][+-]?\d+)?", value)
    if is_comma and (reading.separator != "," or not re.search(r",\d{3}$", value)):
        return {"decimal": ","}
    if grouped := re.fullmatch(r"[+-]?\d{1,3}(?:([,. '_])\d{3})(?:\1\d{3})*(?:[.,]\d*)?", value):
        return {} if grouped[1] == reading.decimal else {"thousands": grouped[1]}
    if not re.search(r"\w", value) and value:
        return {"na": (*reading.na, value)}
    is_unit = reading.header and _is_text(value) and value.lower() not in ("true", "false")
    units = 1 + next((place for place, field in enumerate(below) if not _is_text(field)), len(below))
    # Rows of units are few, and numbers follow; a column of text goes on, and skipping it row by row never ends.
    if is_unit and reading.skip_rows_after_header + units <= ROWS and _are_numbers(below[units - 1 :]):
        return {"skip_rows_after_header": reading.skip_rows_after_header + units}
    return {}


def is_column_of_text(first: str, below: Sequence[str]) -> bool:
    return _is_text(first) and (not below or any(map(_is_text, below)))


def _is_text(field: str) -> bool:
    """Say whether a field has letters that no number has."""
    return bool(re.search(r"[^\W\d]", field)) and not NUMBER.fullmatch(field.strip())


def _are_numbers(fields: Sequence[str]) -> bool:
    return any(re.search(r"\d", field) for field in fields) and not any(map(_is_text, fields))


def encoding(block: bytes) -> dict[str, Any]:
    """Guess the encoding of text that is not UTF-8."""
    return {"encoding": "utf-16" if block.startswith((b"\xff\xfe", b"\xfe\xff")) else "latin-1"}


def _fields(line: str, separator: str) -> list[str]:
    if separator == BLANKS:
        return line.split()
    try:
        return [field.strip() for field in next(csv.reader([line], delimiter=separator), [])]
    except csv.Error:
        return []


def _ragged_rows(lines: Sequence[str], separator: str) -> int:
    """Return how many lines have other fields than the first, and are not blank."""
    return sum(len(_fields(line, separator)) != len(_fields(lines[0], separator)) for line in lines if line.strip())


def _wanted_fields(lines: Sequence[str], separator: str, columns: Sequence[str]) -> list[list[str]]:
    """Return what lies below the names of some columns."""
    names, *rows = (_fields(line, separator) for line in lines)
    places = [names.index(name) for name in columns]
    return [[row[place] for place in places if place < len(row)] for row in rows]


def _skipped(lines: Sequence[str]) -> dict[str, Any]:
    for comment in COMMENTS:
        if lines and all(line.startswith(comment) for line in lines):
            return {"comment": comment}
    return {"skip_rows": len(lines)} if lines else {}


def _below(rows: Sequence[Sequence[str]], separator: str) -> dict[str, Any]:
    """Guess how many rows below the header are no data, and the decimal of those that are."""
    is_data = [all(map(NUMBER.fullmatch, row)) for row in rows]
    units = is_data.index(True) if True in is_data[: ROWS + 1] else 0
    has_comma = separator != "," and any("," in field for row in rows[units:] for field in row)
    return {**({"skip_rows_after_header": units} if units else {}), **({"decimal": ","} if has_comma else {})}
