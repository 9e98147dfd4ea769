"""Which groups there are, by their keys: the first half of scores by group."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.groups.chunks import Chunk, Codes
from squarely.groups.key_columns import KeyColumn
from squarely.groups.kinds import FLOAT, INTEGER
from squarely.groups.reading import NAMELESS, read_column, read_columns

__all__ = ["GroupKeys"]

NAME_OF_THE_NAMELESS = "group"

State = tuple[tuple[str, ...], list[Chunk], list[Codes]]


class GroupKeys:
    """The keys of groups, numbered in the order in which they first came.

    Each column of keys has a table of its own, and two columns are one of pairs of numbers, which goes with the third
    alike. Chunks of rows may come in different containers, as long as the columns have the same names and keys of the
    same kind. Null is a key like others, and so is NaN.
    """

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self._columns: list[KeyColumn] = []
        self._pairs: list[_core.KeyTable] = []
        self._order: npt.NDArray[np.intp] | None = None  # as long as no group comes or goes
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._groups) if self.names else 0

    @property
    def _groups(self) -> KeyColumn | _core.KeyTable:
        return self._pairs[-1] if self._pairs else self._columns[0]

    @property
    def kinds(self) -> tuple[str, ...]:
        """What the keys of each column are, as 'text', and 'null' where nothing else is known."""
        return tuple(str(column.kind) for column in self._columns)

    # From keys to numbers

    def codes(self, by: Any, rows: int | None) -> npt.NDArray[np.uint32]:
        """Return the number of each row's group. Groups that are new get the next ones.

        Parameters
        ----------
        by
            The keys: an array, a list or a column of any library; or several, as a mapping or a table.
        rows
            How many there must be; None where any number will do.

        Raises
        ------
        ValueError
            Where these are no keys of so many rows, or do not go with those before. Then nothing has changed.
        """
        columns = read_columns(by, rows)
        with self._changed():
            names = self._checked_names([name for name, _ in columns])
            return self._entered(names, [chunk for _, chunk in columns])

    def _entered(self, names: tuple[str, ...], chunks: Sequence[Chunk]) -> Codes:
        if not self.names:
            self._begin(names)
        labels = ["by"] if len(names) == 1 else [f"by[{name!r}]" for name in names]
        parts = zip(self._columns, chunks, labels, strict=True)
        return self._together([column.codes(chunk, label) for column, chunk, label in parts], adds=True)

    def _begin(self, names: tuple[str, ...]) -> None:
        self.names = names
        self._columns = [KeyColumn() for _ in names]
        self._pairs = [_core.KeyTable(is_text=False) for _ in names[1:]]

    def _together(self, parts: Sequence[Codes], *, adds: bool) -> Codes:
        codes = parts[0]
        for table, part in zip(self._pairs, parts[1:], strict=True):
            found = table.codes("pairs", (codes, part), adds)
            assert found is not None
            codes = found
        return codes

    def _checked_names(self, names: Sequence[str]) -> tuple[str, ...]:
        if list(names) == [NAMELESS]:
            return self.names if len(self.names) == 1 else self._checked_names([NAME_OF_THE_NAMELESS])
        if self.names and tuple(names) != self.names:
            way = (
                "Pass them in this order." if sorted(names) == sorted(self.names) else "All chunks must have the same."
            )
            raise ValueError(f"by has the columns {_listed(names)}, and before it had {_listed(self.names)}. {way}")
        return tuple(names)

    @contextmanager
    def _changed(self) -> Iterator[None]:
        """Go back to what was before where something is refused or interrupted, and let nobody else in meanwhile."""
        if not self._lock.acquire(blocking=False):
            raise RuntimeError(
                "These groups are being changed by another call, of another thread or a signal's handler."
            )
        try:
            names, columns, pairs, count = self.names, self._columns, self._pairs, len(self)
            states, lengths = [column.state() for column in columns], [len(table) for table in pairs]
            try:
                yield
            except BaseException:
                self.names, self._columns, self._pairs = names, columns, pairs
                for column, state in zip(columns, states, strict=True):
                    column.go_back(state)
                for table, length in zip(pairs, lengths, strict=True):
                    table.forget_after(length)
                raise
            if len(self) != count:
                self._order = None
        finally:
            self._lock.release()

    def forget_after(self, count: int) -> None:
        """Take out the groups from a number on, as of a chunk that was refused afterwards."""
        if not 0 <= count <= len(self):
            raise IndexError(f"There are {len(self)} groups, of which {count} cannot be kept.")
        with self._changed():
            if count == len(self) > 0:
                return
            if count == 0:
                self.names, self._columns, self._pairs = (), [], []
                return
            # A key came with its first group, so that no later key belongs to an earlier group.
            parts = self._parts(np.arange(count, dtype=np.uint32))
            for column, codes in zip(self._columns, parts, strict=True):
                column.forget_after(int(codes.max()) + 1)
            for number, table in enumerate(self._pairs, 2):
                table.forget_after(count if number == len(parts) else self._pairs_used(number, count))

    def _pairs_used(self, columns: int, count: int) -> int:
        """Return how many pairs of the first columns there are in the first groups."""
        codes = np.arange(count, dtype=np.uint32)
        for table in reversed(self._pairs[columns - 1 :]):
            codes = table.pairs(codes)[0]
        return int(codes.max()) + 1

    # From numbers to keys

    def _parts(self, groups: Codes) -> list[Codes]:
        """Return the number of a key in each column, of some groups."""
        parts: list[Codes] = []
        for table in reversed(self._pairs):
            groups, second = table.pairs(groups)
            parts.append(second)
        return [groups, *reversed(parts)]

    def _all_parts(self) -> list[Codes]:
        return self._parts(np.arange(len(self), dtype=np.uint32)) if self.names else []

    def key_of(self, group: int) -> Any:
        """Return the key of a group: a value of Python, or a tuple of them where there are several columns."""
        if not 0 <= group < len(self):
            raise IndexError(f"There is no group {group}: there are {len(self)}, numbered from 0.")
        parts = self._parts(np.array([group], np.uint32))
        values = tuple(column.value(int(part[0])) for column, part in zip(self._columns, parts, strict=True))
        return values if len(values) > 1 else values[0]

    def group_of(self, key: Any) -> int:
        """Return the number of a group.

        Raises
        ------
        KeyError
            Where there is no such group.
        """
        parts = key if len(self.names) > 1 else (key,)
        if not isinstance(parts, tuple) or len(parts) != len(self.names) or not self.names:
            columns = f"a tuple of the columns {_listed(self.names)}" if self.names else "none yet"
            raise KeyError(f"There is no group {key!r}: keys are {columns}.")
        codes = [_code_of(column, part) for column, part in zip(self._columns, parts, strict=True)]
        for name, column, part, code in zip(self.names, self._columns, parts, codes, strict=True):
            if code[0] == _core.no_code:
                where = "" if len(parts) == 1 else f" in the column {name!r}"
                nearest = ", ".join(map(repr, column.nearest(part)))
                raise KeyError(f"There is no group of the key {part!r}{where}. {_meant(nearest)}")
        group = int(self._together(codes, adds=False)[0])
        if group == _core.no_code:
            raise KeyError(f"There is no group of the key {key!r}, though of each part of it alone.")
        return group

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """Return the keys of all groups in the order of their numbers, an array a column.

        Moments with a time zone are in UTC; integers and booleans of which one is null are objects, as text is.
        """
        parts = zip(self.names, self._columns, self._all_parts(), strict=True)
        return {name: column.values(codes) for name, column, codes in parts}

    def in_order(self) -> npt.NDArray[np.intp]:
        """Return the numbers of all groups by their keys: column by column, and null last."""
        if self._order is None:
            self._order = self._found_order([column.in_order() for column in self._columns])
            self._order.flags.writeable = False
        return self._order

    def _found_order(self, orders: Sequence[Codes]) -> npt.NDArray[np.intp]:
        if len(orders) < 2:
            return orders[0].astype(np.intp) if orders else np.empty(0, np.intp)
        ranks = self._ranks(orders)
        if math.prod(map(len, orders)) > np.iinfo(np.uint64).max:
            return np.lexsort(ranks[::-1])
        places = np.zeros(len(self), np.uint64)
        for order, own in zip(orders, ranks, strict=True):
            places = places * np.uint64(len(order)) + own
        return np.argsort(places)

    def _ranks(self, orders: Sequence[Codes]) -> list[Codes]:
        """Return of every group where its keys stand in the orders of their columns."""
        found = []
        for order, codes in zip(orders, self._all_parts(), strict=True):
            ranks = np.empty(len(order), np.uint32)
            ranks[order] = np.arange(len(order), dtype=np.uint32)
            found.append(ranks[codes])
        return found

    # Together with others

    def copy(self) -> GroupKeys:
        """Return the same groups, which are numbered alike, on their own."""
        other = GroupKeys()
        other.names, other._order = self.names, self._order
        other._columns = [column.copy() for column in self._columns]
        other._pairs = [table.copy() for table in self._pairs]
        return other

    def merge(self, other: GroupKeys) -> npt.NDArray[np.uint32]:
        """Add the groups of another, and return for each of them its number here."""
        if not other.names:
            return np.empty(0, np.uint32)
        with self._changed():
            if self.names and self.names != other.names:
                raise ValueError(
                    f"One has groups by {_listed(self.names)}, the other by {_listed(other.names)}. Only groups by the "
                    "same columns are merged."
                )
            if not self.names:
                self._begin(other.names)
            return self._entered_from(other, other._all_parts())

    def only(self, groups: npt.NDArray[np.intp]) -> GroupKeys:
        """Return some of the groups, each once and numbered in this order, on their own."""
        some = GroupKeys()
        if len(groups):
            some._begin(self.names)
            some._entered_from(self, self._parts(groups.astype(np.uint32)))
        return some

    def _entered_from(self, other: GroupKeys, parts: Sequence[Codes]) -> Codes:
        """Return the numbers of groups of another, of which the numbers of their keys there are given."""
        if len(self.names) == 1:  # whose keys are the groups, and enter in the order asked for
            label = _label(self.names[0])
            return self._columns[0].codes(other._columns[0].chunk(parts[0], label), label)
        entered = []
        for name, mine, its, codes in zip(self.names, self._columns, other._columns, parts, strict=True):
            is_used = np.zeros(len(its), np.bool_)
            is_used[codes] = True
            used, places = np.flatnonzero(is_used).astype(np.uint32), np.cumsum(is_used) - 1
            label = _label(name)
            entered.append(mine.codes(its.chunk(used, label), label)[places[codes]])
        return self._together(entered, adds=True)

    def marginal(self, names: str | Sequence[str]) -> tuple[GroupKeys, npt.NDArray[np.uint32]]:
        """Return the groups by some of the columns, and for each group here its number there."""
        chosen = [names] if isinstance(names, str) else list(names)
        unknown = [name for name in chosen if name not in self.names]
        if unknown or not chosen or len(set(chosen)) < len(chosen):
            what = f"no column {unknown[0]!r}" if unknown else f"no marginal by {_listed(chosen)}"
            raise ValueError(f"There is {what}: name some of {_listed(self.names)}, each once.")
        places = [self.names.index(name) for name in chosen]
        parts = self._all_parts()
        margin = GroupKeys()
        margin._begin(tuple(chosen))
        margin._columns = [self._columns[place].copy() for place in places]
        return margin, margin._together([parts[place] for place in places], adds=True)

    # A table of the core does not pickle, and what it holds does, with the numbers that the groups have here.

    def __getstate__(self) -> State:
        chunks = [column.chunk(column.all_codes(), _label(name)) for name, column in self._named_columns()]
        return self.names, chunks, self._all_parts()

    def __setstate__(self, state: State) -> None:
        self.__init__()  # type: ignore[misc]
        names, chunks, parts = state
        if names:
            self._begin(names)
            for (name, column), chunk in zip(self._named_columns(), chunks, strict=True):
                column.codes(chunk, _label(name))
            self._together(parts, adds=True)

    def _named_columns(self) -> Iterator[tuple[str, KeyColumn]]:
        return zip(self.names, self._columns, strict=True)

    def to_bytes(self) -> bytes:
        """Return the groups as bytes, in the order of their keys: in which order they came makes no difference."""
        from squarely.groups.key_bytes import bytes_of

        orders = [column.in_order() for column in self._columns]
        groups = self.in_order()
        ranks = self._ranks(orders)
        return bytes_of(self.names, self._columns, orders, [places[groups] for places in ranks])

    @classmethod
    def from_bytes(cls, data: bytes) -> GroupKeys:
        """Return the groups that `to_bytes` has written, numbered in the order of their keys.

        Raises
        ------
        ValueError
            For anything else.
        """
        from squarely.groups.key_bytes import columns_of_bytes

        names, chunks, parts = columns_of_bytes(data)
        keys = cls()
        if names:
            keys._begin(names)
            for column, chunk in zip(keys._columns, chunks, strict=True):
                column.codes(chunk, "A column")
            keys._together(parts, adds=True)
        has_keys_twice = any(len(column) < len(chunk) for column, chunk in zip(keys._columns, chunks, strict=True))
        if has_keys_twice or keys.to_bytes() != bytes(data):
            raise ValueError(
                "These bytes are no keys of groups: they hold keys out of order, or some that no group has."
            )
        return keys


def _code_of(column: KeyColumn, key: Any) -> Codes:
    """Return the number of a key in an array of one, or `no_code`."""
    try:
        if column.kind == FLOAT and isinstance(key, (int, np.integer)) and not isinstance(key, bool):
            key = float(key) if int(float(key)) == key else key
        if column.kind == INTEGER and isinstance(key, (float, np.floating)) and math.isfinite(key) and key == int(key):
            key = int(key)
        return column.codes_of_known(read_column([key], "by"))
    except (OverflowError, ValueError):
        return np.full(1, _core.no_code, np.uint32)


def _label(name: str) -> str:
    return f"the column {name!r}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names)) if names else "no columns"


def _meant(nearest: str) -> str:
    return f"The nearest are {nearest}." if nearest else "None is near."
