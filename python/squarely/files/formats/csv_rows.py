"""CSV text cut into blocks of whole rows, whatever its quotes hold."""

import functools
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from squarely.files.errors import ContentError

BLOCK_BYTES = 2 << 20  # of 256 KiB they are a third slower; larger ones gain a fortieth, and take memory
ROW_BYTES = 16 << 20  # the longest row; beyond it, an unclosed quote is more likely than a row
BYTE_ORDER_MARK = rb"(?:\xef\xbb\xbf)?"

Text = bytes | memoryview


class Marks:
    """The characters that say where rows end: the separator, the quote, and what a comment begins with."""

    def __init__(self, separator: str = ",", quote: str | None = '"', comment: str | None = None) -> None:
        self.before_quotes = (b" \t" if separator == " " else separator.encode()) + b"\r\n"
        self.quote = None if quote is None else quote.encode()
        self.comment = None if comment is None else comment.encode()

    @functools.cached_property
    def quoted_field(self) -> re.Pattern[bytes]:
        """A field in quotes, up to the end of the text where it is not closed."""
        q = re.escape(self.quote or b"")
        begin = rb"(?:\A" + BYTE_ORDER_MARK + rb"|(?<=[" + re.escape(self.before_quotes) + rb"]))"
        inside = rb"[^" + q + rb"]*"
        return re.compile(begin + rb"(?P<quoted>" + q + inside + rb"(?:" + q + q + inside + rb")*(?:" + q + rb"|\Z))")

    @functools.cached_property
    def quoted_or_comment(self) -> re.Pattern[bytes]:
        """A field in quotes, which may hold what looks like a comment, or a line of comment, which may hold quotes."""
        line = rb"(?:\A" + BYTE_ORDER_MARK + rb"|(?<=[\r\n]))(?P<comment>" + re.escape(self.comment or b"")
        line += rb"[^\r\n]*(?:\r\n|\r|\n))"
        return re.compile(line if self.quote is None else self.quoted_field.pattern + rb"|" + line)


def row_blocks(content: Any, marks: Marks, first_bytes: int = 0) -> Iterator[tuple[Text, int]]:
    """Cut a text, read a block at a time, after the last row that is whole; drop comments, and say how long it was."""
    rest, dropped = b"", 0
    length = first_bytes or BLOCK_BYTES
    while block := content.read(length):
        rest += block
        length = BLOCK_BYTES
        end = end_of_rows(rest, marks)
        if end > 0:
            rows = without_comments(memoryview(rest)[:end], marks)
            dropped += end
            if rows:  # the header is in the first block, after however many comments
                yield rows, dropped
                dropped = 0
            rest = rest[end:]
        elif len(rest) > ROW_BYTES:
            raise ContentError(f"a row is longer than {ROW_BYTES} bytes; a quote may lack its partner")
    if rest:
        if len(_field_quotes(_silenced(rest + b"\n", marks), marks)) % 2:
            raise ContentError("a quote is opened near the end and never closed", quote=None)
        yield without_comments(rest + b"\n", marks), dropped + len(rest)


def first_bytes(offset: int) -> int:
    """Return how much to read first at an offset of a text, so that it is cut as it is from its beginning."""
    return (-(-offset // BLOCK_BYTES) + 1) * BLOCK_BYTES - offset


def end_of_rows(text: bytes, marks: Marks) -> int:
    """Return where the last whole row of a text that starts with a row ends: after a line break outside quotes."""
    quotes = _field_quotes(_silenced(text, marks), marks)
    end = _after_last_break(text, len(text))
    while end > 0 and (before := np.searchsorted(quotes, end - 1)) % 2:
        end = _after_last_break(text, quotes[before - 1])
    return end


def _after_last_break(text: bytes, stop: int) -> int:
    """Return where the last line break before a place ends. A return at the very end may be half of one."""
    newline = text.rfind(b"\n", 0, stop)
    return max(newline, text.rfind(b"\r", newline + 1, min(stop, len(text) - 1))) + 1


def without_comments(text: Text, marks: Marks) -> Text:
    """Drop the lines that are comments."""
    if marks.comment is None or marks.comment not in (text := bytes(text)):
        return text
    return marks.quoted_or_comment.sub(lambda found: b"" if found["comment"] else found[0], text)


def _silenced(text: bytes, marks: Marks) -> bytes:
    """Put something of the same length in the place of comments, whose quotes are none."""
    if marks.comment is None or marks.comment not in text or marks.quote is None or marks.quote not in text:
        return text
    return marks.quoted_or_comment.sub(lambda found: b"\n" * len(found[0]) if found["comment"] else found[0], text)


def _field_quotes(text: bytes, marks: Marks) -> NDArray[np.intp]:
    """Return where quoted fields open and close, in turns. Inside a field a doubled quote may count as both."""
    if marks.quote is None or marks.quote not in text:
        return np.empty(0, np.intp)
    characters = np.frombuffer(text, np.uint8)
    quotes = np.flatnonzero(characters == ord(marks.quote))
    opening = quotes[::2]
    before = np.where(opening > 0, characters[opening - 1], ord("\n"))
    # Quotes alternate as long as each one that should open a field starts one, or doubles the quote before it.
    if np.isin(before, np.frombuffer(marks.before_quotes + marks.quote, np.uint8)).all():
        return quotes
    # Some quote is a character like others, as in: 3.5" disk. This is 50 times slower, and rarely needed.
    edges: list[int] = []
    for field in marks.quoted_field.finditer(text):
        begin, end = field.span("quoted")
        is_closed = end - begin > 1 and text[end - 1 : end] == marks.quote
        edges += [begin, end - 1] if is_closed else [begin]
    return np.array(edges, np.intp)
