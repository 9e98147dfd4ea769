"""DuckDB: a connection that reads no network and spills to a folder of its own, and its answers a batch at a time."""

import contextlib
import tempfile
from collections.abc import Iterator
from typing import Any

from squarely.extras import import_extra
from squarely.files.errors import FileError, one_line

# Nothing is fetched from anywhere, and a name in a query is never that of a variable of ours.
OFFLINE = {"autoinstall_known_extensions": "false", "python_enable_replacements": "false"}
ANSWER_ROWS = 8192  # in a batch; the columns of larger ones are new pages of memory every time


def is_connection(item: Any) -> bool:
    """Say whether this is a connection of DuckDB, without importing it for what cannot be one."""
    return type(item).__name__ == "DuckDBPyConnection"


def check_connection(connection: Any) -> None:
    if not is_connection(connection):
        raise TypeError(f"with sql= or on=, paths must be a connection of DuckDB or left out, not {connection!r}")


@contextlib.contextmanager
def opened_database(threads: int) -> Iterator[Any]:
    """Open a database in memory, of which what exceeds DuckDB's limit of memory lies in a folder that is removed."""
    duckdb = import_extra("duckdb")
    with tempfile.TemporaryDirectory(prefix="squarely-") as folder:
        config = {**OFFLINE, "temp_directory": folder, "threads": str(threads)}
        connection = duckdb.connect(":memory:", config=config)
        try:
            yield connection
        finally:
            connection.close()


@contextlib.contextmanager
def told_by_database(name: str) -> Iterator[None]:
    """Turn what DuckDB raises into a `FileError` that begins with the name of what is read."""
    duckdb = import_extra("duckdb")
    try:
        yield
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    except duckdb.Error as error:
        raise FileError(f"{name}: {one_line(error)}") from error


def quoted(name: str) -> str:
    """Return a name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


@contextlib.contextmanager
def batches_of(database: Any, relation: Any) -> Iterator[Iterator[Any]]:
    """Bring the rows of a query. One that is left early is ended and waited for: the next might wait in vain."""
    pyarrow, duckdb = import_extra("pyarrow"), import_extra("duckdb")
    reader = reader_of(relation, ANSWER_ROWS)
    left: list[Any] = [reader]

    def batches() -> Iterator[Any]:
        yield from reader
        left.clear()

    try:
        yield batches()
    finally:
        if left:
            database.interrupt()
            with contextlib.suppress(pyarrow.ArrowException, OSError, duckdb.Error):
                for _ in reader:
                    pass


def reader_of(relation: Any, rows: int) -> Any:
    """Return a reader of record batches of a query, of which DuckDB makes the next ones when these are taken."""
    # Asked of the type: a column may have the name of a method.
    name = "to_arrow_reader" if hasattr(type(relation), "to_arrow_reader") else "fetch_arrow_reader"
    return getattr(relation, name)(rows)
