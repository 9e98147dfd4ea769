"""A query of DuckDB, of which the rows are scored as they come."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

from squarely.extras import import_extra
from squarely.files.errors import FileError, one_line, told_in_one_sentence
from squarely.files.formats.reading import ReadingOptions
from squarely.files.formats.table import Position, Section
from squarely.files.sources.arrow_numbers import to_numpy
from squarely.files.sources.database import (
    batches_of,
    check_connection,
    opened_database,
    quoted,
    reader_of,
    told_by_database,
)
from squarely.files.sources.keys import Key, check_keys, keys_in, keys_named
from squarely.files.sources.plan import keys_asked, names_of_columns
from squarely.files.sources.schema import check_columns
from squarely.files.sources.source import Chunk, Names, Source

NAME = "sql"  # begins what is said of it
NO_TABLE = re.compile(r"Table with name .* does not exist")


def query_plan(
    sql: str,
    connection: Any,
    asked: tuple[str | None, Any, str | None],
    by: Any,
    _: Any,
    reading: ReadingOptions,
) -> tuple[Names, list[Source]]:
    """Return the rows of a query, in a connection of the caller or in one of our own."""
    if connection is not None:
        check_connection(connection)
    names = names_of_columns(*asked, keys_asked(by), NAME)
    if others := set(reading.given()) - {"na"}:
        raise ValueError(f"sql= says itself how files are read; leave out {', '.join(sorted(others))} in reading")
    query = Query(sql, connection, names, reading)
    query.check()
    source = Source(NAME, (), 0, names, (Section(),), query.read, interrupt=query.interrupt, rows_have_order=False)
    return names, [source]


class Query:
    """A query, and the connection that runs it."""

    def __init__(self, sql: str, connection: Any, names: Names, reading: ReadingOptions) -> None:
        self.sql = sql
        self.connection = connection
        self.names = names
        self.reading = reading
        self._keys: tuple[Key, ...] = ()
        self._running: Any = None

    def interrupt(self) -> None:
        """End what DuckDB is doing, from another thread."""
        running = self._running
        if running is not None:
            running.interrupt()

    def check(self) -> None:
        """Refuse what is no query, and columns that it has not or that hold no numbers."""
        with self._opened(1) as database, told_by_database(NAME), told_in_one_sentence(NAME):
            schema = reader_of(self._relation(database).limit(0), 1).schema
            check_columns(schema, self.names.columns)
            self._keys = keys_named(self.names.by, schema.names)
            check_keys(schema, self._keys)

    def read(self, _: Section, __: Position, threads: int) -> Iterator[Chunk]:
        rows = 0
        with self._opened(threads) as database, told_by_database(NAME), told_in_one_sentence(NAME):
            wanted = ", ".join(map(quoted, dict.fromkeys([*self.names.columns, *(key.column for key in self._keys)])))
            relation = self._relation(database).project(wanted)
            with batches_of(database, relation) as batches:
                for batch in batches:
                    rows += batch.num_rows
                    missing = self.reading.numbers
                    columns = tuple(to_numpy(name, batch.column(name), missing) for name in self.names.columns)
                    yield Chunk(columns, batch.num_rows, Position(rows), 0.0, keys_in(batch, self._keys, missing))

    @contextlib.contextmanager
    def _opened(self, threads: int) -> Iterator[Any]:
        opened = opened_database(threads) if self.connection is None else contextlib.nullcontext(self.connection)
        with opened as database:
            self._running = database
            try:
                yield database
            finally:
                self._running = None

    def _relation(self, database: Any) -> Any:
        try:
            relation = database.sql(self.sql)
        except import_extra("duckdb").CatalogException as error:
            if not NO_TABLE.search(str(error)):
                raise
            raise FileError(
                f"{NAME}: {one_line(error)} A file is named in quotes, as 'sales.csv'; a frame of Python is registered "
                "in a connection that is passed, or read by passing duckdb.sql(query) in place of sql="
            ) from error
        if relation is None:
            raise ValueError("sql must be a query that has rows, as one that begins with select")
        return relation
