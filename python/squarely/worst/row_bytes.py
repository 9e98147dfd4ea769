"""The byte form of worst rows, the same on every machine and from C: cpp/README.md describes it."""

from __future__ import annotations

import bisect
import itertools
import math
import struct
import zlib
from typing import Any

from squarely import _core
from squarely.worst.losses import LOSSES, MOST_ROWS, PINBALL, RowLoss
from squarely.worst.rows import KeptRows, Value, WorstRow

__all__ = ["LARGEST_ROW", "Ranges", "read_rows", "refusal_of_text", "refusal_of_value", "written_rows"]

MAGIC = b"sqwr\x01"
CHECKSUM = struct.Struct("<I")
LARGEST_ROW = 2**63 - 1
MOST_DIGITS = 4300  # of integers, that Python reads from text unless told otherwise
LARGEST = 10**MOST_DIGITS - 1

Ranges = list[list[int]]  # from the first row to the one behind the last, in order, none beside the next
Seen = dict[str, Ranges]

# What a number is, and what a value.
DOUBLE, POSITIVE, NEGATIVE = range(3)
NULL, FALSE, TRUE, FLOAT, INTEGER, TEXT = range(6)


def written_rows(kept: KeptRows, seen: Seen, *, weighted: bool) -> bytes:
    """Return rows, and which rows were seen of each part, as bytes."""
    writer = _Writer()
    writer.add("Q", kept.count)
    writer.text(kept.loss.name, "B")
    writer.add("dB", kept.loss.parameter, int(weighted))
    writer.add("I", len(kept.columns))
    for name in kept.columns:
        writer.text(name)
    parts = sorted(seen)
    writer.add("I", len(parts))
    for part in parts:
        writer.text(part)
        writer.add("I", len(seen[part]))
        for first, last in seen[part]:
            writer.add("qq", first, last)
    writer.add("I", len(kept.rows))
    numbers = {part: number for number, part in enumerate(parts)}
    for row in kept.rows:
        writer.add("ddIq", *row.order, numbers[row.file], row.row or 0)
        writer.number(row.y_true)
        writer.number(row.y_pred)
        writer.add("dd", row.weight, row.loss)
        for value in row.values:
            writer.value(value)
    body = MAGIC + b"".join(writer.pieces)
    return body + CHECKSUM.pack(zlib.crc32(body))


def read_rows(data: bytes) -> tuple[KeptRows, Seen, bool]:
    """Return what `written_rows` wrote: rows, what was seen, and whether any was weighted."""
    body, checksum = data[: -CHECKSUM.size], data[-CHECKSUM.size :]
    if body[: len(MAGIC)] != MAGIC or CHECKSUM.pack(zlib.crc32(body)) != checksum:
        raise ValueError("These bytes are no worst rows of squarely, of another version, or they have changed.")
    try:
        return _Reader(body).rows()
    except (struct.error, UnicodeDecodeError, ValueError) as error:
        raise ValueError(f"These bytes are no worst rows of squarely: {error}.") from error


