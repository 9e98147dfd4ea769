"""Rows under a header, laid out: for a person as wide as the terminal is, as JSON for a program, or for a page."""

import csv
import io
import json
import shutil
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

from squarely.cli.options import Format

GAP = 2  # characters between columns


class Rows(NamedTuple):
    """What is laid out; the first cells of a row, which say what it is, are text, and others may be numbers."""

    header: Sequence[str]
    rows: Sequence[Sequence[Any]]
    texts: int = 1


def rows_as_table(given: Rows) -> str:
    """Lay out columns side by side, folded where the terminal is narrow; a file or a pipe has every line whole."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0))
    for number, name in enumerate(given.header):
        table.add_column(name, overflow="fold", no_wrap=number == 0)  # the first is what is copied
    for row in given.rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    width = width_of_terminal() or sum(widths_of(given))
    written = io.StringIO()
    Console(file=written, width=width, color_system=None).print(table)
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines())


def width_of_terminal() -> int | None:
    """Return how many characters a line of a terminal has, where the answer is shown in one."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def widths_of(given: Rows) -> list[int]:
    """Return how wide each column is, with what is between it and the next."""
    return [max(len(str(cell)) for cell in column) + GAP for column in zip(given.header, *given.rows, strict=True)]


def rows_as_csv(given: Rows) -> str:
    """Return rows with every digit, and nothing for null."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([given.header, *given.rows])
    return written.getvalue().removesuffix("\n")


def rows_as_markdown(given: Rows) -> str:
    """Return rows as a table of Markdown, numbers to the right."""
    numbers = len(given.header) - given.texts
    lines = [given.header, ["---"] * given.texts + ["---:"] * numbers, *given.rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def rows_as_json(given: Rows) -> str:
    """Return a list of objects, which any parser of JSON reads."""
    return json.dumps([dict(zip(given.header, row, strict=True)) for row in given.rows], indent=2, allow_nan=False)


def _cell(value: Any) -> str:
    text = "null" if value is None else repr(value) if isinstance(value, float) else str(value)
    return " ".join(text.replace("\\", "\\\\").replace("|", "\\|").split())


ROW_LAYOUTS = {
    Format.TABLE: rows_as_table,
    Format.JSON: rows_as_json,
    Format.CSV: rows_as_csv,
    Format.MARKDOWN: rows_as_markdown,
}
