"""The few forms of reStructuredText that the written pages have."""

import re
from collections.abc import Iterable, Sequence


def heading(text: str, line: str = "=") -> str:
    """Return a title or, with another line below it, the heading of a section."""
    return f"{text}\n{line * len(text)}\n"


def indented(text: str, by: str = "   ") -> str:
    """Return text that belongs to a directive."""
    return "\n".join(by + line if line.strip() else "" for line in text.splitlines())


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table, whose cells are text of this kind."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in (header, *rows):
        for number, cell in enumerate(row):
            lines.append(f"   {'* -' if number == 0 else '  -'} {cell}".rstrip())
    return "\n".join(lines) + "\n"


def toctree(names: Iterable[str], *, hidden: bool = False) -> str:
    """Return the list of the pages below a page, whose names may be broken at their underscores and dots."""
    options = ["   :hidden:"] if hidden else []
    entries = [f"   {re.sub('[_.]', breakable, name)} <{name}>" for name in names]
    return "\n".join([".. toctree::", "   :maxdepth: 1", *options, "", *entries]) + "\n"


def breakable(found: re.Match[str]) -> str:
    """Return a character and behind it a space without width, for which the sidebar has another sign."""
    return found[0] + "\u200b"
