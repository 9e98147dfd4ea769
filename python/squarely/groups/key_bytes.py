"""Keys as bytes: little-endian, in the order of the keys, with a checksum.

`sqgk`, the version (1 byte), how many columns (2). Of each column its name as a length (2) and UTF-8, its kind (1),
unit (1, UTF-8: microseconds where these hold all keys exactly, and otherwise the first of `kinds.units_like` that
does), time zone (2, UTF-8), whether it has integers beyond 2**63 - 1 (1) and null (1), how many other keys (4), and
these: 8 bytes each, or of texts all lengths (8 each) and all texts. Then how many groups (4), of several columns for
every group the places of its keys (4 each), column after column, and the CRC-32 of all that (4).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from squarely.groups.chunks import Chunk, Codes, Nulls, Pieces, Spans, Words
from squarely.groups.key_columns import KeyColumn
from squarely.groups.kinds import BOOLEAN, BYTES, FLOAT, INTEGER, NOTHING, TEXT, UNITS, Kind, kind_of_time

__all__ = ["bytes_of", "columns_of_bytes"]

MAGIC = b"sqgk\x01"
PLAIN_KINDS = (NOTHING, INTEGER, BOOLEAN, FLOAT, TEXT, BYTES)
MOMENT, DURATION = len(PLAIN_KINDS), len(PLAIN_KINDS) + 1


def bytes_of(
    names: Sequence[str], columns: Sequence[KeyColumn], orders: Sequence[Codes], places: Sequence[Codes]
) -> bytes:
    """Return the bytes of groups, with the orders of the keys of each column, and the places of each group in them."""
    parts = [MAGIC, struct.pack("<H", len(names))]
    for name, column, order in zip(names, columns, orders, strict=True):
        parts += _parts_of_column(name, column, order)
    parts.append(struct.pack("<I", len(places[0]) if places else 0))
    if len(places) > 1:
        parts += [part.astype("<u4").tobytes() for part in places]
    written = b"".join(parts)
    return written + struct.pack("<I", zlib.crc32(written))


def _parts_of_column(name: str, column: KeyColumn, order: Codes) -> list[bytes]:
    order = order[~column.are_missing(order)]
    kind, words = (column.kind, None) if column.kind.is_text else column.canonical(order)
    number = PLAIN_KINDS.index(kind) if kind in PLAIN_KINDS else MOMENT if kind.name != "duration" else DURATION
    parts = [_sized("<H", name), bytes([number]), _sized("<B", kind.unit), _sized("<H", kind.zone)]
    parts.append(struct.pack("<??I", column.table.is_large, column.table.missing is not None, len(order)))
    if words is not None:
        return [*parts, words.astype("<u8").tobytes()]
    together, lengths = column.texts(order)
    return [*parts, lengths.astype("<u8").tobytes(), together]


def _sized(size: str, text: str) -> bytes:
    written = text.encode()
    return struct.pack(size, len(written)) + written


class Reader:
    """Reads bytes from the first on, and refuses to read beyond them."""

    def __init__(self, data: bytes) -> None:
        self.data, self.next = data, 0

    def bytes(self, count: int) -> bytes:
        if count > len(self.data) - self.next:
            raise ValueError("These bytes are no keys of groups: they end too early.")
        self.next += count
        return self.data[self.next - count : self.next]

    def numbers(self, layout: str) -> tuple[Any, ...]:
        return struct.unpack(layout, self.bytes(struct.calcsize(layout)))

    def text(self, size: str) -> str:
        return self.bytes(self.numbers(size)[0]).decode()

    def array(self, dtype: str, count: int) -> npt.NDArray[Any]:
        kind = np.dtype(dtype)
        return np.frombuffer(self.bytes(count * kind.itemsize), kind).astype(kind.newbyteorder("="))


def columns_of_bytes(data: bytes) -> tuple[tuple[str, ...], list[Chunk], list[Codes]]:
    """Return names, the keys of each column in order, and for each group the places of its keys."""
    data = bytes(data)
    if data[: len(MAGIC)] != MAGIC:
        raise ValueError("These bytes are no keys of groups, or of another version.")
    if zlib.crc32(data[:-4]) != int.from_bytes(data[-4:], "little"):
        raise ValueError("These bytes of keys have changed since they were written: the checksum does not match.")
    reader = Reader(data[:-4])
    reader.bytes(len(MAGIC))
    columns = [_read_column(reader) for _ in range(reader.numbers("<H")[0])]
    (groups,) = reader.numbers("<I")
    keys = [len(chunk) for _, chunk in columns]
    if len(columns) > 1:
        places = [reader.array("<u4", groups) for _ in columns]
    else:
        places = [np.arange(count, dtype=np.uint32) for count in keys]
    if reader.next != len(reader.data):
        raise ValueError("These bytes are no keys of groups: they go on.")
    for count, part in zip(keys, places, strict=True):
        if not np.array_equal(np.unique(part), np.arange(count)):
            raise ValueError("These bytes are no keys of groups: a key has no group, or a group no key.")
    names = tuple(name for name, _ in columns)
    if len(set(names)) < len(names):
        raise ValueError("These bytes are no keys of groups: two columns have one name.")
    return names, [chunk for _, chunk in columns], places


def _read_column(reader: Reader) -> tuple[str, Chunk]:
    name = reader.text("<H")
    (number,) = reader.numbers("<B")
    kind = _kind(number, reader.text("<B"), reader.text("<H"))
    is_large, has_missing, count = reader.numbers("<??I")
    label = f"The column {name!r}"
    chunk = (
        _read_texts(reader, kind, count, label) if kind.is_text else _read_words(reader, kind, count, is_large, label)
    )
    return name, Pieces(kind, [chunk, Nulls(int(has_missing))])


def _kind(number: int, unit: str, zone: str) -> Kind:
    if number < len(PLAIN_KINDS):
        return PLAIN_KINDS[number]
    if number > DURATION or unit not in UNITS:
        raise ValueError("These bytes are no keys of groups: they are of a kind that there is not.")
    return kind_of_time(number == MOMENT, unit, zone)


def _read_words(reader: Reader, kind: Kind, count: int, is_large: bool, label: str) -> Chunk:
    words = reader.array("<u8", count)
    if kind == NOTHING:
        return Nulls(0)
    values = {FLOAT: words.view(np.float64), BOOLEAN: words != 0}.get(kind, words if is_large else words.view(np.int64))
    return Words(kind, values, label)


def _read_texts(reader: Reader, kind: Kind, count: int, label: str) -> Chunk:
    lengths = reader.array("<u8", count)
    left = len(reader.data) - reader.next
    if (lengths > left).any() or sum(lengths.tolist()) > left:
        raise ValueError("These bytes are no keys of groups: they end too early.")
    ends = np.cumsum(lengths).astype(np.int64)
    together = np.frombuffer(reader.bytes(int(ends[-1]) if count else 0), np.uint8)
    return Spans(kind, ends - lengths.astype(np.int64), ends, together, label)
