"""WorstRows: the rows with the largest losses of a stream, beside an accumulator of its scores."""

from __future__ import annotations

import copy
import operator
import threading
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy.typing as npt

from squarely.accumulator import Accumulator
from squarely.groups.accumulator import GroupedAccumulator
from squarely.named_metrics import MetricLike
from squarely.worst.evaluation import check_columns, columns_in, rows_of
from squarely.worst.losses import check_worst, row_loss
from squarely.worst.row_bytes import LARGEST_ROW, Ranges, read_rows, refusal_of_text, refusal_of_value, written_rows
from squarely.worst.rows import KeptRows, Value, ValuesAt, WorstRow
from squarely.worst.sums import Sums
from squarely.worst.table import WorstTable, worst_table

__all__ = ["WorstRows"]

State = tuple[KeptRows, dict[str, Ranges], bool]  # what is kept, what was seen, and whether any was weighted


class WorstRows:
    """The rows with the largest losses of a stream: kept few, merged in any order, and the same whatever that was.

    It stands beside an `Accumulator`, whose bytes and digest stay those of the sums. `score_files` and `evaluate` need
    none of this: they take ``worst=20``.

    A row is known by its part, which is any text, and by its number in it. Of equal losses those count that come first
    in the order of parts, as text, and then of rows. Without `first_row` the rows of a part go on behind the last of
    them that this object has seen. The same row twice is refused: objects whose rows all count from 0 do not merge
    unless their parts have names.

    Parameters
    ----------
    count : int, default=20
        How many rows are kept, at most 10,000.
    by : str, function or Metric, default="squared_error"
        The loss, as `worst_by` of `evaluate`.
    columns : sequence of str
        Names of columns that are shown of the rows: every `update` has them.

    Examples
    --------
    >>> import squarely
    >>> monday = squarely.WorstRows(2).update([1.0, 2.0, 3.0], [1.0, 5.0, 3.5], part="monday")
    >>> tuesday = squarely.WorstRows(2).update([1.0, 2.0], [3.0, 2.0], part="tuesday")
    >>> print((monday + tuesday).table())
    part     row  y_true  y_pred  residual  loss
    monday   1    2       5       -3        9
    tuesday  0    1       3       -2        4
    2 worst of 5 rows by squared_error
    """

    def __init__(self, count: int = 20, *, by: MetricLike = "squared_error", columns: Sequence[str] = ()) -> None:
        check_columns(list(columns))
        for name in columns:
            _demand_text(name, "A column of WorstRows")
        self._kept = KeptRows(check_worst(count, "WorstRows", "count"), row_loss(by, (), "WorstRows", "by"), columns)
        self._seen: dict[str, Ranges] = {}
        self._weighted = False
        self._lock = threading.Lock()

    @classmethod
    def _of(cls, kept: KeptRows, seen: dict[str, Ranges] | None = None, *, weighted: bool = False) -> WorstRows:
        own = object.__new__(cls)
        own._kept, own._seen, own._weighted, own._lock = kept, seen or {}, weighted, threading.Lock()
        return own

    def _placed(self, places: Mapping[str, tuple[str, int]]) -> WorstRows:
        """Return the same rows in other parts, each of them behind so many rows, which keeps their order."""
        own = self.__copy__()
        own._kept.rows = [
            row._replace(file=places[row.file][0], row=places[row.file][1] + (row.row or 0)) for row in own._kept.rows
        ]
        seen, own._seen = own._seen, {}
        for part, ranges in sorted(seen.items()):
            name, before = places[part]
            own._seen = _joined(own._seen, {name: [[before + first, before + last] for first, last in ranges]})
        return own

    @property
    def count(self) -> int:
        """How many rows are kept at most."""
        return self._kept.count

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns that are shown of the rows."""
        return self._kept.columns

    @property
    def rows(self) -> int:
        """How many rows were seen, those left out among them."""
        return _number_of_rows(self._state()[1])

    def _state(self) -> State:
        """Return what was kept and seen at one moment, which other threads do not change."""
        with self._lock:
            return self._kept.copy(), dict(self._seen), self._weighted

    def update(
        self,
        y_true: npt.ArrayLike,
        y_pred: npt.ArrayLike,
        *,
        sample_weight: npt.ArrayLike | None = None,
        where: npt.ArrayLike | None = None,
        part: str = "",
        first_row: int | None = None,
        columns: Mapping[str, Any] | None = None,
    ) -> WorstRows:
        """Look at the rows of a chunk, and return this object.

        Parameters
        ----------
        y_true, y_pred, sample_weight, where
            As in `Accumulator.update`, of one output. Pairs with a missing value or an infinity are left out.
        part : str
            What the rows are part of, as a file, a day or a machine.
        first_row : int, optional
            The number of the first row in its part, below 2**63 as those of all rows. By default it is the next one
            behind those seen of the part.
        columns : mapping of str to column, or frame, optional
            The columns that are shown of the rows: those that the object has, with a value a row.

        Raises
        ------
        TypeError
            Where the part is no text.
        ValueError
            Where rows were seen before, columns are others, there are several outputs, or a number, a part or a value
            that is shown cannot be saved: text is what UTF-8 can write, and integers have at most 4,300 digits. Nothing
            is changed then.

        Notes
        -----
        Threads may update one object; each chunk then has the numbers that are next when it is taken in.

        Examples
        --------
        >>> import squarely
        >>> worst = squarely.WorstRows(1, columns=["id"])
        >>> worst.update([1.0, 2.0], [1.5, 2.0], columns={"id": ["a", "b"]}).table()["id"]
        ['a']
        """
        from squarely.pairing import pair

        pairs = pair(
            y_true,
            y_pred,
            where,
            0,
            "WorstRows.update",
            most_dimensions=None,
            sample_weight=sample_weight,
            may_lack_rows=True,
        )
        if pairs.outputs != 1:
            raise ValueError(
                f"Worst rows are those of one output, and there are {pairs.outputs}. Pass them one by one."
            )
        shown = columns_in(columns) if columns is not None else {}
        if set(shown) != set(self.columns):
            raise ValueError(f"The columns must be {_listed(self.columns)}, and they are {_listed(shown)}.")
        _demand_text(part, "The part of WorstRows.update")
        first = None if first_row is None else operator.index(first_row)
        if first is not None and first < 0:
            raise ValueError(f"first_row must not be negative, and it is {first}.")
        if pairs.rows == 0:
            return self
        with self._lock:
            kept = self._kept.begin()
        values_at = _that_can_be_saved(kept.values_in([shown[name] for name in self.columns], pairs.rows), self.columns)
        for place, found in pairs.found_in_pieces(kept.found_in):
            kept.add(rows_of(found, place, values_at, part))
        self._take_in(kept.rows, part, first, pairs.rows, weighted=sample_weight is not None)
        return self

    def _take_in(self, found: Sequence[WorstRow], part: str, first: int | None, rows: int, *, weighted: bool) -> None:
        """Keep what was found in a chunk, which was looked through without the lock, by its numbers in the part."""
        with self._lock:
            ranges = self._seen.get(part, [])
            if first is None:
                first = ranges[-1][1] if ranges else 0
            if first + rows > LARGEST_ROW:
                raise ValueError(f"first_row={first} with {rows} rows is too large: rows are numbered below 2**63.")
            seen = _joined({part: ranges}, {part: [[first, first + rows]]})
            self._kept.add(row._replace(row=first + (row.row or 0)) for row in found)
            self._seen |= seen
            self._weighted = self._weighted or weighted

    def merge(self, other: WorstRows) -> WorstRows:
        """Take in the rows of another object, and return this one.

        Raises
        ------
        ValueError
            Where the other keeps another number of rows, by another loss or with other columns, and where both have
            seen the same rows. Nothing is changed then.

        Examples
        --------
        >>> import squarely
        >>> first = squarely.WorstRows(3).update([1.0], [2.0])
        >>> first.merge(squarely.WorstRows(3).update([5.0], [8.0], first_row=1)).table()["row"]
        [1, 0]
        """
        if self._kept.question != other._kept.question:
            raise ValueError(f"This keeps {self._kept.question}, and the other {other._kept.question}.")
        kept, seen, weighted = other._state()  # before its own lock: two that merge each other do not wait for both
        with self._lock:
            self._seen = _joined(self._seen, seen)
            self._kept.add(kept.rows)
            self._weighted = self._weighted or weighted
        return self

    def __add__(self, other: object) -> WorstRows:
        if not isinstance(other, WorstRows):
            return NotImplemented
        return self.__copy__().merge(other)

    def __radd__(self, other: object) -> WorstRows:
        return copy.copy(self) if isinstance(other, int) and other == 0 else NotImplemented  # which sum() begins with

    def __copy__(self) -> WorstRows:
        kept, seen, weighted = self._state()
        return self._of(kept, seen, weighted=weighted)

    def __getstate__(self) -> State:
        return self._state()

    def __setstate__(self, state: State) -> None:
        self._kept, self._seen, self._weighted = state
        self._lock = threading.Lock()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, WorstRows):
            return NotImplemented
        return self._state() == other._state()

    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def table(self, accumulator: Accumulator | GroupedAccumulator | None = None) -> WorstTable:
        """Return the rows as a table.

        Parameters
        ----------
        accumulator : Accumulator or GroupedAccumulator, optional
            The sums of the same rows, from which shares and influences come.

        Examples
        --------
        >>> import squarely
        >>> sums, worst = squarely.Accumulator(("mse", "r2")), squarely.WorstRows(1)
        >>> for y_true, y_pred in (([1.0, 2.0], [1.0, 2.5]), ([3.0, 4.0], [3.5, 3.0])):
        ...     sums, worst = sums.update(y_true, y_pred), worst.update(y_true, y_pred)
        >>> worst.table(sums)["share_percent"]
        [66.66666666666667]
        """
        kept, seen, weighted = self._state()
        if accumulator is None:
            return worst_table(kept, Sums(_number_of_rows(seen), {}, weighted=weighted), (), place="part")
        whole = accumulator.overall() if isinstance(accumulator, GroupedAccumulator) else accumulator
        return worst_table(kept, Sums.of(whole.core, kept.loss), whole.asked, place="part")

    def __repr__(self) -> str:
        return f"WorstRows({self._kept.question}, rows={self.rows})"

    def to_bytes(self) -> bytes:
        """Return all of it as bytes, the same on every machine, and those of the C interface.

        Examples
        --------
        >>> import squarely
        >>> worst = squarely.WorstRows(3).update([1.0], [2.0])
        >>> squarely.WorstRows.from_bytes(worst.to_bytes()) == worst
        True
        """
        kept, seen, weighted = self._state()
        return written_rows(kept, seen, weighted=weighted)

    @classmethod
    def from_bytes(cls, data: bytes) -> WorstRows:
        """Return the object whose `to_bytes` gave this.

        Raises
        ------
        ValueError
            Where the bytes are damaged, cut, from a newer version or something else.
        """
        kept, seen, weighted = read_rows(bytes(memoryview(data)))
        return cls._of(kept, seen, weighted=weighted)


def _number_of_rows(seen: Mapping[str, Ranges]) -> int:
    return sum(last - first for ranges in seen.values() for first, last in ranges)


def _demand_text(text: object, what: str) -> None:
    if not isinstance(text, str):
        raise TypeError(f"{what} must be text, and it is of type {type(text).__name__}: pass str(...) of it.")
    refusal = refusal_of_text(text)
    if refusal:
        raise ValueError(f"{what}, {text!r}, {refusal}")


def _that_can_be_saved(values_at: ValuesAt, names: Sequence[str]) -> ValuesAt:
    def values_of(row: int) -> tuple[Value, ...]:
        values = values_at(row)
        for name, value in zip(names, values, strict=True):
            refusal = refusal_of_value(value)
            if refusal:
                raise ValueError(f"The column {name!r} of columns cannot be saved: row {row} of the chunk {refusal}")
        return values

    return values_of


def _listed(names: Sequence[str] | Mapping[str, Any]) -> str:
    return ", ".join(map(repr, names)) or "none"


def _joined(some: Mapping[str, Ranges], others: Mapping[str, Ranges]) -> dict[str, Ranges]:
    """Return the rows of both by their parts, or refuse rows that both have."""
    joined = dict(some)
    for part, ranges in others.items():
        together: Ranges = []
        for first, last in sorted([*joined.get(part, []), *ranges]):
            if together and first < together[-1][1]:
                raise ValueError(
                    f"Row {first} of part {part!r} was seen twice. Rows of machines or chunks that each count from 0 "
                    "need a part of their own, update(..., part=...), or their place in it, update(..., first_row=...)."
                )
            if together and first == together[-1][1]:
                together[-1] = [together[-1][0], last]
            else:
                together.append([first, last])
        joined[part] = together
    return joined
