"""The worst rows of what was seen so far: kept few, merged in any order, and the same whatever the order was."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from squarely import _core
from squarely.worst.losses import LOSSES, RowLoss

__all__ = ["Found", "KeptRows", "Value", "ValuesAt", "WorstRow", "as_plain"]

# As the core tells a row: what it is ordered by, in two doubles, its number, truth, prediction, weight and loss.
Found = tuple[float, float, int, float | int, float | int, float, float]
Value = str | int | float | bool | None
# What is shown of a row beside its numbers.
ValuesAt = Callable[[int], tuple[Value, ...]]


class WorstRow(NamedTuple):
    """A row by what it is ordered by, where it is, and what is in it."""

    order: tuple[float, float]
    file: str
    row: int | None
    """Its number in the file; None where rows have no order."""
    y_true: float | int
    y_pred: float | int
    weight: float
    loss: float
    values: tuple[Value, ...]
    """Of the columns that are shown beside it."""

    @property
    def place(self) -> tuple[Any, ...]:
        """Return what comes first of two: larger losses, then earlier files and rows. No two rows are alike in it."""
        nearest, rest = self.order
        row = -1 if self.row is None else self.row
        return -nearest, -rest, self.file, row, self.y_true, self.y_pred, self.weight, repr(self.values)


class KeptRows:
    """The rows with the largest losses, at most `count` of them, the worst first."""

    def __init__(
        self,
        count: int,
        loss: RowLoss,
        columns: Sequence[str] = (),
        rows: Sequence[WorstRow] = (),
        limit: tuple[float, float] | None = None,
    ) -> None:
        self.count = count
        self._limit = limit
        self.loss = loss
        self.columns = tuple(columns)
        self.rows = list(rows)

    @property
    def at_least(self) -> tuple[float, float] | None:
        """What a row must reach to be among them, once there are as many as are asked for."""
        is_full = len(self.rows) == self.count > 0
        own = self.rows[-1].order if is_full else None
        return max((one for one in (own, self._limit) if one is not None), default=None)

    def found_in(self, y_true: Any, y_pred: Any, **beside: Any) -> list[Found]:
        """Return the rows of arrays that may be among them, by their numbers in these arrays."""
        if self.count == 0:
            return []
        loss = self.loss
        return _core.worst_rows(y_true, y_pred, loss.name, loss.parameter, self.count, self.at_least, **beside)

    def add(self, rows: Iterable[WorstRow]) -> None:
        """Take in rows, and let go of those that are then no longer among the worst."""
        self.rows = sorted([*self.rows, *rows], key=lambda row: row.place)[: self.count]

    def merge(self, other: KeptRows) -> KeptRows:
        """Take in the rows of another part, which was asked the same, and return this object."""
        self.add(other.rows)
        return self

    def values_in(self, columns: Sequence[Any], rows: int) -> ValuesAt:
        """Return what gives the values of a row in columns, the last ones of those that are shown."""
        names = self.columns[len(self.columns) - len(columns) :]
        looks = [_look_into(column, name, rows) for name, column in zip(names, columns, strict=True)]
        return lambda row: tuple(as_plain(look(row)) for look in looks)

    @property
    def question(self) -> str:
        """What was asked, in words: rows merge where it is the same."""
        shown = f", with {', '.join(self.columns)}" if self.columns else ""
        return f"{self.count} by {self.loss.label}{shown}"

    def begin(self) -> KeptRows:
        """Return what rows of another part are looked for with, to be merged: those that are of no use are not told."""
        return KeptRows(self.count, self.loss, self.columns, limit=self.at_least)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, KeptRows):
            return NotImplemented
        return self.question == other.question and self.rows == other.rows

    __hash__ = None  # type: ignore[assignment]

    def copy(self) -> KeptRows:
        return KeptRows(self.count, self.loss, self.columns, self.rows)

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads: doubles, for some of which JSON has no name, are hexadecimal text."""
        return {
            "count": self.count,
            "loss": [self.loss.name, self.loss.parameter.hex()],
            "columns": list(self.columns),
            "rows": [_written(row) for row in self.rows],
        }

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> KeptRows:
        """Return what `to_json` wrote."""
        name, parameter = written["loss"]
        loss = RowLoss(str(name), float(_number(parameter)))
        columns = tuple(map(str, written["columns"]))
        rows = [_read(*row) for row in written["rows"]]
        count = int(written["count"])
        if loss.name not in LOSSES or len(rows) > count or not all(_is_possible(row, loss, columns) for row in rows):
            raise ValueError("there are worst rows that no data can have given")
        return cls(count, loss, columns, sorted(rows, key=lambda row: row.place))


def _look_into(column: Any, name: str, rows: int) -> Callable[[int], Any]:
    if len(column) != rows:
        raise ValueError(f"The column {name!r} to be shown has {len(column)} rows, and there are {rows}.")
    values = getattr(column, "iloc", column)

    def look(row: int) -> Any:
        value = values[row]
        if hasattr(value, "as_py"):
            return value.as_py()
        if not hasattr(value, "dtype") or getattr(value, "ndim", 1) != 0:
            return value
        return _of_time(value) if value.dtype.kind in "mM" else value.item()

    return look


def _of_time(value: Any) -> Any:
    """Return a moment or a stretch of time of NumPy as Python has it, or as text where Python has none."""
    if np.isnat(value):
        return None
    if np.datetime_data(value.dtype)[0] in ("ns", "ps", "fs", "as"):
        rounded = value.astype(f"{value.dtype.kind}8[us]")
        value = rounded if rounded == value else value
    plain = value.item()
    return str(value).replace("T", " ") if isinstance(plain, int) else plain


def _written(row: WorstRow) -> list[Any]:
    numbers = [_hex(one) for one in (row.y_true, row.y_pred, row.weight, row.loss)]
    values = [_hex(one) if isinstance(one, float) else [one] for one in row.values]
    return [[_hex(one) for one in row.order], row.file, row.row, *numbers, values]


def _read(
    order: Sequence[str],
    file: str,
    row: int | None,
    y_true: str | int,
    y_pred: str | int,
    weight: str,
    loss: str,
    values: Sequence[Any],
) -> WorstRow:
    nearest, rest = map(_number, order)
    own = tuple(one[0] if isinstance(one, list) else _number(one) for one in values)
    place = None if row is None else int(row)
    truth, prediction = _number(y_true), _number(y_pred)
    return WorstRow((nearest, rest), str(file), place, truth, prediction, _number(weight), _number(loss), own)


def _is_possible(row: WorstRow, loss: RowLoss, columns: Sequence[str]) -> bool:
    numbers = [row.y_true, row.y_pred, row.weight, *([] if loss.is_of_difference else [row.loss])]
    is_in_order = not any(map(math.isnan, row.order))
    return all(map(math.isfinite, numbers)) and is_in_order and len(row.values) == len(columns)


def _hex(value: float | int) -> str | int:
    return value if isinstance(value, int) else value.hex()


def _number(written: str | int) -> Any:
    return written if isinstance(written, int) else float.fromhex(written)


def as_plain(value: Any) -> Value:
    """Return a value as it is shown, saved and merged: dates, moments and whatever else is no number as text."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    return str(value)
