"""What every container becomes: an array as it lies, or a table of columns in segments."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from squarely.columns.labels import Labels

__all__ = ["Array", "Column", "Columns", "MaskedColumn", "PlainColumn", "Segment", "Table", "missing_in", "rows_of"]

# What the core reads of one output: its values, what is there, as a bitmap and the bit of that where it begins, or what
# is missing, as booleans.
Segment = tuple[npt.NDArray[Any], npt.NDArray[np.uint8] | npt.NDArray[np.bool_] | None, int]


class Array:
    """An array, read in place. Its rows lie along one axis; every other index is an output.

    Elements where `mask` is true are left out. `dimensions` are the names of the axes and `labels` those along an axis,
    where there are any. The rows of a table lie along axis 0.
    """

    __slots__ = ("array", "dimensions", "is_table", "labels", "mask")

    def __init__(
        self,
        array: npt.NDArray[Any],
        mask: npt.NDArray[np.bool_] | None = None,
        dimensions: tuple[Any, ...] | None = None,
        *,
        is_table: bool = False,
        labels: Labels | None = None,
    ) -> None:
        self.array = array
        self.labels = labels or {}
        self.is_table = is_table
        self.mask = mask
        self.dimensions = dimensions

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def dtypes(self) -> list[np.dtype[Any]]:
        return [self.array.dtype]

    def breaks(self) -> set[int]:
        return set()

    def is_made_on_the_way(self) -> bool:
        return self.mask is not None

    def piece(self, start: int, stop: int, axis: int) -> npt.NDArray[Any]:
        return rows_of(self.array, start, stop, axis)


class Column(Protocol):
    """One output, whose values need not lie in one piece."""

    @property
    def dtype(self) -> np.dtype[Any]: ...

    @property
    def is_made_on_the_way(self) -> bool:
        """Whether a segment is a copy, so that it should be short."""

    def __len__(self) -> int: ...

    def breaks(self) -> set[int]:
        """Return the rows no segment reaches across."""

    def segment(self, start: int, stop: int) -> Segment: ...


class Table:
    """Columns of the same length, in shape (n,) or (n, outputs)."""

    __slots__ = ("columns", "dimensions", "is_flat", "labels")

    mask = None
    is_table = True

    def __init__(self, columns: Sequence[Column], *, is_flat: bool = False, labels: Labels | None = None) -> None:
        self.dimensions: tuple[Any, ...] | None = None
        self.labels = labels or {}
        self.columns = columns
        self.is_flat = is_flat

    @property
    def shape(self) -> tuple[int, ...]:
        rows = len(self.columns[0]) if self.columns else 0
        return (rows,) if self.is_flat else (rows, len(self.columns))

    @property
    def dtypes(self) -> list[np.dtype[Any]]:
        return [column.dtype for column in self.columns]

    def breaks(self) -> set[int]:
        return set().union(*(column.breaks() for column in self.columns))

    def is_made_on_the_way(self) -> bool:
        return any(column.is_made_on_the_way for column in self.columns)

    def piece(self, start: int, stop: int, axis: int) -> list[Segment]:
        return [column.segment(start, stop) for column in self.columns]


Columns = Array | Table


class PlainColumn:
    """An array of one dimension."""

    __slots__ = ("values",)

    is_made_on_the_way = False

    def __init__(self, values: npt.NDArray[Any]) -> None:
        self.values = values

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.values.dtype

    def __len__(self) -> int:
        return len(self.values)

    def breaks(self) -> set[int]:
        return set()

    def segment(self, start: int, stop: int) -> Segment:
        return self.values[start:stop], None, 0


class MaskedColumn(PlainColumn):
    """Values, and beside them a byte for each that says whether it is missing."""

    __slots__ = ("missing",)

    def __init__(self, values: npt.NDArray[Any], missing: npt.NDArray[np.bool_]) -> None:
        super().__init__(values)
        self.missing = missing

    def segment(self, start: int, stop: int) -> Segment:
        return self.values[start:stop], self.missing[start:stop], 0


def rows_of(array: npt.NDArray[Any], start: int, stop: int, axis: int) -> npt.NDArray[Any]:
    """Return some rows of an array, as a view."""
    return array[(slice(None),) * axis + (slice(start, stop),)]


def missing_in(segment: Segment) -> npt.NDArray[np.bool_] | None:
    """Return which values of a segment are missing, or None where all are there."""
    values, presence, offset = segment
    if presence is None or presence.dtype == np.bool_:
        return presence  # type: ignore[return-value]
    bits = np.unpackbits(presence.view(np.uint8), count=offset + len(values), bitorder="little")
    missing: npt.NDArray[np.bool_] = bits[offset:] == 0
    return missing
