"""Truth and predictions in tables of their own, joined by ids by DuckDB, which spills to disk.

One full join says everything. A row of a table that stands in the joined rows more than once, or an id without a
partner, is seen there, so that nothing is looked for unless something is wrong. An inner join would be a tenth faster,
and could not see either.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from squarely.arguments import UNMATCHED
from squarely.extras import import_extra
from squarely.files.errors import FileError, UnmatchedIdError, told_in_one_sentence
from squarely.files.formats.reading import ReadingOptions
from squarely.files.formats.table import Position, Section
from squarely.files.sources.database import batches_of, check_connection, opened_database, told_by_database
from squarely.files.sources.ids import SHOWN_IDS, agreed, counted_ids, shown
from squarely.files.sources.plan import keys_asked
from squarely.files.sources.sides import Columns, Side, content_of
from squarely.files.sources.source import Chunk, Names, Source


class Tables(NamedTuple):
    """What is joined, as the caller names it."""

    truth: Any
    prediction: Any
    on: str | Sequence[str]
    unmatched: str
    connection: Any = None
    role: str = "truth"
    """What the truth is called where it is no file."""


def join_plan(
    tables: Tables, asked: tuple[str | None, Any, str | None], by: Any, filesystem: Any, reading: ReadingOptions
) -> tuple[Names, list[Source]]:
    """Return the joined rows of truth and of one or more predictions, their columns and the kinds of their ids checked.

    Truth has the columns of weights and of keys of groups.
    """
    true, pred, weight = asked
    if tables.connection is not None:
        check_connection(tables.connection)
    if tables.truth is None or tables.prediction is None:
        raise ValueError("on= joins two tables: name both, truth= and prediction=")
    if true is None or pred is None:
        raise ValueError("truth= and prediction= need true= and pred=, the names of their columns")
    if tables.unmatched not in UNMATCHED:
        raise ValueError(f"unmatched must be one of {', '.join(map(repr, UNMATCHED))}, not {tables.unmatched!r}")
    ids = (tables.on,) if isinstance(tables.on, str) else tuple(dict.fromkeys(tables.on))
    if not ids:
        raise ValueError("on is empty: name the column with the ids")
    names, guesses = _predictions(tables.prediction, true, pred, weight, keys_asked(by))
    of_truth = Columns(ids, (true,) if weight is None else (true, weight), names.by)
    sides = [
        (tables.truth, tables.role, of_truth),
        *((item, role, Columns(ids, columns)) for item, role, columns in guesses),
    ]
    for _, _, columns in sides:
        if both := set(ids) & set(columns.numbers):
            raise ValueError(f"column {min(both)!r} is an id in on=, which is not scored")
    contents = [content_of(item, role, columns, filesystem, reading) for item, role, columns in sides]
    for content in contents[1:]:
        if {*map(os.path.realpath, content.files)} & {*map(os.path.realpath, contents[0].files)}:
            raise FileError(f"{content.name}: truth and prediction are one file, which would be scored against itself")
    kinds = agreed(ids, [(content.name, content.kinds, content.is_written) for content in contents])
    files = tuple(file for content in contents for file in content.files)
    read = [Side(content, own, reading.numbers) for content, own in zip(contents, kinds, strict=True)]
    join = Join(read, names, ids, tables.unmatched == "omit", tables.connection)
    name = " and ".join(dict.fromkeys(content.name for content in contents))
    size = sum(content.size for content in contents)
    owners = tuple(content.name for content in contents for _ in content.columns.numbers)
    source = Source(
        name,
        files,
        size,
        names,
        (Section(),),
        partial(join.read, name),
        interrupt=join.interrupt,
        tables=owners,
        rows_have_order=False,
        can_be_read_again=all(content.lasts for content in contents),
    )
    return names, [source]


def _predictions(
    prediction: Any, true: str, pred: Any, weight: str | None, by: tuple[str, ...]
) -> tuple[Names, list[tuple[Any, str, tuple[str, ...]]]]:
    """Return the names of predictions, and the tables that hold them: one, or a mapping of tables by name."""
    if isinstance(prediction, Mapping):
        if not isinstance(pred, str):
            raise ValueError("pred must name one column, which every table in prediction= has")
        if not prediction:
            raise ValueError("prediction is empty: name at least one table")
        names = Names(true, weight, tuple(map(str, prediction)), False, by)
        return names, [(item, str(name), (pred,)) for name, item in prediction.items()]
    columns = (pred,) if isinstance(pred, str) else tuple(dict.fromkeys(pred))
    if not columns:
        raise ValueError("pred is empty: name at least one column with predictions")
    return Names(true, weight, columns, isinstance(pred, str), by), [(prediction, "prediction", columns)]


class Join:
    """A join of a truth with predictions, read once."""

    def __init__(self, sides: Sequence[Side], names: Names, ids: Sequence[str], omits: bool, connection: Any) -> None:
        self.sides = sides
        self.names = names
        self.ids = ids
        self.omits = omits
        self.connection = connection
        self._running: Any = None
        self._tables: list[str] = []

    def interrupt(self) -> None:
        """End what DuckDB is doing, from another thread."""
        running = self._running
        if running is not None:
            running.interrupt()

    def read(self, name: str, _: Section, __: Position, threads: int) -> Iterator[Chunk]:
        with self._opened(threads) as database, self._told(name):
            self._load(database)
            yield from self._joined(database)

    @contextlib.contextmanager
    def _opened(self, threads: int) -> Iterator[Any]:
        with contextlib.ExitStack() as stack:
            if self.connection is None:
                database = stack.enter_context(opened_database(threads))
                database.execute("set preserve_insertion_order = false")
            else:  # a cursor sees the same limits, and names of ours are not seen elsewhere
                database = stack.enter_context(contextlib.closing(self.connection.cursor()))
            for side in self.sides:
                side.threads = threads
            self._running = database
            try:
                yield database
            finally:
                self._running = None

    @contextlib.contextmanager
    def _told(self, name: str) -> Iterator[None]:
        """Let what a side could not read be told as it is, and not as DuckDB heard it."""
        duckdb = import_extra("duckdb")
        with told_by_database(name):
            try:
                yield
            except duckdb.InterruptException:
                raise
            except duckdb.Error as error:
                for side in self.sides:
                    if side.failure is not None:
                        with told_in_one_sentence(side.content.name):
                            raise side.failure from error
                raise

    def _load(self, database: Any) -> None:
        """Give every side a name in the database; what can be read only once is copied, to disk if need be."""
        self._tables = [f"squarely_side_{place}" for place in range(len(self.sides))]
        for table, side in zip(self._tables, self.sides, strict=True):
            if not side.content.lasts:
                database.register(f"{table}_once", side)
                database.execute(f"create temp table {table} as select * from {table}_once")

    def _queried(self, database: Any, query: str) -> Any:
        for table, side in zip(self._tables, self.sides, strict=True):
            if side.content.lasts:
                database.register(table, side)  # anew for every query: older versions read a stream only once
        return database.sql(query)

    def _joined(self, database: Any) -> Iterator[Chunk]:
        counts = np.zeros(len(self.sides), np.int64)
        unmatched = rows = 0
        with batches_of(database, self._queried(database, self._query())) as batches:
            for batch in batches:
                own = batch.num_rows
                rows += own
                here = self._numbers_of_each(batch)
                counts += [own - column.null_count for column in here]
                if any(column.null_count for column in here):
                    matched = _all_valid(here)
                    unmatched += own - int(matched.sum())
                    batch = batch.filter(import_extra("pyarrow").array(matched))
                if self._has_twins(counts, at_end=False) or (unmatched and not self.omits):
                    break  # of equal ids there may be a square of rows
                yield self._chunk(batch, own, Position(rows))
        is_sound = not (self._has_twins(counts, at_end=True) or (unmatched and not self.omits))
        if not is_sound or unmatched or any(side.rows_without_id for side in self.sides):
            self._refuse(database)

    def _numbers_of_each(self, batch: Any) -> list[Any]:
        """Return a column of numbers of each side, which is null where the side lacks the id, and nowhere else."""
        places = np.cumsum([0, *(len(side.content.dtypes) for side in self.sides[:-1])])
        return [batch.column(int(place)) for place in places]

    def _chunk(self, batch: Any, rows: int, position: Position) -> Chunk:
        keys = self.sides[0].content.keys
        numbers = batch.num_columns - len(keys)
        columns = tuple(column.to_numpy() for column in batch.columns[:numbers])
        carried = zip(self.names.by, keys, batch.columns[numbers:], strict=True)
        left = {label: key.leave(column) for label, key, column in carried}
        return Chunk(columns, rows, position, self._fraction(), left or None)

    def _fraction(self) -> float:
        return min(1.0, sum(side.fraction for side in self.sides) / len(self.sides))

    def _has_twins(self, counts: Any, *, at_end: bool) -> bool:
        """Say whether a row of some side was joined more than once, as where the id of its partner occurs twice."""
        rows = [side.rows for side in self.sides]
        return bool((counts != rows).any() if at_end else (counts > rows).any())

    def _query(self) -> str:
        wanted = [
            f"{table}.{letter}{place}"
            for letter in "vg"
            for table, side in zip(self._tables, self.sides, strict=True)
            for place in range(len(side.content.dtypes if letter == "v" else side.content.keys))
        ]
        keys = ", ".join(f"k{place}" for place in range(len(self.ids)))
        first, *others = self._tables
        joins = "".join(f" full join {other} using ({keys})" for other in others)
        return f"select {', '.join(wanted)} from {first}{joins}"

    # What is wrong, looked for only where something is

    def _refuse(self, database: Any) -> None:
        """Raise what is wrong with the ids, in numbers and by the first of them, unless all of it may be left out."""
        found = [self._twins(database, side, table) for side, table in zip(self.sides, self._tables, strict=True)]
        for side in self.sides:
            if side.rows_without_id:
                what = " or ".join(map(repr, self.ids))
                lack = "1 row has" if side.rows_without_id == 1 else f"{side.rows_without_id} rows have"
                raise FileError(f"{side.content.name}: {lack} no {what}")
        if told := [one for one in found if one]:
            raise FileError("; ".join(told))
        if self.omits:
            return
        told = [one for place in range(1, len(self.sides)) for one in self._unmatched(database, place)]
        raise UnmatchedIdError("; ".join(told))

    def _twins(self, database: Any, side: Side, table: str) -> str:
        keys = [f"k{place}" for place in range(len(self.ids))]
        are_there = " and ".join(f"{key} is not null" for key in keys)
        query = f"select {', '.join(keys)} from {table} where {are_there} group by all having count(*) > 1"
        rows, total = self._first(database, query)
        if not total:
            return ""
        verb = "occurs" if total == 1 else "occur"
        return f"{side.content.name}: {counted_ids(total)} {verb} more than once: {shown(rows, side.kinds, total)}"

    def _unmatched(self, database: Any, place: int) -> Iterator[str]:
        keys = ", ".join(f"k{place}" for place in range(len(self.ids)))
        for one, other in ((0, place), (place, 0)):
            side = self.sides[one]
            query = f"select {keys} from {self._tables[one]} anti join {self._tables[other]} using ({keys})"
            rows, total = self._first(database, query)
            if total:
                has = "has" if total == 1 else "have"
                partner = self.sides[other].content.name
                ids = shown(rows, side.kinds, total)
                yield f"{side.content.name}: {counted_ids(total)} {has} no row in {partner}: {ids}"

    def _first(self, database: Any, query: str) -> tuple[list[Any], int]:
        """Return the first rows of a query, in order, and how many it has."""
        counted = f"select *, count(*) over () as n from ({query}) order by all limit {SHOWN_IDS}"
        rows = self._queried(database, counted).fetchall()
        return [row[:-1] for row in rows], rows[0][-1] if rows else 0


def _all_valid(columns: Sequence[Any]) -> Any:
    valid: Callable[[Any], Any] = lambda column: column.is_valid().to_numpy(zero_copy_only=False)  # noqa: E731
    return np.logical_and.reduce([valid(column) for column in columns])
