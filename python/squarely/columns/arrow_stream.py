"""Arrow data of any library, by the Arrow C data interface: pyarrow, polars, and whoever else speaks it.

Nothing is imported for it and nothing copied: a column refers to the buffers of its library, and keeps them alive.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.columns.forms import Columns, Segment, Table

__all__ = ["ArrowColumn", "columns_of_stream", "from_arrow", "is_arrow"]

# As the core tells it: length, values or bits, the bit where those begin, bitmap of what is there, the bit where that
# begins; and of a column its name, its format, whether it is a dictionary, and its chunks.
ChunkParts = tuple[int, npt.NDArray[Any] | None, int, npt.NDArray[np.uint8] | None, int]
ColumnParts = tuple[str, str, bool, list[ChunkParts]]

NOTHING_BUT_NULLS = "n"
OTHER_TYPES = {
    "u": "string",
    "U": "string",
    "vu": "string",
    "z": "binary",
    "Z": "binary",
    "d": "decimal",
    "t": "time",
    "+": "list",
}


class Chunk:
    """A stretch of a column that lies in one piece."""

    def __init__(self, code: str, chunk: ChunkParts) -> None:
        self.code = code
        self.length, self.values, self.first_value, self.validity, self.first_bit = chunk

    def segment(self, start: int, stop: int) -> Segment:
        if self.code == NOTHING_BUT_NULLS:
            return np.broadcast_to(np.float16("nan"), (stop - start,)), None, 0
        assert self.values is not None
        values = self._booleans(start, stop) if self.code == "b" else self.values[start:stop]
        if self.validity is None:
            return values, None, 0
        first, last = start + self.first_bit, stop + self.first_bit
        return values, self.validity[first // 8 : (last + 7) // 8], first % 8

    def _booleans(self, start: int, stop: int) -> npt.NDArray[np.bool_]:
        first, last = start + self.first_value, stop + self.first_value
        bits = np.unpackbits(self.values[first // 8 : (last + 7) // 8], bitorder="little")  # type: ignore[index]
        return bits[first % 8 : first % 8 + last - first].view(np.bool_)


class ArrowColumn:
    """A column in chunks."""

    def __init__(self, code: str, chunks: list[Chunk]) -> None:
        self.chunks = [chunk for chunk in chunks if chunk.length > 0]
        self.dtype = np.dtype("float16" if code == NOTHING_BUT_NULLS else _core.arrow_formats[code])
        self.is_made_on_the_way = code == "b"
        self.starts = np.cumsum([0, *(chunk.length for chunk in self.chunks)])

    def __len__(self) -> int:
        return int(self.starts[-1])

    def breaks(self) -> set[int]:
        return set(self.starts.tolist())

    def segment(self, start: int, stop: int) -> Segment:
        number = int(np.searchsorted(self.starts, start, side="right")) - 1
        before = int(self.starts[number])
        return self.chunks[number].segment(start - before, stop - before)


def is_arrow(values: object) -> bool:
    return hasattr(values, "__arrow_c_stream__") or hasattr(values, "__arrow_c_array__")


def from_arrow(values: object, name: str) -> Columns:
    is_flat, labels, columns = _read(values, name)
    return Table(columns, is_flat=is_flat, labels={} if is_flat else {1: labels})


def columns_of_stream(values: object, name: str) -> list[ArrowColumn]:
    return _read(values, name)[2]


def _read(values: object, name: str) -> tuple[bool, list[str], list[ArrowColumn]]:
    is_flat, has_null_rows, columns = _core.columns_of_arrow(values)
    if has_null_rows:
        raise ValueError(f"{name} is an array of structures some of which are null. Pass its fields as columns.")
    labels = [label for label, *_ in columns]
    read = [_column(column, name if is_flat else f"{name} (column {column[0]!r})") for column in columns]
    return is_flat, labels, read


def _column(column: ColumnParts, name: str) -> ArrowColumn:
    _, code, is_dictionary, chunks = column
    if is_dictionary or (code != NOTHING_BUT_NULLS and code not in _core.arrow_formats):
        kind = "dictionary" if is_dictionary else OTHER_TYPES.get(code, OTHER_TYPES.get(code[0], code))
        raise ValueError(
            f"{name} has Arrow type {kind} (format {code!r}), which is not a number squarely reads. Cast it to float64 "
            "or to an integer type first."
        )
    return ArrowColumn(code, [Chunk(code, chunk) for chunk in chunks])
