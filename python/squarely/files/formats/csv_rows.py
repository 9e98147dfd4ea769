"""CSV text cut into blocks of whole rows, whatever its quotes hold."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from squarely.files.errors import ContentError

BLOCK_BYTES = 1 << 20  # larger blocks parse no faster; blocks of 256 KiB are a quarter slower
ROW_BYTES = 16 << 20  # the longest row; beyond it, an unclosed quote is more likely than a row
QUOTED_FIELD = re.compile(rb'(?:^|[,\r\n])(?P<quoted>"[^"]*(?:""[^"]*)*(?:"|\Z))')


def row_blocks(content: Any, first_bytes: int = BLOCK_BYTES) -> Iterator[bytes]:
    """Cut a text, read a block at a time, after the last row that is whole."""
    rest = b""
    length = first_bytes
    while block := content.read(length):
        rest += block
        length = BLOCK_BYTES
        end = end_of_rows(rest)
        if end > 0:
            yield rest[:end]
            rest = rest[end:]
        elif len(rest) > ROW_BYTES:
            raise ContentError(f"a row is longer than {ROW_BYTES} bytes; a quote may lack its partner")
    if rest:
        yield rest


def first_bytes(begin: int, offset: int) -> int:
    """Return how much to read first at an offset of a text, so that it is cut as it is from its beginning."""
    return begin + (-(-(offset - begin) // BLOCK_BYTES) + 1) * BLOCK_BYTES - offset


def end_of_rows(text: bytes) -> int:
    """Return where the last whole row of a text that starts with a row ends: after a line break outside quotes."""
    quotes = _field_quotes(text)
    line_break = text.rfind(b"\n")
    while line_break >= 0 and (before := np.searchsorted(quotes, line_break)) % 2:
        line_break = text.rfind(b"\n", 0, quotes[before - 1])
    return line_break + 1


def _field_quotes(text: bytes) -> NDArray[np.intp]:
    """Return where quoted fields open and close, in turns. Inside a field a doubled quote may count as both."""
    characters = np.frombuffer(text, np.uint8)
    quotes = np.flatnonzero(characters == ord('"'))
    opening = quotes[::2]
    before = np.where(opening > 0, characters[opening - 1], ord("\n"))
    # Quotes alternate as long as each one that should open a field starts one, or doubles the quote before it.
    if np.isin(before, np.frombuffer(b',\r\n"', np.uint8)).all():
        return quotes
    # Some quote is a character like others, as in: 3.5" disk. This is 50 times slower, and rarely needed.
    fields = QUOTED_FIELD.finditer(text)
    return np.array([edge for field in fields for edge in (field.start("quoted"), field.end() - 1)], np.intp)