def refusal_of_text(text: str) -> str:
    """Return why text cannot be written, or nothing."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return f"has {text[error.start]!r}, half of a character, which UTF-8 cannot write: replace it."
    return ""


def refusal_of_value(value: Value) -> str:
    """Return why a value that is shown cannot be written, or nothing."""
    if isinstance(value, str):
        return refusal_of_text(value)
    if isinstance(value, int) and abs(value) > LARGEST:
        return f"has an integer of more than {MOST_DIGITS} digits: pass it as text."
    return ""


class _Writer:
    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def add(self, kinds: str, *values: float) -> None:
        self.pieces.append(struct.pack(f"<{kinds}", *values))

    def text(self, text: str, size: str = "I") -> None:
        encoded = text.encode()
        self.add(size, len(encoded))
        self.pieces.append(encoded)

    def number(self, number: float | int) -> None:
        if isinstance(number, float):
            self.add("Bd", DOUBLE, number)
        else:
            self.add("BQ", NEGATIVE if number < 0 else POSITIVE, abs(number))

    def value(self, value: Value) -> None:
        if value is None or isinstance(value, bool):
            self.add("B", NULL if value is None else TRUE if value else FALSE)
        elif isinstance(value, float):
            self.add("Bd", FLOAT, value)
        else:
            self.add("B", INTEGER if isinstance(value, int) else TEXT)
            self.text(str(value))


class _Reader:
    def __init__(self, body: bytes) -> None:
        self._body = body
        self._place = len(MAGIC)

    def rows(self) -> tuple[KeptRows, Seen, bool]:
        (count,) = self._next("Q")
        _demand(count <= MOST_ROWS, "more rows than are ever kept")
        loss = _checked_loss(self._text("B"), *self._next("d"))
        (weighted,) = self._next("B")
        _demand(weighted <= 1, "a flag that is none")
        columns = [self._text() for _ in range(self._length())]
        seen = self._seen()
        parts = list(seen)
        (number,) = self._next("I")
        _demand(number <= count, "another number of rows")
        rows = [self._row(loss, parts, seen, len(columns)) for _ in range(number)]
        _demand(self._place == len(self._body), "more behind the rows")
        places = [row.place[:4] for row in rows]
        _demand(all(one < other for one, other in itertools.pairwise(places)), "rows in another order")
        return KeptRows(count, loss, columns, rows), seen, bool(weighted)

    def _seen(self) -> Seen:
        seen: Seen = {}
        before = ""
        for _ in range(self._length()):
            part = self._text()
            _demand(not seen or part > before, "parts in another order")
            seen[part] = self._ranges()
            before = part
        return seen

    def _next(self, kinds: str) -> tuple[Any, ...]:
        form = struct.Struct(f"<{kinds}")
        found = form.unpack_from(self._body, self._place)
        self._place += form.size
        return found

    def _length(self, size: str = "I") -> int:
        (length,) = self._next(size)
        _demand(length <= len(self._body) - self._place, "fewer bytes than it says")
        return int(length)

    def _text(self, size: str = "I") -> str:
        first = self._place + struct.calcsize(f"<{size}")
        self._place = first + self._length(size)
        return self._body[first : self._place].decode()

    def _ranges(self) -> Ranges:
        ranges = [list(self._next("qq")) for _ in range(self._length())]
        flat = [row for one in ranges for row in one]
        are_apart = all(before < row for before, row in zip([-1, *flat], flat, strict=False))
        _demand(bool(flat) and are_apart, "rows in another order")
        return ranges

    def _row(self, loss: RowLoss, parts: list[str], seen: Seen, columns: int) -> WorstRow:
        nearest, rest, part, row = self._next("ddIq")
        _demand(part < len(parts), "a part that is none")
        _demand(_is_within(row, seen[parts[part]]), "a row that was not seen")
        truth, prediction = self._number(), self._number()
        weight, own = self._next("dd")
        numbers = (truth, prediction, weight, *(() if loss.is_of_difference else (own,)))
        is_possible = all(map(math.isfinite, numbers)) and not math.isnan(nearest) and not math.isnan(rest)
        _demand(is_possible, "a row that no data can have given")
        values = tuple(self._value() for _ in range(columns))
        return WorstRow((nearest, rest), parts[part], row, truth, prediction, weight, own, values)

    def _number(self) -> float | int:
        (kind,) = self._next("B")
        _demand(kind <= NEGATIVE, "a number that is none")
        (number,) = self._next("d" if kind == DOUBLE else "Q")
        _demand(kind == DOUBLE or int(float(number)) != number, "an integer that is a double")
        return -number if kind == NEGATIVE else number  # type: ignore[no-any-return]

    def _value(self) -> Value:
        (kind,) = self._next("B")
        _demand(kind <= TEXT, "a value that is none")
        if kind == FLOAT:
            return float(*self._next("d"))
        if kind in (INTEGER, TEXT):
            return int(self._text()) if kind == INTEGER else self._text()
        return None if kind == NULL else kind == TRUE


def _is_within(row: int, ranges: Ranges) -> bool:
    place = bisect.bisect_right(ranges, row, key=lambda one: one[0]) - 1
    return place >= 0 and row < ranges[place][1]


def _demand(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise ValueError(f"there is {otherwise}")


def _checked_loss(name: str, parameter: float) -> RowLoss:
    is_negative_zero = parameter == 0 and math.copysign(1, parameter) < 0
    _demand(name in LOSSES and not is_negative_zero, "a loss that is none")
    if name == PINBALL:
        _demand(0 <= parameter <= 1, "a level that is none")
        return RowLoss(name, parameter)
    row = _core.metrics[LOSSES[name]]
    losses = dict(row.summands(parameter if row.allows(parameter) else row.default))
    _demand(losses[name] == parameter, "a parameter that is none")
    return RowLoss(name, parameter)
