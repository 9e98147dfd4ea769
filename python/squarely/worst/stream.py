"""WorstRows: the rows with the largest losses of a stream, beside an accumulator of its scores."""

from __future__ import annotations

import copy
import operator
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy.typing as npt

from squarely.accumulator import Accumulator
from squarely.groups.accumulator import GroupedAccumulator
from squarely.named_metrics import MetricLike
from squarely.worst.evaluation import check_columns, columns_in, rows_of
from squarely.worst.losses import check_worst, row_loss
from squarely.worst.row_bytes import Ranges, read_rows, written_rows
from squarely.worst.rows import KeptRows
from squarely.worst.sums import Sums
from squarely.worst.table import WorstTable, worst_table

__all__ = ["WorstRows"]


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
        self._kept = KeptRows(check_worst(count, "WorstRows", "count"), row_loss(by, (), "WorstRows", "by"), columns)
        self._seen: dict[str, Ranges] = {}
        self._weighted = False

    @classmethod
    def _of(cls, kept: KeptRows) -> WorstRows:
        own = object.__new__(cls)
        own._kept, own._seen, own._weighted = kept, {}, False
        return own

    def _placed(self, places: Mapping[str, tuple[str, int]]) -> WorstRows:
        """Return the same rows in other parts, each of them behind so many rows, which keeps their order."""
        own = self.__copy__()
        own._kept.rows = [
            row._replace(file=places[row.file][0], row=places[row.file][1] + (row.row or 0)) for row in own._kept.rows
        ]
        own._seen = {}
        for part, ranges in sorted(self._seen.items()):
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
        return sum(last - first for ranges in self._seen.values() for first, last in ranges)

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
            The number of the first row in its part. By default it is the next one behind those seen of the part.
        columns : mapping of str to column, or frame, optional
            The columns that are shown of the rows: those that the object has, with a value a row.

        Raises
        ------
        ValueError
            Where rows were seen before, columns are others, or there are several outputs. Nothing is changed then.

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
        ranges = self._seen.get(part, [])
        first = (ranges[-1][1] if ranges else 0) if first_row is None else operator.index(first_row)
        if first < 0:
            raise ValueError(f"first_row must not be negative, and it is {first}.")
        if pairs.rows == 0:
            return self
        seen = _joined({part: ranges}, {part: [[first, first + pairs.rows]]})
        kept = self._kept.begin()
        values_at = kept.values_in([shown[name] for name in self.columns], pairs.rows)
        for place, found in pairs.found_in_pieces(kept.found_in):
            kept.add(rows_of(found, place, values_at, part, first))
        self._kept.add(kept.rows)
        self._seen |= seen
        self._weighted = self._weighted or sample_weight is not None
        return self

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
        self._seen = _joined(self._seen, other._seen)
        self._kept.add(other._kept.rows)
        self._weighted = self._weighted or other._weighted
        return self

    def __add__(self, other: object) -> WorstRows:
        if not isinstance(other, WorstRows):
            return NotImplemented
        return self.__copy__().merge(other)

    def __radd__(self, other: object) -> WorstRows:
        return copy.copy(self) if isinstance(other, int) and other == 0 else NotImplemented  # which sum() begins with

    def __copy__(self) -> WorstRows:
        own = object.__new__(type(self))
        own._kept, own._seen, own._weighted = self._kept.copy(), dict(self._seen), self._weighted
        return own

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, WorstRows):
            return NotImplemented
        return (self._kept, self._seen, self._weighted) == (other._kept, other._seen, other._weighted)

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
        if accumulator is None:
            return worst_table(self._kept, Sums(self.rows, {}, weighted=self._weighted), (), place="part")
        whole = accumulator.overall() if isinstance(accumulator, GroupedAccumulator) else accumulator
        return worst_table(self._kept, Sums.of(whole.core, self._kept.loss), whole.asked, place="part")

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
        return written_rows(self._kept, self._seen, weighted=self._weighted)

    @classmethod
    def from_bytes(cls, data: bytes) -> WorstRows:
        """Return the object whose `to_bytes` gave this.

        Raises
        ------
        ValueError
            Where the bytes are damaged, cut, from a newer version or something else.
        """
        own = object.__new__(cls)
        own._kept, own._seen, own._weighted = read_rows(bytes(memoryview(data)))
        return own


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
