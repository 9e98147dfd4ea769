"""Keys as Arrow has them, of any library: numbers, times, text, bytes and dictionaries of these."""

from typing import Any

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.groups.chunks import Chunk, Dictionary, Nulls, Pieces, Spans, Views, Words
from squarely.groups.kinds import BOOLEAN, BYTES, FLOAT, INTEGER, NOTHING, TEXT, Kind, kind_of_time, zone_name
from squarely.groups.reading import NAMELESS, refused

__all__ = ["columns_of_arrow"]

# As the core tells it: the format and the type of a dictionary; and of a chunk its length, its buffers, the bitmap of
# what is there, the bit where that and booleans begin, and its dictionary.
Type = tuple[str, Any]
Parts = tuple[int, tuple[npt.NDArray[Any], ...], npt.NDArray[np.uint8] | None, int, Any]

UNITS = {"s": "s", "m": "ms", "u": "us", "n": "ns"}
MILLISECONDS_OF_A_DAY = 86_400_000

TEXT_KINDS = {"u": TEXT, "U": TEXT, "vu": TEXT, "z": BYTES, "Z": BYTES, "vz": BYTES}

OTHER_TYPES = {"d": "decimals", "tt": "times of day", "ti": "intervals", "+s": "structures", "+m": "maps", "+": "lists"}


def columns_of_arrow(source: Any, label: str = "by") -> list[tuple[str, Chunk]]:
    """Return the columns of a table, or the one that there is, with their names."""
    is_flat, has_null_rows, columns = _core.keys_of_arrow(source)
    if has_null_rows:
        raise refused(label, "structures some of which are null", "Pass its fields as columns")
    labels = [label if is_flat else f"{label}[{name!r}]" for name, *_ in columns]
    return [
        (NAMELESS if is_flat else name, _column(type_, chunks, own))
        for (name, type_, chunks), own in zip(columns, labels, strict=True)
    ]


def _column(type_: Type, chunks: list[Parts], label: str) -> Chunk:
    kind = _kind_of(type_, label)
    pieces = [_chunk(type_, kind, parts, label) for parts in chunks if parts[0] > 0]
    return pieces[0] if len(pieces) == 1 else Pieces(kind, pieces)


def _kind_of(type_: Type, label: str) -> Kind:
    code, dictionary = type_
    if dictionary is not None:
        return _kind_of(dictionary, label)
    if code in TEXT_KINDS:
        return TEXT_KINDS[code]
    if code[:2] == "w:":
        return BYTES
    if code == "n":
        return NOTHING
    if code in _core.arrow_formats:
        return {"b": BOOLEAN, "f": FLOAT}.get(np.dtype(_core.arrow_formats[code]).kind, INTEGER)
    if code[:2] == "td":
        return kind_of_time(True, "D")
    if code[:2] in ("ts", "tD"):
        return kind_of_time(code[1] == "s", UNITS[code[2]], _zone(code[4:]))
    what = next((what for start, what in OTHER_TYPES.items() if code.startswith(start)), f"Arrow's format {code!r}")
    raise refused(label, what, "Cast it to one of these first")


def _zone(name: str) -> str:
    return zone_name(name) if name else ""


def _chunk(type_: Type, kind: Kind, parts: Parts, label: str) -> Chunk:
    code, dictionary_type = type_
    length, buffers, validity, bit, dictionary = parts
    if dictionary_type is not None:
        places = Words(INTEGER, buffers[0], label, validity, bit)
        return Dictionary(places, _chunk(dictionary_type, kind, dictionary, label))
    if kind == NOTHING:
        return Nulls(length)
    if not buffers:  # of a dictionary without values
        return Nulls(0)
    if code == "b":
        bits = np.unpackbits(buffers[0], count=bit + length, bitorder="little")
        return Words(kind, bits[bit:].view(np.bool_), label, validity, bit)
    if code in ("vu", "vz"):
        return Views(kind, buffers[0].reshape(-1, 2), buffers[1:], label, validity, bit)
    if code[:2] == "w:":
        width = int(code[2:])
        starts = np.arange(0, length * width + 1, width) if width else np.zeros(length + 1, np.int64)
        return Spans(kind, starts[:length], starts[1 : length + 1], buffers[0], label, validity, bit)
    if kind.is_text:
        return Spans(kind, buffers[0][:-1], buffers[0][1:], buffers[1], label, validity, bit)
    return Words(kind, _values(code, buffers[0], validity, bit, label), label, validity, bit)


def _values(
    code: str, values: npt.NDArray[Any], validity: npt.NDArray[np.uint8] | None, bit: int, label: str
) -> npt.NDArray[Any]:
    if code == "e":
        return values.astype(np.float32)
    if code != "tdm":
        return values
    days, rest = np.divmod(values, MILLISECONDS_OF_A_DAY)
    there = True if validity is None else np.unpackbits(validity, count=bit + len(values), bitorder="little")[bit:]
    if (rest.astype(np.bool_) & there).any():
        raise refused(label, "dates of Arrow's type date64 that are no whole days", "Cast it to a timestamp")
    return days
